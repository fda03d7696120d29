import { expect, test } from 'vitest';
import { createSimHost } from '../../src/host/sim/host.ts';
import { readSnapshot } from '../../src/host/snapshot.ts';
import type { Domain, Interface } from '../../src/model/snapshot.ts';
import { formatTable } from '../../src/model/vlan.ts';
import { onPrograms } from '../support/on-programs.ts';

test('a reader takes time', async () => {
  let now = 0;
  const host = createSimHost({ now: () => (now += 5) });
  const { collectors } = await readSnapshot(host, { bridges: [] });
  expect(collectors.map((run) => run.durationMs > 0)).toEqual([true, true, true]);
});

test('a bridge that prints no row though it has ports is asked once more', async () => {
  const host = createSimHost();
  host.addBridge('br0');
  host.addUplink('eno1', 'br0');
  let answers = 0;
  const asked = onPrograms(host, (run) => async (...call) => {
    const result = await run(...call);
    answers += 1;
    return answers === 1 ? { ...result, stdout: '[]' } : result;
  });
  const { vlans } = await readSnapshot(asked, { bridges: [{ name: 'br0' }] });
  expect(vlans.ok && [...vlans.value.keys()]).toContain('eno1');
  expect(answers).toBe(2);
});

test('a port that stays without its name makes the VLANs unknown, and the collector fails', async () => {
  const host = createSimHost();
  const asked = onPrograms(host, (run) => async (...call) => ({
    ...(await run(...call)),
    stdout: '[{"ifname":"if57","vlans":[{"vlan":1}]}]',
  }));
  const { vlans, collectors } = await readSnapshot(asked, { bridges: [] });
  expect(vlans).toEqual({ ok: false, error: expect.stringContaining('if57') });
  expect(collectors.find(({ collector }) => collector === 'vlans')?.ok).toBe(false);
});

const nic = (target: string | undefined, more: Partial<Interface> = {}): Interface => ({
  mac: '52:54:00:00:00:01',
  target,
  bridge: 'br0',
  skipped: undefined,
  ...more,
});

test.each<[string, readonly Interface[], boolean]>([
  ['its tap on the bridge', [nic('vnet1')], false],
  ['one of its two taps on the bridge', [nic('vnet9'), nic('vnet1')], false],
  ['no tap of its own on the bridge', [nic('vnet9')], true],
  ['an interface without a tap', [nic(undefined)], true],
  ['no interface', [], true],
  ['a tap that another VM claims too', [nic('vnet2')], true],
  ["a tap of type='ethernet', which may be somebody else's", [nic('vnet1', { ethernet: { managed: true } })], true],
])('a running VM with %s: asked whether it lives: %s', async (_case, interfaces, expected) => {
  const host = createSimHost();
  host.addBridge('br0');
  for (const name of ['vnet1', 'vnet2']) host.addUplink(name, 'br0');
  const running = { uuid: undefined, state: 'running' } as const;
  const web: Domain = { ...running, name: 'web', interfaces };
  const other: Domain = { ...running, name: 'other', interfaces: [nic('vnet2')] };
  const dead: Domain = { ...web, state: 'defined', died: true };
  const read = readSnapshot.bind(undefined, {
    ...host,
    domains: {
      ...host.domains,
      read: async () => ({ ok: true, value: [other, web] }),
      died: (domain) => (domain === web ? dead : undefined),
    },
  });
  const { domains } = await read({ bridges: [{ name: 'br0' }] });
  expect(domains).toEqual({ ok: true, value: [other, expected ? dead : web] });
});

test('where the links are not known, every running VM is asked whether it lives', async () => {
  const host = createSimHost();
  const web: Domain = { name: 'web', uuid: undefined, state: 'running', interfaces: [nic('vnet1')] };
  const dead: Domain = { ...web, state: 'defined', died: true };
  const unknown = { ok: false, error: 'x' } as const;
  const read = readSnapshot.bind(undefined, {
    ...host,
    bridges: { ...host.bridges, read: async () => ({ links: unknown, vlans: unknown, collectors: [] }) },
    domains: { ...host.domains, read: async () => ({ ok: true, value: [web] }), died: () => dead },
  });
  expect((await read({ bridges: [] })).domains).toEqual({ ok: true, value: [dead] });
});

test('the domains are no older than the VLANs: what libvirt sets while these are read is what is asked for', async () => {
  const mac = '52:54:00:00:00:01';
  const sim = createSimHost();
  sim.addBridge('br0');
  sim.start({ name: 'fw', uuid: 'u', interfaces: [{ mac, bridge: 'br0', vlan: { tags: [{ id: 42 }] } }] });
  const host = onPrograms(sim, (run) => async (...call) => {
    await new Promise(setImmediate);
    sim.setVlan('fw', mac, { tags: [{ id: 43 }] });
    return run(...call);
  });
  const { vlans, domains } = await readSnapshot(host, { bridges: [{ name: 'br0' }] });
  expect(vlans.ok && formatTable(vlans.value.get('vnet0') ?? [])).toBe('43*');
  expect(domains.ok && domains.value[0]?.interfaces[0]?.vlan).toMatchObject({ tags: [{ id: '43' }] });
});
