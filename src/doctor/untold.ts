// What could not be read, so that nothing is said of it. Pure.
import type { Reading } from '../model/snapshot.ts';
import type { Untold } from './diagnosis.ts';
import type { Facts } from './facts.ts';

/** In the order of the checks. */
export function untoldOf({ config, snapshot, systemd, hook }: Facts): readonly Untold[] {
  // Without a config nobody asks for bridges and domains.
  const { links, vlans, domains, fdb } = (config.ok && snapshot) || {};
  const unread = domains?.ok ? domains.value.filter(({ state }) => state === 'unknown') : [];
  return [
    ...failed('bridge', links),
    ...failed('vlans', vlans),
    ...failed('domains', domains),
    ...unread.map(({ name, problem }) => ({ check: 'domains', problem: `${name}: ${problem}` })),
    ...failed('fdb', fdb),
    ...failed('units', systemd),
    ...failed('hook', hook),
  ];
}

function failed(check: string, read: Reading<unknown> | undefined): readonly Untold[] {
  return !read || read.ok ? [] : [{ check, problem: read.error }];
}
