// A simulated host with one bridge and a VM that is as the policy wants it, and an exporter on it.
import { onTestFinished, vi } from 'vitest';
import { parseSettings } from '../../src/config/load.ts';
import { createExporter, type ExporterOptions } from '../../src/exporter/exporter.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { table } from '../report/example.ts';
import { onPrograms } from '../support/on-programs.ts';

/** Far apart, so that a test sees what events do. */
export const CONFIG = `
schedule: "0 0 0 1 1 *"
bridges:
  br-mgmt: { vlans: [10, 20], pvid: 100 }
`;
export const VYOS = {
  name: 'vyos-01',
  uuid: '6f0d3b2e-0000-4000-8000-000000000001',
  interfaces: [{ mac: '52:54:00:00:00:01', bridge: 'br-mgmt' }],
};
export const GOOD = table('10 20 100*');
export const DRIFTED = table('1*');

export function simulatedHost() {
  const host = onPrograms(createSimHost());
  host.addBridge('br-mgmt');
  host.define(VYOS);
  host.start(VYOS.name);
  host.setTable('vnet0', GOOD);
  return host;
}

export function logSpy() {
  return { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
}

/** `file.text` is the config file: change it and reload. */
export function exporterOn(host = simulatedHost(), more: Partial<ExporterOptions> = {}) {
  const file = { text: CONFIG };
  const log = logSpy();
  const exporter = createExporter({ host, log, load: () => parseSettings(file.text, 'config.yml'), ...more });
  onTestFinished(() => exporter.stop());
  void exporter.start();
  const verdict = () => exporter.state().report?.bridges[0]?.vnets[0]?.verdict;
  return { host, exporter, log, file, verdict };
}

// A machine may be busy: what is only slow is no failure.
export const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 10 });
