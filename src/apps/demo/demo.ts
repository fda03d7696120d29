// `demo`: the exporter and the remediator as they are, on a simulated host where VMs start and stop and VLANs get lost.
import shippedConfig from '../../../systemd/config.yml?raw';
import { parseSettings } from '../../config/load.ts';
import { createLoader, type Loader } from '../../config/loader.ts';
import { DEFAULT_CONFIG_FILE } from '../../config/settings.ts';
import type { Daemon } from '../../daemon/run-daemon.ts';
import { files } from '../../host/linux/files.ts';
import type { SimHost } from '../../host/sim/host.ts';
import type { Log } from '../../model/log.ts';
import type { Address, TcpAddress } from '../../web/listen.ts';
import { createWebSettings } from '../../web/settings.ts';
import { startService } from '../exporter-service.ts';
import { createActs, driftsOf } from './acts.ts';
import { startControl } from './control.ts';
import { createDemoHost, fleet } from './fleet.ts';
import { type Healing, startHealing } from './healing.ts';
import { startLife } from './life.ts';
import { createRandom } from './random.ts';

export interface DemoOptions {
  readonly addresses: readonly Address[];
  /** On the real machine; undefined = the shipped default. */
  readonly configFile: string | undefined;
  /** On the real machine; undefined = plain HTTP for everybody. */
  readonly webConfigFile: string | undefined;
  readonly vms: number;
  readonly seed: number;
  /** undefined = no drift. */
  readonly driftEveryMs: number | undefined;
  /** Whether VMs stop and start. */
  readonly restarts: boolean;
  /** How long a drift can be seen before it is healed; undefined = no healing. */
  readonly healAfterMs: number | undefined;
  /** Where to take orders; undefined = nowhere. */
  readonly control: TcpAddress | undefined;
  readonly log: Log;
  /** Told of each thing that happens on the host. */
  readonly tell: (what: string) => void;
}

export interface Demo extends Daemon {
  readonly host: SimHost;
  readonly urls: readonly string[];
  readonly controlUrl: string | undefined;
}

const NOTICE =
  'This host is simulated: its VMs and what befalls them are made up. What watches and heals it is the product.';

// The shipped policy, and two things that it leaves to the operator: metadata is asked, too, and the host has a place on the bridge.
const DEMO_CONFIG = shippedConfig
  .replace('intent: [rules, vlan]', 'intent: [rules, vlan, metadata]')
  .replace(/# host:\n.*vlans: \[100\]\n.*\n/, 'host: { vlans: [100] }\n');

/** Of the shipped default, which nobody can edit, where no file is named. */
function loaderOf(file: string | undefined): Loader {
  if (file !== undefined) return createLoader(files, file);
  return { load: () => parseSettings(DEMO_CONFIG, DEFAULT_CONFIG_FILE), isEdited: () => false };
}

/** Starts it. Throws ConfigError or ListenError; then nothing is left running. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { log, tell } = options;
  const { load, isEdited } = loaderOf(options.configFile);
  const settings = load();
  const host = createDemoHost(settings.policy);
  const vms = fleet(settings.policy, options.vms);
  const acts = createActs(host, settings.policy, vms);
  for (const vm of vms) {
    host.define(vm);
    acts.start(vm.name);
  }

  const { addresses, webConfigFile } = options;
  const web = {
    addresses,
    web: webConfigFile === undefined ? undefined : createWebSettings(files, webConfigFile, log),
    telemetryPath: '/metrics',
    maxRequests: 40,
    lifecycle: true,
    hostname: 'demo',
    notice: NOTICE,
  };
  let healing: Healing | undefined;
  const service = await startService({ host, load, isEdited, log, ...web, reloaded: () => healing?.reload(load()) });
  if (options.healAfterMs !== undefined) healing = startHealing(host, settings, options.healAfterMs, log);
  const { driftEveryMs, restarts } = options;
  const drifts = driftsOf(acts, settings.policy, vms);
  const life = startLife({ host, acts, ...drifts, random: createRandom(options.seed), driftEveryMs, restarts, tell });
  const stop = async () => {
    life.stop();
    await Promise.all([service.stop(), healing?.stop()]);
  };
  const reload = () => void service.reload();
  const daemon = { ...service, host, status: () => '', reload, stop };
  if (options.control === undefined) return { ...daemon, controlUrl: undefined };

  const telling = (act: (domain: string) => string) => (domain: string) => {
    const what = act(domain);
    tell(what);
    return what;
  };
  const pause = () => healing?.pause(true) ?? 'nothing heals here';
  const resume = () => healing?.pause(false) ?? 'nothing heals here';
  // POST /break-pvid is acts.breakPvid.
  const orders = Object.entries({ ...acts, pause, resume }).map(
    ([name, act]) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), telling(act)] as const,
  );
  const control = await startControl(options.control, Object.fromEntries(orders)).catch(async (error) => {
    await stop();
    throw error;
  });
  const stopAll = async () => {
    control.stop();
    await stop();
  };
  return { ...daemon, controlUrl: control.url, stop: stopAll };
}
