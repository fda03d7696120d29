import { expect, it, onTestFinished, vi } from 'vitest';
import type { ExporterState } from '../../src/exporter/state.ts';
import type { SimHost } from '../../src/host/sim/host.ts';
import { STATUS_FILE } from '../../src/model/remediator-paths.ts';
import { CONFIG, DRIFTED, eventually, exporterOn, GOOD, simulatedHost, VYOS } from './fixture.ts';

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
