// `plan` and `heal` on the simulated host: what goes to stdout, which exit status, what becomes of the host.
import { expect, test } from 'vitest';
import { runHeal } from '../../src/cli/heal.ts';
import { runPlan } from '../../src/cli/plan.ts';
import { createSimHost, type SimHost } from '../../src/host/sim/host.ts';
import { formatTable } from '../../src/model/vlan.ts';
import { onPrograms, type ProgramsHost } from '../support/on-programs.ts';
import { outputOf } from '../support/output.ts';

const FILE = '/etc/libvirt-vlan-exporter/config.yml';
const CONFIG = `bridges:
  br0:
    vlans: [10, 20]
    pvid: 1
    rules:
      - { name: a, domains: [vyos-01], pvid: 100 }
`;
const OPTIONS = { 'config.file': FILE, format: 'text' } as const;

function host(): ProgramsHost {
  const sim = onPrograms(createSimHost({ now: () => 1_700_000_000_000 }));
  sim.addBridge('br0');
  sim.writeFile(FILE, CONFIG);
  for (const [i, name] of ['vyos-01', 'web'].entries()) {
    const uuid = `00000000-0000-0000-0000-00000000000${i}`;
    sim.start({ name, uuid, interfaces: [{ mac: `52:54:00:00:00:0${i}`, bridge: 'br0' }] });
  }
  return sim;
}

async function tables(sim: SimHost): Promise<readonly string[]> {
  const { vlans } = await sim.bridges.read([]);
  return ['vnet0', 'vnet1'].map((port) => (vlans.ok ? formatTable(vlans.value.get(port) ?? []) : vlans.error));
}

test('plan prints what a shell can run, exits 1, and changes nothing', async () => {
  const sim = host();
  const { status, out } = await outputOf(() => runPlan(sim, ['vyos-01'], OPTIONS));
  expect(status).toBe(1);
  expect(out).toBe(`# vyos-01: vnet0 on br0: 1* -> 10 20 100*
bridge vlan add vid 10 dev vnet0
bridge vlan add vid 20 dev vnet0
bridge vlan add vid 100 dev vnet0 pvid untagged
bridge vlan del vid 1 dev vnet0
`);
  expect(await tables(sim)).toEqual(['1*', '1*']);
});

test('heal does what plan printed, verifies, exits 0, and leaves other domains alone', async () => {
  const sim = host();
  const { status, out } = await outputOf(() => runHeal(sim, ['vyos-01'], OPTIONS));
  expect([status, out]).toEqual([0, 'vyos-01: vnet0 on br0: verified 1* -> 10 20 100*\n']);
  expect(await tables(sim)).toEqual(['10 20 100*', '1*']);
  expect((await outputOf(() => runPlan(sim, ['vyos-01'], OPTIONS))).status).toBe(0);
});

test('a heal by hand is in the journal, with its trigger', async () => {
  const sim = host();
  await outputOf(() => runHeal(sim, [], OPTIONS));
  const query = { anyOf: [['SYSLOG_IDENTIFIER=libvirt-vlan-remediator']], fields: [] };
  const read = await sim.journal.read(query, 1000);
  const lines = read.ok ? read.value : [];
  expect(lines.map((line) => JSON.parse(line).LIBVIRT_VLAN_TRIGGER)).toEqual(['heal', 'heal']);
});

test('a heal that fails says why and exits 1', async () => {
  const sim = host();
  sim.sabotage((line) => line.includes('-batch'), {
    exitCode: 1,
    stderr: 'RTNETLINK answers: Operation not permitted',
  });
  const { status, out } = await outputOf(() => runHeal(sim, ['web'], OPTIONS));
  expect(status).toBe(1);
  expect(out).toMatch(/^web: vnet1 on br0: failed .*Operation not permitted/);
});

test('what is refused is told with its reason; drift that is left is 1', async () => {
  const sim = host();
  sim.kernel.setFiltering('br0', false);
  const { status, out } = await outputOf(() => runHeal(sim, [], OPTIONS));
  expect(status).toBe(1);
  expect(out).toMatch(/# left alone: vyos-01 vnet0 on br0: filtering_off: /);
});

test('a domain that is not there is 2, and nothing is changed', async () => {
  const sim = host();
  for (const run of [runPlan, runHeal]) {
    const { status, out, err } = await outputOf(() => run(sim, ['vyos-01', 'typo'], OPTIONS));
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('there is no domain typo');
  }
  expect(await tables(sim)).toEqual(['1*', '1*']);
});

test('where the VLANs cannot be read, plan exits 2', async () => {
  const sim = host();
  sim.sabotage((line) => line.includes('show'), 'missing');
  const { status, out } = await outputOf(() => runPlan(sim, [], OPTIONS));
  expect(status).toBe(2);
  expect(out).toContain('# unknown: vlans: ');
});

test('where no bridge is watched, plan and heal say so and exit 2', async () => {
  const sim = host();
  sim.writeFile(FILE, 'bridges: {}\n');
  for (const run of [runPlan, runHeal]) {
    const { out, err, status } = await outputOf(() => run(sim, [], OPTIONS));
    const sentence = 'libvirt-vlan-exporter: no bridge is watched: the config names none\n';
    expect([out, err, status]).toEqual(['', sentence, 2]);
  }
});

test('a name cannot break out of a comment', async () => {
  const sim = host();
  const name = "x\nrm -rf '$HOME'";
  const uuid = '00000000-0000-0000-0000-00000000000a';
  sim.start({ name, uuid, interfaces: [{ mac: '52:54:00:00:00:0a', bridge: 'br0', target: "a'b#c" }] });
  const { out } = await outputOf(() => runPlan(sim, [], OPTIONS));
  expect(out.split('\n').filter((line) => !/^(# |bridge vlan |$)/.test(line))).toEqual([]);
  expect(out).toContain("dev 'a'\\''b#c'");
});

test('json has the commands and their inverse', async () => {
  const { out } = await outputOf(() => runPlan(host(), ['web'], { ...OPTIONS, format: 'json' }));
  expect(JSON.parse(out)).toMatchObject({
    vnets: [
      {
        domain: 'web',
        commands: [expect.any(String), expect.any(String)],
        inverse: ['bridge vlan del vid 10 dev vnet1', 'bridge vlan del vid 20 dev vnet1'],
      },
    ],
    refusals: [],
    unknowns: [],
  });
});
