// Server-sent events to the browsers that have the status page open (HTML Living Standard 9.2): `report` at each change, with the
// name of the state that there is now, and `ping`, with the same. What is kept for one that does not read is bounded.
import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

export interface EventHub {
  /** Takes over the response. */
  add(response: ServerResponse, headers: Readonly<Record<string, OutgoingHttpHeader | undefined>>): void;
  /** Tells all clients that there is another state now. */
  changed(state: string): void;
  /** Ends all connections. */
  close(): void;
  readonly size: number;
}

// A page takes an event of 70 bytes each few seconds: one that is this far behind is gone.
const MAX_BACKLOG_BYTES = 16_384;

/** `first`: the name of the state at the start. */
export function createEventHub(pingMs: number, first: string): EventHub {
  const clients = new Set<ServerResponse>();
  let current = first;
  let timer: NodeJS.Timeout | undefined;

  function send(client: ServerResponse, event: string, data: string): void {
    if (client.writableLength > MAX_BACKLOG_BYTES) client.destroy();
    else client.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  function sendAll(event: string, data: string): void {
    for (const client of clients) send(client, event, data);
  }

  function remove(client: ServerResponse): void {
    clients.delete(client);
    if (clients.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    add(response, headers) {
      clients.add(response);
      response.on('close', () => remove(response));
      response.on('error', () => remove(response));
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 2000\n\n');
      send(response, 'report', current);
      timer ??= setInterval(() => sendAll('ping', current), pingMs).unref();
    },
    changed(state) {
      current = state;
      sendAll('report', state);
    },
    close() {
      for (const client of clients) client.end();
    },
    get size() {
      return clients.size;
    },
  };
}
