// Debian's chromium, driven by playwright-core, and a server of the page whose state the test changes.
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { type Browser, chromium } from 'playwright-core';
import type { PageInput } from '../../src/report/page/input.ts';
import { addPage, type PageOptions } from '../../src/web/page.ts';

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
}

export interface PageServer {
  readonly url: string;
  /** Shows another state, and tells the browsers. */
  show(input: PageInput): void;
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  restart(): Promise<void>;
}

export async function servePage(first: PageInput, options: PageOptions = {}): Promise<PageServer> {
  let input = first;
  let changed = () => {};
  let port = 0;
  let app = Fastify();

  async function start(): Promise<void> {
    app = Fastify({ forceCloseConnections: true });
    const source = {
      // The clock goes on, as on a real host.
      read: () => ({ ...input, now: Date.now() }),
      subscribe: (callback: () => void) => {
        changed = callback;
        return () => {};
      },
    };
    addPage(app, source, options);
    await app.listen({ port, host: '127.0.0.1' });
    port = (app.server.address() as AddressInfo).port;
  }

  await start();
  return {
    url: `http://127.0.0.1:${port}/`,
    show: (next) => {
      input = next;
      changed();
    },
    stop: () => app.close(),
    restart: start,
  };
}
