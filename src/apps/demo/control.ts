// The demo's handles by HTTP, for tests that need a drift at a moment of their own: POST /ACT?domain=NAME, answered with a
// sentence. Only there when asked for, on an address of its own, and nothing of the product listens there.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Handle } from '../../host/host.ts';
import { listenError, type TcpAddress } from '../../web/listen.ts';

export type ControlActs = Readonly<Record<string, (domain: string) => string>>;

const BASE = 'http://localhost';

/** Resolves to its URL and a handle. `acts` by the name in the path. Throws ListenError. */
export async function startControl(address: TcpAddress, acts: ControlActs): Promise<Handle & { readonly url: string }> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
    request.resume();
    const url = request.url ?? '/';
    if (!URL.canParse(url, BASE)) return answer(400, 'expected /ACT?domain=NAME');
    const { pathname, searchParams } = new URL(url, BASE);
    const act = acts[pathname.slice(1)];
    if (request.method !== 'POST') return answer(405, 'expected POST');
    if (!act || !Object.hasOwn(acts, pathname.slice(1))) {
      return answer(
        404,
        `expected one of ${Object.keys(acts)
          .map((name) => `/${name}`)
          .join(' ')}`,
      );
    }
    try {
      return answer(200, act(searchParams.get('domain') ?? ''));
    } catch (error) {
      return answer(400, (error as Error).message);
    }
  });
  server.listen({ port: address.port, host: address.host ?? 'localhost' });
  await once(server, 'listening').catch((error) => {
    throw listenError(error, address, '--control');
  });
  const { address: ip, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${ip}]` : ip}:${port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
