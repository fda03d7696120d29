// The stable orders in which things are shown: same input, same bytes.

/** By UTF-16 code units, as `<` compares: the same on every host, whatever its locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By domain, then port name; what has none first. */
export function byDomainAndPort(a: Placed, b: Placed): number {
  return compare(a.domain ?? '', b.domain ?? '') || compare(a.vnet ?? '', b.vnet ?? '');
}

interface Placed {
  readonly domain: string | undefined;
  readonly vnet: string | undefined;
}
