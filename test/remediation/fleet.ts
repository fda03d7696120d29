// A simulated host with VMs vm-1, vm-2 … of one vnet each on br0, a clock that only moves when told, and the remediator's memory.
import { createSimHost } from '../../src/host/sim/host.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { RemediatorStatus } from '../../src/model/remediator-status.ts';
import { formatTable } from '../../src/model/vlan.ts';
import { type CycleResult, createMemory, runCycle } from '../../src/remediation/cycle.ts';
import { createStateMemory, type StateStore } from '../../src/remediation/state-file.ts';
import { onPrograms, type ProgramsHost } from '../support/on-programs.ts';
import { bridgePolicy, policy } from '../support/policy.ts';

export const LIMITS = { maxHeals: 5, windowMs: 600_000, cooldownMs: 600_000, maxVnetsPerPolicyChange: 10 };

/** VLANs 10 and 20 tagged; `pvid` untagged. */
export function policyOf(pvid: number, options: Parameters<typeof bridgePolicy>[0] = {}): Policy {
  return {
    ...policy(bridgePolicy({ vlans: [10, 20], pvid, unexpected: 'remove', ...options })),
    sha256: `pvid ${pvid}`,
  };
}

export const WELL = '10 20 100*';

export interface Fleet {
  readonly host: ProgramsHost;
  /** Time passes, milliseconds; where they are negative, the clock is set back. */
  pass(ms: number): void;
  cycle(trigger?: string): Promise<CycleResult>;
  /** The remediator dies and comes back. */
  restart(): void;
  use(policy: Policy): void;
  options: { paused: boolean; dryRun: boolean };
  limits: { maxVnetsPerPolicyChange: number };
  /** As after an operator's `heal` without names. */
  agree(policy: Policy): void;
  /** A VM's table, for people. */
  tableOf(vm: number): Promise<string>;
  tap(vm: number): string;
  status(): RemediatorStatus | undefined;
}

export function createFleet(vms: number, store: StateStore = createStateMemory()): Fleet {
  let now = 1_700_000_000_000;
  let uptime = 5_000_000;
  const host = onPrograms(createSimHost({ now: () => now, monotonic: () => uptime }));
  host.addBridge('br0');
  for (let i = 1; i <= vms; i++) {
    const mac = `52:54:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`;
    host.define({
      name: `vm-${i}`,
      uuid: `00000000-0000-0000-0000-${`${i}`.padStart(12, '0')}`,
      interfaces: [{ mac, bridge: 'br0' }],
    });
    host.start(`vm-${i}`);
  }
  let inForce = policyOf(100);
  let memory = createMemory(store.load(), now);
  let status: RemediatorStatus | undefined;
  let agreed: string | undefined;
  const options = { paused: false, dryRun: false };
  const limits = { ...LIMITS };
  const tap = (vm: number) => host.taps(`vm-${vm}`)[0] ?? '';
  return {
    host,
    options,
    limits,
    tap,
    pass: (ms) => {
      now += ms;
      uptime += Math.max(0, ms);
    },
    use: (policy) => {
      inForce = policy;
    },
    agree: ({ sha256 }) => {
      agreed = sha256;
    },
    restart: () => {
      memory = createMemory(store.load(), now);
    },
    cycle: async (trigger = 'event') => {
      const settings = { policy: inForce, remediation: limits };
      const { dryRun } = options;
      const isPaused = () => options.paused;
      const result = await runCycle({ host, settings, trigger, since: uptime, dryRun, isPaused, agreed }, memory);
      agreed = undefined;
      memory = result.memory;
      status = result.status;
      store.save(memory);
      return result;
    },
    status: () => status,
    tableOf: async (vm) => {
      const { vlans } = await host.bridges.read([]);
      return vlans.ok ? formatTable(vlans.value.get(tap(vm)) ?? []) : vlans.error;
    },
  };
}

/** `outcome domain`, one for each decision. */
export function told(result: CycleResult): readonly string[] {
  return result.decisions.map((d) => `${d.outcome} ${d.domain}`);
}
