// The exporter on the simulated host, as a process of its own, for who wants to scrape it: 1,000 vnets, a drift or its repair
// every second, audits when that happens and by the schedule. Argument: a web config, or none. Prints its URL.
import { startService } from '../../src/apps/exporter-service.ts';
import { createLog } from '../../src/daemon/log.ts';
import { files } from '../../src/host/linux/files.ts';
import { createWebSettings } from '../../src/web/settings.ts';
import { putRight, settings, simulatedHost } from './fleet.ts';

const host = simulatedHost(1000);
const log = createLog({ level: 'error', format: 'logfmt' });
const [webConfig] = process.argv.slice(2);
const { urls, settled } = await startService({
  host,
  load: () => settings,
  log,
  web: webConfig === undefined ? undefined : createWebSettings(files, webConfig, log),
  addresses: [{ host: '127.0.0.1', port: 0 }],
  telemetryPath: '/metrics',
  maxRequests: 40,
  lifecycle: false,
  hostname: 'bench',
});
await settled();
let turn = 0;
setInterval(() => {
  const vnet = (turn >> 1) % 1000;
  if (turn % 2 === 0) host.wipe(`vnet${vnet}`);
  else putRight(host, vnet);
  turn += 1;
}, 1000);
console.log(urls[0]);
