import { describe, expect, test } from 'vitest';
import { parseDomainXml } from '../../../src/host/linux/domain-xml.ts';

const MAC = `<mac address='52:54:00:00:00:01'/>`;

function read(iface: string) {
  return parseDomainXml(`<domain><name>a</name><devices>${iface}</devices></domain>`).interfaces[0];
}

describe('what an interface says of itself', () => {
  test('its libvirt network and portgroup stand in its source, in live XML and on the hook’s stdin', () => {
    const source = `<source network='lan' portgroup='dmz' portid='x'`;
    const actual = `<actual type='bridge'><source bridge='br0'/></actual>`;
    const live = read(`<interface type='network'>${MAC}${source}/>${actual}</interface>`);
    const stdin = read(`<interface type='bridge'>${MAC}${source} bridge='br0'/></interface>`);
    for (const iface of [live, stdin]) expect(iface).toMatchObject({ network: 'lan', portgroup: 'dmz', bridge: 'br0' });
  });

  test('an alias is kept where the user gave it, and not where libvirt did', () => {
    const iface = (alias: string) =>
      read(`<interface type='bridge'>${MAC}<source bridge='br0'/><alias name='${alias}'/></interface>`);
    expect(iface('ua-lan')?.alias).toBe('ua-lan');
    expect(iface('net0')?.alias).toBeUndefined();
  });

  test('<vlan> is kept as written, and that of <actual> comes first', () => {
    const own = `<vlan trunk='yes'><tag id='42' nativeMode='tagged'/><tag id='0x1'/><tag/></vlan>`;
    expect(read(`<interface type='bridge'>${MAC}<source bridge='br0'/>${own}</interface>`)?.vlan).toEqual({
      trunk: 'yes',
      tags: [{ id: '42', nativeMode: 'tagged' }, { id: '0x1' }, {}],
    });
    const actual = `<actual type='bridge'><source bridge='br0'/><vlan><tag id='7'/></vlan></actual>`;
    expect(read(`<interface type='network'>${MAC}${own}${actual}</interface>`)?.vlan).toEqual({ tags: [{ id: '7' }] });
    expect(read(`<interface type='bridge'>${MAC}<source bridge='br0'/><vlan/></interface>`)?.vlan).toEqual({
      tags: [],
    });
    expect(read(`<interface type='bridge'>${MAC}<source bridge='br0'/></interface>`)?.vlan).toBeUndefined();
  });

  test('macTableManager is libvirt only where it says so', () => {
    const iface = (manager: string) =>
      read(
        `<interface type='network'>${MAC}<actual type='bridge'><source bridge='br0' macTableManager='${manager}'/></actual></interface>`,
      );
    expect(iface('libvirt')?.macTable).toBe('libvirt');
    expect(iface('kernel')?.macTable).toBeUndefined();
  });

  test('type ethernet has a tap of libvirt’s, or of somebody else’s', () => {
    const iface = (target: string) => read(`<interface type='ethernet'>${MAC}<target ${target}/></interface>`);
    expect(iface(`dev='vnet1'`)).toMatchObject({ target: 'vnet1', bridge: undefined, ethernet: { managed: true } });
    expect(iface(`dev='tap1' managed='no'`)).toMatchObject({ target: 'tap1', ethernet: { managed: false } });
  });

  test('macvtap says what it lies on', () => {
    const direct = read(`<interface type='direct'>${MAC}<source dev='br-mgmt' mode='bridge'/></interface>`);
    expect(direct).toMatchObject({ bridge: undefined, skipped: 'macvtap', device: 'br-mgmt' });
    const network = read(
      `<interface type='network'>${MAC}<source network='n'/><actual type='direct'><source dev='eno1' mode='bridge'/></actual></interface>`,
    );
    expect(network).toMatchObject({ skipped: 'macvtap', device: 'eno1' });
  });
});
