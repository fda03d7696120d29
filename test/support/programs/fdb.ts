// `bridge fdb replace|del|show` of iproute2 6.1 on the simulated kernel, as far as the program uses it (bridge/fdb.c; the kernel's
// net/bridge/br_fdb.c: an entry lies in a VLAN that the port has, and so does one that is deleted).
import { makeChange } from '../../../src/host/sim/bridges.ts';
import { type Kernel, portsOf } from '../../../src/host/sim/kernel.ts';

import type { CommandResult } from './bridge.ts';

/** `words` are those after `fdb`. */
export function runFdb(kernel: Kernel, words: readonly string[], json: boolean): CommandResult {
  const [action, ...rest] = words;
  if (action === 'show' && rest[0] === 'br' && rest.length === 2 && json) return show(kernel, rest[1] ?? '');
  const [mac = '', dev, port = '', vlan, vid = '', master, state] = rest;
  const isChange = action === 'replace' ? state === 'static' : action === 'del' && state === undefined;
  if (!isChange || dev !== 'dev' || vlan !== 'vlan' || master !== 'master' || rest.length > 7)
    return failed(`simulated host: bridge fdb ${words.join(' ')} is not modelled`);
  const problem = makeChange(kernel, {
    action: action === 'replace' ? 'fdb add' : 'fdb delete',
    port,
    mac,
    vid: Number(vid),
  });
  return problem === undefined ? { stdout: '', stderr: '', exitCode: 0 } : failed(problem);
}

function show(kernel: Kernel, bridge: string): CommandResult {
  const entries = portsOf(kernel.links, bridge).flatMap(({ name, mac: own, vlans, fdb }) => [
    ...[...vlans.keys()].map((vlan) => ({
      mac: own,
      ifname: name,
      vlan,
      flags: [],
      master: bridge,
      state: 'permanent',
    })),
    ...[...fdb].map((entry) => {
      const [mac, vlan] = entry.split(' ');
      return { mac, ifname: name, vlan: Number(vlan), flags: [], master: bridge, state: 'static' };
    }),
  ]);
  return { stdout: `${JSON.stringify(entries)}\n`, stderr: '', exitCode: 0 };
}

function failed(message: string): CommandResult {
  return { stdout: '', stderr: `${message}\n`, exitCode: 255 };
}
