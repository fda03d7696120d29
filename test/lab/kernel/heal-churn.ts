// lab-timeout: 1200
// VMs that start and stop, five a second, while the remediator runs, by iproute2 and then by netlink in the same boot: nothing wrong is left
// behind, nothing outside the policy is touched, no memory grows; and the processor time of both, its processes included. SECONDS is a minute
// for each: the work of a second is the same from the first to the last, so ten minutes cost ten times that.
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import {
  beRemediator,
  createFleet,
  createVm,
  type LabVm,
  processorMs,
  startRemediator,
  tables,
  tapCommands,
  WELL,
  writeConfig,
} from '../remediator.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

await beRemediator();

const SECONDS = 60;
const PER_SECOND = 5;
const KEPT = 30;

const spent: Record<string, number> = {};
for (const via of ['iproute2', 'netlink'] as const) {
  const fleet = await createFleet('churn', 20);
  const other = await createFleet('alien', 3);
  await sh('ip tuntap add churn.orphan mode tap && ip link set churn.orphan master churn up');
  const running: LabVm[] = [];
  const xml = (vm: LabVm) => `/run/libvirt/qemu/${vm.name}.xml`;
  await test(`${via}: ${SECONDS} s of ${PER_SECOND} starts and stops a second`, async () => {
    const outside = ['churn', 'alien', 'churn.orphan', ...other.taps];
    const before = await tables();
    const remediator = await startRemediator(
      writeConfig('churn', { more: 'remediation: { max_heals: 5, window: 10s, cooldown: 10s }\n' }),
      { rtnl: via === 'netlink' },
    );
    await until('the first heal', 90_000, () => remediator.status()?.duration.count === 20);
    const memory: number[] = [];
    // The status holds the last fifty decisions: those of some seconds.
    const failed = new Set<string>();
    const collectFailed = () => {
      for (const { outcome, vnet, problem } of remediator.status()?.recent ?? [])
        if (outcome === 'failed' || outcome === 'reverted') failed.add(`${vnet}: ${outcome}: ${problem}`);
    };
    const resident = () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${remediator.pid}/status`, 'utf8'))?.[1]) / 1024;
    const began = performance.now();
    const spentBefore = processorMs(remediator.pid);
    let starts = 0;
    let stops = 0;
    while (performance.now() - began < SECONDS * 1000) {
      const second = performance.now();
      // Any of those that run, as often as not one that is being healed.
      const excess = Math.max(0, running.length - KEPT);
      const gone = Array.from({ length: excess }, (_, i) =>
        running.splice((starts * 7 + i) % running.length, 1),
      ).flat();
      // A VM's name and MAC return, its tap's name does not.
      const next = Array.from({ length: PER_SECOND }, (_, i) =>
        createVm('churn', 100 + ((starts + i) % 200), `c${starts + i}`),
      );
      await sh('ip -batch -', {
        input: [...gone.map((vm) => `link del ${vm.tap}\n`), ...next.map(tapCommands)].join(''),
      });
      for (const vm of gone) rmSync(xml(vm));
      for (const vm of next) {
        writeFileSync(`${xml(vm)}.new`, vm.xml);
        renameSync(`${xml(vm)}.new`, xml(vm));
      }
      running.push(...next);
      starts += next.length;
      stops += gone.length;
      memory.push(resident());
      collectFailed();
      await sh(`sleep ${Math.max(0, 1 - (performance.now() - second) / 1000)}`);
    }
    const rate = (starts + stops) / ((performance.now() - began) / 1000);
    const all = [...fleet.taps, ...running.map((vm) => vm.tap)];
    const { ms } = await until('all that is left is right', 60_000, async () => {
      const now = await tables();
      const wrong = all.filter((tap) => now.get(tap) !== WELL);
      if (wrong.length > 0)
        throw new Error(`${wrong.length} wrong, as ${wrong[0]}: ${now.get(wrong[0] ?? '')}; ${remediator.log()}`);
      return true;
    });
    const perSecond = (processorMs(remediator.pid) - spentBefore) / SECONDS;
    spent[via] = perSecond;
    const after = await tables();
    for (const port of outside) assert.equal(after.get(port), before.get(port), port);
    const status = remediator.status();
    collectFailed();
    assert.equal(remediator.child.exitCode, null);
    await remediator.stop();
    const failures = status?.domains.reduce((sum, d) => sum + d.failures, 0) ?? 0;
    const [early, late] = [memory.slice(5, 15), memory.slice(-10)].map((part) => Math.max(...part));
    note(
      `${via}: ${perSecond.toFixed(0)} ms of processor time a second; ${starts} starts, ${stops} stops, ${rate.toFixed(1)} a second; right ${Math.round(ms)} ms after the end; ${status?.duration.count} heals, ${failures} failures`,
    );
    note(`${via}: resident memory: ${early?.toFixed(0)} MiB in the first seconds, ${late?.toFixed(0)} MiB in the last`);
    assert.equal(failures, 0, [...failed].slice(0, 8).join('\n'));
    assert.ok((late ?? 0) < (early ?? 0) + 30, 'memory');
  });
  for (const vm of running) rmSync(xml(vm), { force: true });
  await sh('ip -force -batch -', { input: running.map((vm) => `link del ${vm.tap}\n`).join('') });
  await sh('ip link del churn.orphan');
  await fleet.remove();
  await other.remove();
}

// By netlink more cycles fit into a second, and each VM is right sooner; a cycle of its own costs far less, see netlink-speed.ts.
note(
  `processor time: by netlink ${((spent.netlink ?? Number.NaN) / (spent.iproute2 ?? Number.NaN)).toFixed(2)} of what it takes by iproute2`,
);
finish();
