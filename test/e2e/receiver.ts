// Where Alertmanager's webhooks arrive: what a pager would get.
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
import { createServer } from 'node:http';
import { until } from './processes.ts';

export interface Notification {
  /** Path of the URL: `pager` or `queue`. */
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

export interface Receiver {
  readonly port: number;
  readonly notifications: readonly Notification[];
  /** The first notification that fits, when it is there. */
  wait(what: string, fits: (notification: Notification) => boolean, timeoutMs: number): Promise<Notification>;
  stop(): Promise<void>;
}

/** Listens on a free port of the loopback. */
export async function startReceiver(): Promise<Receiver> {
  const notifications: Notification[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    notifications.push({ ...JSON.parse(body), receiver: request.url?.slice(1) ?? '' });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    notifications,
    wait: async (what, fits, timeoutMs) => {
      await until(what, () => notifications.some(fits), timeoutMs);
      return notifications.find(fits) as Notification;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
