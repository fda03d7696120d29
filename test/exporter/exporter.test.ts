import { expect, it, onTestFinished, vi } from 'vitest';
import { createLoader } from '../../src/config/loader.ts';
import { auditInputsOf } from '../../src/exporter/metric-inputs.ts';
import type { ExporterState } from '../../src/exporter/state.ts';
import type { SimHost } from '../../src/host/sim/host.ts';
import { STATUS_FILE } from '../../src/model/remediator-paths.ts';
import { CONFIG, DRIFTED, eventually, exporterOn, GOOD, simulatedHost, VYOS } from './fixture.ts';

/** The simulated host, but reading its VLANs takes so long; Infinity: for ever. */
function slowHost(readMs: number) {
  const host = simulatedHost();
  const read: SimHost['bridges']['read'] = async (...which) => {
    await new Promise((resolve) => readMs < Number.POSITIVE_INFINITY && setTimeout(resolve, readMs));
    return host.bridges.read(...which);
  };
  return { ...host, bridges: { ...host.bridges, read } };
}

it('the first audit comes at the start', async () => {
  const { exporter, verdict } = exporterOn();
  expect(exporter.state().report).toBeUndefined();
  await exporter.idle();
  expect(verdict()).toBe('compliant');
  expect(exporter.state().audits).toMatchObject({ total: { startup: 1, event: 0 }, failures: 0 });
  expect(exporter.state().domains).toEqual(['vyos-01']);
});

it('a drift is seen without waiting for the schedule, and told to whoever listens', async () => {
  const { host, exporter, verdict } = exporterOn();
  await exporter.idle();
  const changed = vi.fn();
  exporter.subscribe(changed);
  host.setTable('vnet0', DRIFTED);
  await eventually(() => expect(verdict()).toBe('drifted'));
  expect(changed).toHaveBeenCalled();
  host.setTable('vnet0', GOOD);
  await eventually(() => expect(verdict()).toBe('compliant'));
});

it('a VM that stops is gone from the report, one that starts is in it', async () => {
  const { host, exporter, verdict } = exporterOn();
  await exporter.idle();
  host.stop(VYOS.name);
  await eventually(() => expect(verdict()).toBeUndefined());
  host.start(VYOS.name);
  await eventually(() => expect(verdict()).toBe('drifted'));
});

it('a wrong PVID stays in the report while the VM’s live XML is half-written, and the file is told', async () => {
  const { host, exporter, verdict } = exporterOn();
  await exporter.idle();
  host.setTable('vnet0', DRIFTED);
  await eventually(() => expect(verdict()).toBe('drifted'));
  host.writeFile('/run/libvirt/qemu/vyos-01.xml', '<domst');
  await eventually(() =>
    expect(exporter.state().report?.unknowns).toMatchObject([{ kind: 'domain', name: 'vyos-01' }]),
  );
  expect(exporter.state().report?.bridges[0]?.findings).toMatchObject([
    { reason: 'pvid_wrong', vnet: 'vnet0' },
    {},
    {},
  ]);
});

it('an audit with a VM whose XML cannot be read is a failed one, counted, and told once', async () => {
  const { host, exporter, log } = exporterOn();
  await exporter.idle();
  const { failures, lastSuccessAt } = exporter.state().audits;
  expect([failures, exporter.state().domainStates]).toEqual([0, { running: 1, defined: 0, unknown: 0 }]);
  host.writeFile('/run/libvirt/qemu/vyos-01.xml', '');
  for (let i = 0; i < 2; i++) {
    exporter.reload();
    await exporter.idle();
  }
  expect(exporter.state().audits).toMatchObject({
    lastSuccessAt,
    last: { problem: expect.stringMatching(/^domain vyos-01: /) },
  });
  expect(exporter.state().audits.failures).toBeGreaterThanOrEqual(2);
  expect(exporter.state().domainStates).toEqual({ running: 0, defined: 0, unknown: 1 });
  expect(log.warn.mock.calls.filter(([fields]) => fields.domain === 'vyos-01')).toHaveLength(1);
});

