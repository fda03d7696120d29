// One who changes the network at a time: the remediator and `heal` take turns. An abstract unix socket (unix(7)): the kernel
// keeps the name for one, per network namespace, and frees it when the holder dies, however it dies. No file, nothing to clean up.
import { createConnection, createServer, type Server } from 'node:net';

export const LOCK = '\0libvirt-vlan-exporter/remediation';

/** `holder`: who has it, as it says itself; nobody checks that. */
export type Locking =
  | { readonly held: true; release(): Promise<void> }
  | { readonly held: false; readonly holder: string };

/** Takes the lock or tells who has it. `me` is what others are told, as "heal, process 123". Throws Error where sockets fail. */
export async function takeLock(me: string, name: string = LOCK): Promise<Locking> {
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.end(me);
  });
  try {
    await listen(server, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return { held: false, holder: await askHolder(name) };
  }
  server.unref();
  return { held: true, release: () => new Promise((resolve) => void server.close(() => resolve())) };
}

function listen(server: Server, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(name, resolve);
  });
}

const ANSWER_MS = 500;
const ANSWER_BYTES = 200;

function askHolder(name: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const connection = createConnection(name);
    const done = () => {
      connection.destroy();
      resolve(said.replace(/[^ -~]/g, '?').slice(0, ANSWER_BYTES) || 'unknown');
    };
    connection.setTimeout(ANSWER_MS, done);
    connection.setEncoding('utf8');
    connection.on('data', (text) => {
      said += text;
      if (said.length >= ANSWER_BYTES) done();
    });
    connection.on('end', done);
    connection.on('error', done);
  });
}
