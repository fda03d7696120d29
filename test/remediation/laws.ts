// The laws of healing, for any host: run on the simulated one by vitest, on a real kernel by the kernel lab. A world is a bridge
// with VMs' taps, an uplink and an orphan tap in any state, another bridge, and a policy.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Host } from '../../src/host/host.ts';
import { readSnapshot } from '../../src/host/snapshot.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { formatTable, type VlanTable } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { configure } from '../../src/remediation/configure.ts';
import { inverseOf, plan } from '../../src/remediation/plan.ts';
import { bridgePolicy, policy, rule } from '../support/policy.ts';
import { tables } from './port-model.ts';

/** A host with `bridge` (VMs `law-1` … with the taps `law.1` …, an uplink, an orphan tap) and `other` with one VM's tap. */
export interface World {
  readonly host: Host;
  readonly bridge: string;
  readonly taps: readonly string[];
  readonly domains: readonly string[];
  /** Ports outside the policy, the bridges themselves included. */
  readonly others: readonly string[];
  /** Makes the ports' tables exactly these. */
  setTables(tables: readonly (readonly [port: string, table: VlanTable])[]): Promise<void>;
}

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 8 });
const pvid = fc.option(fc.integer({ min: 1, max: 14 }), { nil: undefined });
/** What a rule can ask for: as the config writes it, or any table that the kernel can hold, with a tagged PVID too. */
const wish = fc.oneof(
  fc.record({ vlans: ids, pvid }),
  tables.map((table) => ({ table })),
);

const policies = (world: World): fc.Arbitrary<Policy> =>
  fc
    .record({
      base: wish,
      ruled: wish,
      unexpected: fc.constantFrom('report' as const, 'remove' as const, 'ignore' as const),
      domains: fc.subarray([...world.domains]),
    })
    .map(({ base, ruled, unexpected, domains }) =>
      policy(bridgePolicy({ ...base, name: world.bridge, unexpected, rules: [rule({ ...ruled, domains })] })),
    );

const states = (world: World) =>
  fc.tuple(...[...world.taps, ...world.others].map((port) => tables.map((table) => [port, table] as const)));

async function allTables(world: World): Promise<ReadonlyMap<string, string>> {
  const { vlans } = await world.host.bridges.read([]);
  assert.ok(vlans.ok);
  return new Map([...world.taps, ...world.others].map((port) => [port, formatTable(vlans.value.get(port) ?? [])]));
}

function snapshot(world: World): Promise<Snapshot> {
  return readSnapshot(world.host, { bridges: [{ name: world.bridge }] });
}

/** Checks all laws in `numRuns` random states. Rejects with the counterexample. */
export async function checkLaws(world: World, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(policies(world), states(world), async (wanted, state) => {
      await world.setTables(state);
      const before = await allTables(world);
      const planned = plan(evaluate(await snapshot(world), wanted));

      // Plan then apply converges, and what was planned is what is there.
      const outcomes = await configure(world.host, planned.vnets);
      assert.deepEqual(
        outcomes.map((o) => o.result),
        planned.vnets.map(() => 'verified'),
      );
      const after = await allTables(world);
      for (const p of planned.vnets) assert.equal(after.get(p.vnet), formatTable(p.after));
      const again = evaluate(await snapshot(world), wanted);

      // Twice changes nothing.
      assert.deepEqual(plan(again).vnets, []);
      // What is healed is right: only what the policy says to report is left.
      for (const vnet of again.bridges.flatMap((b) => b.vnets)) {
        assert.deepEqual(vnet.missing, []);
        assert.ok(
          vnet.findings.every((f) => f.reason === 'vlan_unexpected'),
          JSON.stringify(vnet.findings),
        );
      }
      // Ports outside the plan never change: uplinks, orphans, the bridges themselves, other bridges' ports.
      for (const port of [...world.others, ...world.taps.filter((tap) => !planned.vnets.some((p) => p.vnet === tap))])
        assert.equal(after.get(port), before.get(port), port);

      // The inverse restores.
      await configure(
        world.host,
        planned.vnets.map((p) => ({ ...p, before: p.after, after: p.before, changes: inverseOf(p) })),
      );
      assert.deepEqual(await allTables(world), before);
    }),
    { numRuns },
  );
}

/** Unknown never heals: whatever part of the snapshot is missing, nothing that it would be needed for is planned. */
export async function checkUnknown(world: World, numRuns: number): Promise<void> {
  const whole = await snapshot(world);
  const lost = { ok: false, error: 'lost' } as const;
  const torn = fc.constantFrom<Partial<Snapshot>>({ links: lost }, { vlans: lost }, { domains: lost });
  fc.assert(
    fc.property(policies(world), torn, (wanted, part) => {
      assert.deepEqual(plan(evaluate({ ...whole, ...part }, wanted)).vnets, []);
    }),
    { numRuns },
  );
}

/** The order in which ports, domains, interfaces and rows were read does not matter. */
export async function checkOrder(world: World, numRuns: number): Promise<void> {
  const whole = await snapshot(world);
  fc.assert(
    fc.property(policies(world), fc.infiniteStream(fc.nat()), (wanted, random) => {
      const shuffle = <T>(items: readonly T[]) =>
        items
          .map((item) => [random.next().value ?? 0, item] as const)
          .sort(([a], [b]) => a - b)
          .map(([, item]) => item);
      assert.ok(whole.links.ok && whole.vlans.ok && whole.domains.ok);
      const shuffled: Snapshot = {
        ...whole,
        links: { ok: true, value: shuffle(whole.links.value).map((b) => ({ ...b, ports: shuffle(b.ports) })) },
        vlans: { ok: true, value: new Map(shuffle([...whole.vlans.value])) },
        domains: {
          ok: true,
          value: shuffle(whole.domains.value).map((d) => ({ ...d, interfaces: shuffle(d.interfaces) })),
        },
      };
      assert.deepEqual(plan(evaluate(shuffled, wanted)), plan(evaluate(whole, wanted)));
    }),
    { numRuns },
  );
}