it('a burst of events is one audit, and no two audits are ever under way', async () => {
  const host = simulatedHost();
  let together = 0;
  let most = 0;
  const read: SimHost['bridges']['read'] = async (...which) => {
    most = Math.max(most, ++together);
    const result = await host.bridges.read(...which);
    await new Promise((resolve) => setTimeout(resolve, 30));
    together--;
    return result;
  };
  const { exporter, verdict } = exporterOn({ ...host, bridges: { ...host.bridges, read } });
  await exporter.idle();
  for (let i = 0; i < 20; i++) host.setTable('vnet0', i % 2 === 0 ? DRIFTED : GOOD);
  host.setTable('vnet0', DRIFTED);
  await eventually(() => expect(verdict()).toBe('drifted'));
  // One more comes when the watchers are up.
  expect(exporter.state().audits.total.event).toBeLessThanOrEqual(2);
  expect(most).toBe(1);
});

it('what changes during an audit is seen by another one after it', async () => {
  const host = simulatedHost();
  let changes = 1;
  // The VLANs were dumped, the audit is under way.
  host.onRun((line) => line.startsWith('bridge') && changes-- > 0 && host.setTable('vnet0', DRIFTED));
  const { exporter, verdict } = exporterOn(host);
  await eventually(() => expect(verdict()).toBe('drifted'));
  expect(exporter.state().audits.total.event).toBeGreaterThan(0);
});

it('an audit that finds nothing new leaves the bridges of the report the same objects', async () => {
  const { exporter } = exporterOn();
  await exporter.idle();
  const before = exporter.state().report;
  exporter.reload();
  await exporter.idle();
  const after = exporter.state().report;
  expect(after?.bridges).toBe(before?.bridges);
  expect(exporter.state().audits.total.reload).toBe(1);
});

it('the policy that metrics name is the one of what they show: after a reload the former, until the next audit', async () => {
  const { exporter, file } = exporterOn();
  await exporter.idle();
  const named = () => auditInputsOf(exporter.state()).config?.policySha256;
  const before = named();
  file.text = CONFIG.replace('pvid: 100', 'pvid: 200');
  exporter.reload();
  expect([exporter.state().settings.policy.sha256 === before, named()]).toEqual([false, before]);
  await exporter.idle();
  expect(named()).toBe(exporter.state().settings.policy.sha256);
});

it('a bad config is refused, the last good one stays in force, and the log names line and key', async () => {
  const { exporter, file, log, verdict } = exporterOn();
  await exporter.idle();
  const before = exporter.state().settings;
  file.text = CONFIG.replace('pvid: 100', 'pvid: 5000');
  expect(exporter.reload()).toMatch(/config\.yml:4:\d+: bridges\.br-mgmt\.pvid: /);
  expect(exporter.state().settings).toBe(before);
  expect(exporter.state().config).toMatchObject({
    lastReloadOk: false,
    problem: expect.stringContaining('config.yml:4'),
  });
  expect(log.error.mock.calls[0]?.[0].problem).toMatch(/config\.yml:4:\d+: bridges\.br-mgmt\.pvid: /);
  await exporter.idle();
  expect(verdict()).toBe('compliant');

  file.text = CONFIG.replace('pvid: 100', 'pvid: 1');
  expect(exporter.reload()).toBeUndefined();
  await exporter.idle();
  expect(exporter.state().config).toMatchObject({ lastReloadOk: true, problem: undefined });
  expect(verdict()).toBe('drifted');
});

it('an edit of the config file is told at the next audit, and until it is in force', async () => {
  const host = simulatedHost();
  host.writeFile('/config.yml', CONFIG);
  const { exporter } = exporterOn(host, createLoader(host, '/config.yml'));
  const edited = () => exporter.state().config.edited;
  expect(edited()).toBe(false);
  await exporter.idle();
  host.writeFile('/config.yml', 'bridges: 7');
  host.setTable('vnet0', DRIFTED);
  await eventually(() => expect(edited()).toBe(true));
  expect(exporter.reload()).toMatch(/config\.yml:1/);
  expect(edited()).toBe(true);
  host.writeFile('/config.yml', CONFIG.replace('pvid: 100', 'pvid: 1'));
  expect(exporter.reload()).toBeUndefined();
  expect(edited()).toBe(false);
  host.removeFile('/config.yml');
  exporter.reload();
  expect(edited()).toBeUndefined();
});

