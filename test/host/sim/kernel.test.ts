// What a real Linux 6.1 kernel and iproute2 6.1 answered to these commands. test/lab compares some thousands more.
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createSimHost } from '../../../src/host/sim/host.ts';
import { onPrograms, type ProgramsHost } from '../../support/on-programs.ts';
import { BRIDGES, batchWord, bridgeWords, PORTS, type Step, step } from './steps.ts';

let host: ProgramsHost;

const bridge = (args: string, input?: string) =>
  host.run('bridge', args.split(' '), { timeoutMs: 1000, ...(input !== undefined && { input }) });
const tableOf = async (port: string) => {
  const [row] = JSON.parse((await bridge(`-j vlan show dev ${port}`)).stdout);
  return row?.vlans;
};

beforeEach(() => {
  host = hostWithPorts();
});

describe('the kernel', () => {
  test('gives a port that joins the default PVID, untagged', async () => {
    expect(await tableOf('vnet0')).toEqual([{ vlan: 1, flags: ['PVID', 'Egress Untagged'] }]);
  });

  test("takes the PVID away when its VLAN is added again without 'pvid'", async () => {
    await bridge('vlan add vid 1 dev vnet0');
    expect(await tableOf('vnet0')).toEqual([{ vlan: 1 }]);
  });

  test('switches the PVID in one step, and keeps the old VLAN untagged', async () => {
    await bridge('vlan add vid 100 dev vnet0 pvid untagged');
    expect(await tableOf('vnet0')).toEqual([
      { vlan: 1, flags: ['Egress Untagged'] },
      { vlan: 100, flags: ['PVID', 'Egress Untagged'] },
    ]);
  });

  test('takes the deletion of a VLAN that is not there', async () => {
    expect(await bridge('vlan del vid 99 dev vnet0')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('leaves a port without VLANs out of the dump', async () => {
    await bridge('vlan del vid 1 dev vnet0');
    expect((await bridge('-j vlan show')).stdout).not.toContain('vnet0');
    expect((await bridge('vlan show dev vnet0')).stdout).toBe('port              vlan-id  \n');
  });

  test('gives back only the default PVID when a port leaves and returns', async () => {
    await bridge('vlan add vid 100 dev vnet0 pvid untagged');
    host.wipe('vnet0');
    expect(await tableOf('vnet0')).toEqual([{ vlan: 1, flags: ['PVID', 'Egress Untagged'] }]);
  });

  test("keeps the bridge's own table apart: it is changed with 'self' only", async () => {
    expect(await bridge('vlan add vid 10 dev br-mgmt')).toMatchObject({
      exitCode: 255,
      stderr: 'RTNETLINK answers: Operation not supported\n',
    });
    await bridge('vlan add vid 10 dev br-mgmt self');
    expect(await tableOf('br-mgmt')).toEqual([{ vlan: 1, flags: ['PVID', 'Egress Untagged'] }, { vlan: 10 }]);
  });

  test('refuses a new default PVID while it filters, and replaces the old one where nobody changed it', async () => {
    expect(() => host.kernel.setDefaultPvid('br-mgmt', 50)).toThrow('Operation not permitted');
    await bridge('vlan add vid 10 dev vnet1 pvid untagged');
    host.kernel.setFiltering('br-mgmt', false);
    host.kernel.setDefaultPvid('br-mgmt', 50);
    expect(await tableOf('vnet0')).toEqual([{ vlan: 50, flags: ['PVID', 'Egress Untagged'] }]);
    expect(await tableOf('vnet1')).toContainEqual({ vlan: 10, flags: ['PVID', 'Egress Untagged'] });
  });
});

describe('iproute2', () => {
  test('shows ranges with -compressvlans, in both forms', async () => {
    await bridge('vlan add vid 10-20 dev vnet0');
    expect(JSON.parse((await bridge('-j -compressvlans vlan show dev vnet0')).stdout)[0].vlans).toEqual([
      { vlan: 1, flags: ['PVID', 'Egress Untagged'] },
      { vlan: 10, vlanEnd: 20, flags: [] },
    ]);
    expect((await bridge('-compressvlans vlan show dev vnet0')).stdout).toBe(
      'port              vlan-id  \nvnet0             1 PVID Egress Untagged\n                  10-20\n',
    );
  });

  test.each([
    ['vlan add vid 0 dev vnet0', 'Error: bridge: Vlan id is invalid.'],
    ['vlan add vid 4095 dev vnet0', 'Error: bridge: Vlan id is invalid.'],
    ['vlan del vid 4095 dev vnet0', 'RTNETLINK answers: Invalid argument'],
    ['vlan add vid 4096 dev vnet0', 'Invalid VLAN ID "4096"'],
    ['vlan add vid 30-20 dev vnet0', 'Invalid VLAN range "30-20"'],
    ['vlan add vid 10-20 dev vnet0 pvid', 'pvid cannot be configured for a vlan range'],
    ['vlan add vid 10', 'Device and VLAN ID are required arguments.'],
    ['vlan add vid 10 dev nope', 'Cannot find bridge device "nope"'],
    ['vlan show dev nope', 'Cannot find device "nope"'],
    ['vlan foo', 'Command "foo" is unknown, try "bridge vlan help".'],
    ['foo', 'Object "foo" is unknown, try "bridge help".'],
    ['-x vlan show', 'Option "-x" is unknown, try "bridge help".'],
  ])('refuses `bridge %s`', async (args, stderr) => {
    expect(await bridge(args)).toMatchObject({ exitCode: 255, stderr: `${stderr}\n`, stdout: '' });
  });

  test('goes on after a failed line of a batch with -force, names the line, and exits 1', async () => {
    const batch =
      'vlan add vid 10 dev vnet0\nvlan add vid 10 dev nope\n# note\n\nvlan add vid 11 dev vnet0 # tail\nfoo\n';
    expect(await bridge('-force -batch -', batch)).toMatchObject({
      exitCode: 1,
      stderr:
        'Cannot find bridge device "nope"\nCommand failed -:2\nObject "foo" is unknown, try "bridge help".\nCommand failed -:6\n',
    });
    expect(await tableOf('vnet0')).toContainEqual({ vlan: 11 });
  });

  test('stops at the first failed line of a batch without -force', async () => {
    const batch = 'vlan add vid 10 dev nope\nvlan add vid 11 dev vnet0\n';
    expect(await bridge('-batch -', batch)).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/-:1\n$/) });
    expect(await tableOf('vnet0')).not.toContainEqual({ vlan: 11 });
  });

  test('ignores a word that it does not know; the simulated one refuses it', async () => {
    expect(await bridge('vlan add vid 10 dev vnet0 pivd')).toMatchObject({ exitCode: 255 });
  });
});

