// evaluate and plan without a host: vnets per second of processor time, all compliant and all wiped.
import { readSnapshot } from '../../src/host/snapshot.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { plan } from '../../src/remediation/plan.ts';
import type { Figure } from './figures.ts';
import { settings, simulatedHost } from './fleet.ts';

const VMS = 1000;
const MEASURE_MS = 3000;

export async function benchPure(): Promise<readonly Figure[]> {
  const host = simulatedHost(VMS);
  const read = readSnapshot.bind(undefined, host);
  const compliant = await read(settings.policy);
  for (let i = 0; i < VMS; i += 1) host.wipe(`vnet${i}`);
  const wiped = await read(settings.policy);
  const cases = [
    { name: 'all compliant', snapshot: compliant, target: 400_000 },
    { name: 'all wiped', snapshot: wiped, target: 100_000 },
  ];
  return cases.map(({ name, snapshot, target }) => {
    const turn = () => plan(evaluate(snapshot, settings.policy));
    const planned = turn().vnets.length;
    if (planned !== (snapshot === wiped ? VMS : 0)) throw new Error(`${name}: ${planned} vnets planned`);
    const perSecond = rate(turn) * VMS;
    const measured = `${Math.round(perSecond / 1000)},000 vnets/s`;
    return {
      what: `evaluate + plan, ${name}`,
      measured,
      target: `>= ${target / 1000},000 vnets/s`,
      met: perSecond >= target,
    };
  });
}

/** Calls per second of processor time (of all threads: collecting the garbage counts), once warm. */
function rate(call: () => unknown): number {
  const spend = (time: number) => {
    const start = performance.now();
    const before = process.cpuUsage();
    let calls = 0;
    for (; performance.now() - start < time; calls += 1) call();
    const { user, system } = process.cpuUsage(before);
    return (calls * 1e6) / (user + system);
  };
  spend(MEASURE_MS / 3);
  return spend(MEASURE_MS);
}
