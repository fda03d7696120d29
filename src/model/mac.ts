// MAC addresses, and how libvirt derives a tap's from its guest's (src/qemu/qemu_interface.c, virNetDevTapCreate...):
// the first octet becomes fe, or fa where the guest's is fe already.

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** `text` in normal form, lower case with colons; undefined where it is no MAC address. Takes `-` and upper case as well. */
export function parseMac(text: string): string | undefined {
  const mac = text.trim().toLowerCase().replaceAll('-', ':');
  return MAC.test(mac) ? mac : undefined;
}

/** The MAC of the tap of a guest interface with MAC `guest`, both in normal form. */
export function tapMac(guest: string): string {
  return (guest.startsWith('fe:') ? 'fa' : 'fe') + guest.slice(2);
}
