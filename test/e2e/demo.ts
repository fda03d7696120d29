// The demo as a user starts it, with its orders by HTTP. Nothing drifts or restarts by itself here.
import { answers, freePort, type Program, start } from './processes.ts';

export interface DemoProcess extends Program {
  /** `host:port`, as a target of Prometheus. */
  readonly target: string;
  /** As `break-pvid`; see `demo --help`. Throws Error where it is refused. */
  order(act: string, domain?: string): Promise<void>;
}

/** Starts dist/main.js, and resolves when its first audit is done. */
export async function startDemo(...flags: readonly string[]): Promise<DemoProcess> {
  const target = `127.0.0.1:${await freePort()}`;
  const control = `127.0.0.1:${await freePort()}`;
  const main = new URL('../../dist/main.js', import.meta.url).pathname;
  const args = [
    main,
    'demo',
    '--no-drift',
    '--no-restarts',
    '--web.listen-address',
    target,
    '--control',
    control,
    ...flags,
  ];
  const program = await start(process.execPath, args, () => answers(`http://${target}/-/ready`));
  const order = async (act: string, domain = '') => {
    const response = await fetch(`http://${control}/${act}?domain=${encodeURIComponent(domain)}`, { method: 'POST' });
    if (!response.ok) throw new Error(`${act} ${domain}: ${await response.text()}`);
  };
  return { ...program, target, order };
}
