// Memory over 10,000 audits of 100 vnets, each with a changed report, every tenth scraped. Run with --expose-gc; prints JSON.
import { startService } from '../../src/apps/exporter-service.ts';
import { createLog } from '../../src/daemon/log.ts';
import { putRight, settings, simulatedHost } from './fleet.ts';

const VMS = 100;
const WARM = 2000;
const AUDITS = 10_000;

const host = simulatedHost(VMS);
const { urls, exporter, stop } = await startService({
  host,
  load: () => settings,
  log: createLog({ level: 'error', format: 'logfmt' }),
  addresses: [{ host: '127.0.0.1', port: 0 }],
  telemetryPath: '/metrics',
  maxRequests: 40,
  lifecycle: false,
  hostname: 'bench',
});

async function audits(count: number) {
  for (let i = 0; i < count; i += 1) {
    const vnet = (i >> 1) % VMS;
    if (i % 2 === 0) host.wipe(`vnet${vnet}`);
    else putRight(host, vnet);
    exporter.reload();
    await exporter.idle();
    if (i % 10 === 0) await (await fetch(`${urls[0]}metrics`)).text();
  }
}

/** The median of five readings, some audits apart: one alone is a MiB off, by what was just being made. */
async function used() {
  const readings: NodeJS.MemoryUsage[] = [];
  for (let i = 0; i < 5; i += 1) {
    await audits(200);
    globalThis.gc?.();
    readings.push(process.memoryUsage());
  }
  return readings.sort((a, b) => a.heapUsed - b.heapUsed)[2];
}

await audits(WARM);
const before = await used();
await audits(AUDITS);
console.log(JSON.stringify({ before, after: await used() }));
await stop();
