import { expect, test } from 'vitest';
import { doJobs } from '../../src/hook/jobs.ts';
import { stdinXml, tableOf, testMachine } from './machine.ts';

const RIGHT = '10 20 30 40 100* 110 120';
const vm = (name: string, n: number) => ({
  name,
  uuid: `00000000-0000-4000-8000-00000000000${n}`,
  interfaces: [{ mac: `52:54:00:00:00:0${n}`, bridge: 'br-mgmt' }],
});
const job = (operation: string, guest: string, xml: string) => `${operation}\n${guest}\n${xml}`;

/** Gives each list once, in order, then nothing. */
function taker(...lists: readonly (readonly string[])[]) {
  const left = [...lists];
  return () => left.shift() ?? [];
}

test('a restart of libvirtd: the jobs of all VMs are done, and each is a run', async () => {
  const machine = testMachine();
  const { host, entries } = machine;
  for (const [i, name] of ['vyos-01', 'vyos-02', 'vault-01'].entries()) host.start(vm(name, i + 1));
  const jobs = ['vyos-01', 'vyos-02', 'vault-01'].map((name) => job('reconnect', name, stdinXml(host, name)));
  await doJobs(machine, taker(jobs));
  expect(['vnet0', 'vnet1', 'vnet2'].map((port) => tableOf(host, port))).toEqual([RIGHT, RIGHT, RIGHT]);
  expect(entries.map((entry) => entry.LIBVIRT_VLAN_RUN)).toEqual([1, 1, 1]);
});

test('a VM whose tap is awaited holds up none that comes after it', async () => {
  const machine = testMachine();
  const { host, entries } = machine;
  host.start(vm('vyos-01', 1));
  host.start(vm('vyos-02', 2));
  const late = job('started', 'vyos-01', stdinXml(host, 'vyos-01'));
  const next = job('started', 'vyos-02', stdinXml(host, 'vyos-02'));
  host.kernel.removeLink('vnet0');
  await doJobs(machine, taker([late], [next]));
  expect(entries.map((entry) => entry.LIBVIRT_VLAN_DOMAIN)).toEqual(['vyos-02', 'vyos-01']);
  expect(entries[1]?.MESSAGE).toMatch(/^ERROR: started: .* after 15 s$/);
});

test.each(['', 'started', 'prepare\nvyos-01\n<domain/>', 'start\nvyos-01\n<domain/>', 'started\n\n<domain/>'])(
  'what is no job is an entry, and the others are done: %j',
  async (text) => {
    const machine = testMachine();
    const { host, entries } = machine;
    host.start(vm('vyos-01', 1));
    await doJobs(machine, taker([text, job('reconnect', 'vyos-01', stdinXml(host, 'vyos-01'))]));
    expect(entries.map((entry) => entry.PRIORITY)).toEqual([3, 6]);
    expect(entries[0]).toMatchObject({
      MESSAGE: 'ERROR: started: expected lines with operation and guest, then XML',
      LIBVIRT_VLAN_DURATION_MS: 0,
    });
    expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  },
);

test('a worker that has lived for ten minutes leaves what comes to the next one', async () => {
  const machine = testMachine();
  machine.pass(600_000);
  let asked = 0;
  await doJobs(machine, () => {
    asked++;
    return [];
  });
  expect(asked).toBe(0);
});

test('nothing to do: it ends at once', async () => {
  const machine = testMachine();
  const { entries } = machine;
  await doJobs(machine, taker());
  expect(entries).toEqual([]);
  expect(machine.elapsed()).toBe(0);
});
