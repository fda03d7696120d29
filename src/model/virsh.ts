// Which domain virsh takes a word for (tools/virsh-util.c, virshLookupDomainInternal): the one with that ID, else with that UUID, else
// with that name. So the name of one domain may lead to another; and one with control characters is nothing to type.
import { printable } from './printable.ts';
import type { Domain } from './snapshot.ts';

/** What stands for this domain, and for no other, behind `--domain`; undefined where nothing does. There, no word is an option. */
export function virshDomain({ name, uuid }: Pick<Domain, 'name' | 'uuid'>): string | undefined {
  if (!mayBeId(name) && !isUuid(name) && printable(name) === name) return name;
  return uuid !== undefined && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(uuid) ? uuid : undefined;
}

// strtol(3), base 10: white space of ASCII, a sign, digits. Numbers that no ID can be are not told apart.
function mayBeId(name: string): boolean {
  return /^[\t-\r ]*[+-]?\d+$/.test(name);
}

// src/util/viruuid.c, virUUIDParse: 32 hex digits, with dashes and blanks between pairs of them; virsh asks for 36 bytes before.
function isUuid(name: string): boolean {
  return name.length === 36 && /^[\t-\r ]*([- ]*[\da-f]{2}){16}[\t-\r ]*$/i.test(name);
}
