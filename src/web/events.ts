// Server-sent events to the browsers that have the status page open (HTML Living Standard 9.2): `report` at each change, with the
// time of the change in milliseconds, and `ping`. What is kept for one that does not read is bounded.
import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

export interface EventHub {
  /** Takes over the response. */
  add(response: ServerResponse, headers: Readonly<Record<string, OutgoingHttpHeader | undefined>>): void;
  /** Tells all clients that something changed at `at`. */
  changed(at: number): void;
  /** Ends all connections. */
  close(): void;
  readonly size: number;
}

// A page takes an event of 40 bytes each few seconds: one that is this far behind is gone.
const MAX_BACKLOG_BYTES = 16_384;

export function createEventHub(pingMs: number): EventHub {
  const clients = new Set<ServerResponse>();
  let changedAt = 0;
  let timer: NodeJS.Timeout | undefined;

  function send(client: ServerResponse, event: string, data: number): void {
    if (client.writableLength > MAX_BACKLOG_BYTES) client.destroy();
    else client.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  function sendAll(event: string, data: number): void {
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
      send(response, 'report', changedAt);
      timer ??= setInterval(() => sendAll('ping', changedAt), pingMs).unref();
    },
    changed(at) {
      changedAt = at;
      sendAll('report', at);
    },
    close() {
      for (const client of clients) client.end();
    },
    get size() {
      return clients.size;
    },
  };
}