describe('whatever commands run', () => {
  test('a port has one PVID at most, and both forms of the dump say the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        host = hostWithPorts();
        for (const one of steps) await apply(one);
        const plain = JSON.parse((await bridge('-j vlan show')).stdout);
        const compressed = JSON.parse((await bridge('-j -compressvlans vlan show')).stdout);
        expect(compressed.map(expandRanges)).toEqual(plain);
        for (const { vlans } of plain) {
          expect(vlans.filter((row: Row) => row.flags?.includes('PVID')).length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('a batch leaves the same as its lines one by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bridgeWords, { maxLength: 30 }), async (lines) => {
        host = hostWithPorts();
        for (const words of lines) await host.run('bridge', words, { timeoutMs: 1000 });
        const single = (await bridge('-j vlan show')).stdout;
        host = hostWithPorts();
        await bridge('-force -batch -', lines.map((words) => `${words.map(batchWord).join(' ')}\n`).join(''));
        expect((await bridge('-j vlan show')).stdout).toBe(single);
      }),
    );
  });

  test('a command changes no other device', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bridgeWords, { maxLength: 20 }), bridgeWords, async (before, words) => {
        host = hostWithPorts();
        for (const one of before) await host.run('bridge', one, { timeoutMs: 1000 });
        const others = async () => {
          const dev = words[words.indexOf('dev') + 1];
          return JSON.parse((await bridge('-j vlan show')).stdout).filter((row: Port) => row.ifname !== dev);
        };
        const untouched = await others();
        await host.run('bridge', words, { timeoutMs: 1000 });
        expect(await others()).toEqual(untouched);
      }),
    );
  });
});

interface Row {
  readonly vlan: number;
  readonly vlanEnd?: number;
  readonly flags?: readonly string[];
}
interface Port {
  readonly ifname: string;
  readonly vlans: readonly Row[];
}

function hostWithPorts(): ProgramsHost {
  const made = onPrograms(createSimHost());
  for (const { name, ...options } of BRIDGES) made.addBridge(name, options);
  PORTS.forEach((name, i) => {
    made.kernel.addLink(name, 'tap', `fe:54:00:00:00:0${i}`);
    if (i < 3) made.kernel.setMaster(name, 'br-mgmt');
  });
  return made;
}

async function apply(one: Step) {
  if (one.kind === 'bridge') await host.run('bridge', one.words, { timeoutMs: 1000 });
  else host.kernel.setMaster(one.port, one.kind === 'join' ? one.bridge : undefined);
}

function expandRanges({ ifname, vlans }: Port) {
  return {
    ifname,
    vlans: vlans.flatMap(({ vlan, vlanEnd = vlan, flags = [] }) =>
      Array.from({ length: vlanEnd - vlan + 1 }, (_, i) => ({ vlan: vlan + i, ...(flags.length > 0 && { flags }) })),
    ),
  };
}
