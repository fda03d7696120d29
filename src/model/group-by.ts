/** The items by key, keys in the order of their first item. A group has one item at least. */
export function groupBy<K, V>(items: readonly V[], key: (item: V) => K): ReadonlyMap<K, readonly [V, ...V[]]> {
  const groups = new Map<K, [V, ...V[]]>();
  for (const item of items) {
    const its = key(item);
    const group = groups.get(its);
    if (group) group.push(item);
    else groups.set(its, [item]);
  }
  return groups;
}