it('a bad config at the start is an error', () => {
  expect(() =>
    exporterOn(simulatedHost(), {
      load: () => {
        throw new Error('config.yml: no such file');
      },
    }),
  ).toThrow('no such file');
});

it('a reader that fails counts as a failure, is told once, and the last success keeps its time', async () => {
  const { host, exporter, log, verdict } = exporterOn();
  await exporter.idle();
  const { lastSuccessAt } = exporter.state().audits;
  host.sabotage((line) => line.startsWith('bridge'), { exitCode: 255, stderr: 'RTNETLINK answers: nothing' });
  for (let i = 0; i < 2; i++) {
    exporter.reload();
    await exporter.idle();
  }
  expect(verdict()).toBe('unknown');
  expect(exporter.state().audits).toMatchObject({ failures: 2, lastSuccessAt });
  expect(exporter.state().audits.last?.problem).toContain('RTNETLINK');
  expect(log.warn.mock.calls.filter(([, message]) => message === 'cannot be read')).toHaveLength(1);
  host.repair();
  exporter.reload();
  await exporter.idle();
  expect(verdict()).toBe('compliant');
  expect(log.info.mock.calls.filter(([, message]) => message === 'is unreadable no longer')).toHaveLength(1);
});

it('the schedule audits by itself, and a changed one is followed', async () => {
  const { exporter, file } = exporterOn();
  await exporter.idle();
  file.text = CONFIG.replace('0 0 0 1 1 *', '* * * * * *');
  await exporter.start();
  exporter.reload();
  expect(exporter.state().nextAuditAt - Date.now()).toBeLessThanOrEqual(1000);
  await eventually(() => expect(exporter.state().audits.total.schedule).toBeGreaterThan(0));
});

it("the remediator's status is read again when it is written", async () => {
  const { host, exporter } = exporterOn();
  expect(exporter.state().remediator).toEqual({ kind: 'absent' });
  host.writeFile(STATUS_FILE, '{"version":2}');
  await eventually(() => expect(exporter.state().remediator.kind).toBe('unreadable'));
});

/** Of the hook, by domain, as the state has them; undefined while they are not known. */
function errorsIn({ hook }: ExporterState) {
  const stats = hook?.stats;
  return stats?.ok ? [...stats.value.byDomain].map(([domain, counts]) => `${domain} ${counts.errors}`) : undefined;
}

const FAILED = { PRIORITY: '3', MESSAGE: 'ERROR: start: no', LIBVIRT_VLAN_DOMAIN: 'vyos-01' };

it('what the journal says of the hook is shown when it changes, until the exporter stops', async () => {
  const host = simulatedHost();
  const stop = vi.fn();
  const follow: SimHost['journal']['follow'] = (...args) => {
    const following = host.journal.follow(...args);
    return { stop: () => [stop, following.stop].forEach((end) => void end()) };
  };
  const { exporter } = exporterOn({ ...host, journal: { ...host.journal, follow } });
  await exporter.start();
  await eventually(() => expect(exporter.state().hook).toMatchObject({ installed: false, watching: true }));
  expect(errorsIn(exporter.state())).toEqual([]);
  const before = exporter.state();
  host.journal.append({ ...FAILED, SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[vyos-01]'] });
  await eventually(() => expect(errorsIn(exporter.state())).toEqual(['vyos-01 1']));
  expect(exporter.state()).not.toBe(before);
  expect(stop).not.toHaveBeenCalled();
  exporter.stop();
  expect(stop).toHaveBeenCalled();
});

it('a reload with other identifiers of the hook follows these from then on', async () => {
  const { host, exporter, file } = exporterOn();
  await exporter.start();
  host.journal.append({ ...FAILED, SYSLOG_IDENTIFIER: ['other', 'other[vyos-01]'] });
  await eventually(() => expect(errorsIn(exporter.state())).toEqual([]));
  file.text = `${CONFIG}hook: { identifiers: [other] }\n`;
  expect(exporter.reload()).toBeUndefined();
  await eventually(() => expect(errorsIn(exporter.state())).toEqual(['vyos-01 1']));
});

it('until the watchers run, none is told, and no audit is due', () => {
  const { exporter } = exporterOn(slowHost(Number.POSITIVE_INFINITY));
  expect(exporter.state()).toMatchObject({ nextAuditAt: Number.POSITIVE_INFINITY, watchers: [], hook: undefined });
  expect(exporter.stuckMs()).toBeGreaterThanOrEqual(0);
});

it('an audit that hangs is told by how long it is under way', async () => {
  const { exporter } = exporterOn(slowHost(Number.POSITIVE_INFINITY));
  await eventually(() => expect(exporter.stuckMs()).toBeGreaterThan(10));
});

it.each([
  [100, 300],
  [4000, 6000],
])('in a storm an audit of %d ms comes each %d ms; another cause than an event does not wait', async (takes, each) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { host, exporter } = exporterOn(slowHost(takes));
  await vi.advanceTimersByTimeAsync(2 * takes + 5000);
  const event = () => exporter.state().audits.total.event;
  const endsOf = async (count: number) => {
    const ends: number[] = [];
    for (let i = 0; ends.length < count; i++) {
      const before = event();
      host.setTable('vnet0', i % 2 === 0 ? DRIFTED : GOOD);
      await vi.advanceTimersByTimeAsync(10);
      if (event() > before) ends.push(Date.now());
    }
    return ends;
  };
  const [first = 0, second = 0] = await endsOf(2);
  expect(Math.abs(second - first - each)).toBeLessThan(30);
  await vi.advanceTimersByTimeAsync(3 * each);
  const before = exporter.state().audits.total;
  exporter.reload();
  exporter.reload();
  await vi.advanceTimersByTimeAsync(2 * takes + 20);
  expect(exporter.state().audits.total.reload - before.reload).toBe(2);
});

it('when the config was last read well is told, and whoever no longer listens is not called', async () => {
  let now = 1000;
  const host = { ...simulatedHost(), now: () => now };
  const { exporter, file } = exporterOn(host);
  await exporter.idle();
  const [changed, gone] = [vi.fn(), vi.fn()];
  exporter.subscribe(changed);
  exporter.subscribe(gone)();
  now = 2000;
  file.text = 'bridges: 7';
  exporter.reload();
  expect(exporter.state().config).toMatchObject({ lastReloadOk: false, lastSuccessAt: 1000 });
  file.text = CONFIG;
  exporter.reload();
  expect(exporter.state().config).toMatchObject({ lastReloadOk: true, lastSuccessAt: 2000 });
  expect(changed).toHaveBeenCalledTimes(2);
  expect(gone).not.toHaveBeenCalled();
});

it('a stop in the middle of the start leaves nothing behind', async () => {
  const host = simulatedHost();
  const follow = vi.fn(host.journal.follow);
  const { exporter } = exporterOn({ ...host, journal: { ...host.journal, follow } });
  const started = exporter.start();
  exporter.stop();
  await started;
  expect(follow).not.toHaveBeenCalled();
  expect(exporter.state().watchers).toEqual([]);
});

it('an audit that is due when the exporter stops does not come', async () => {
  const { exporter } = exporterOn(slowHost(20));
  exporter.reload();
  exporter.stop();
  await exporter.idle();
  await eventually(() => expect(exporter.state().audits.total.startup).toBe(1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(exporter.state().audits.total.reload).toBe(0);
});

it('domains that cannot be listed are those of the last audit, and no states are made up for them', async () => {
  const host = simulatedHost();
  let denied = false;
  const read: SimHost['domains']['read'] = (...args) =>
    denied ? Promise.resolve({ ok: false, error: 'EACCES' }) : host.domains.read(...args);
  const { exporter } = exporterOn({ ...host, domains: { ...host.domains, read } });
  await exporter.idle();
  denied = true;
  exporter.reload();
  await exporter.idle();
  expect(exporter.state()).toMatchObject({ domains: ['vyos-01'], domainStates: undefined });
});

it('after stop no audit comes, whatever happens', async () => {
  const { host, exporter } = exporterOn();
  await exporter.idle();
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  exporter.stop();
  host.setTable('vnet0', DRIFTED);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(exporter.state().audits.total.event).toBe(0);
});
