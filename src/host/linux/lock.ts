// One who changes the network at a time: the remediator and `heal` take turns. The lock is a folder that only root and the
// remediator's user may enter, so nobody else can take it or hold it up. Each turn is a unix socket (unix(7)) named by its number, and the
// newest one counts: while somebody listens on it, the lock is held; when he dies, however he dies, the kernel refuses connections to it.
// Node has no flock(2). link(2) gives a number to one only, and a socket has its number when somebody listens on it already.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, linkSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { Locking } from '../host.ts';

/** Takes the lock, or tells who has it or why it cannot be taken. `me` is shown to others, as "heal, process 123". Never rejects. */
export async function takeLock(folder: string, me: string): Promise<Locking> {
  try {
    return await askOrTake(folder, me);
  } catch (error) {
    return { held: false, problem: (error as Error).message };
  }
}

async function askOrTake(folder: string, me: string): Promise<Locking> {
  const newest = Math.max(0, ...readTurns(folder));
  const holder = newest === 0 ? undefined : await askHolder(join(folder, `${newest}`));
  if (holder !== undefined) return { held: false, holder };
  const mine = newest + 1;
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.end(me);
    // One who asked and stands still, as after Ctrl-Z, would keep the lock from being given back.
    setTimeout(() => connection.destroy(), ANSWER_MS).unref();
  });
  const release = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  try {
    if (await takeTurn(server, folder, mine)) return { held: true, release };
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return { held: false, holder: (await askHolder(join(folder, `${mine}`))) ?? 'unknown' };
}

/** Whether the turn is ours. The newest turn's socket stays in the folder until there is a newer one: so numbers only go up. */
async function takeTurn(server: Server, folder: string, turn: number): Promise<boolean> {
  const made = join(folder, `new-${randomUUID()}`);
  const path = join(folder, `${turn}`);
  // What goes wrong later is for who connects to notice.
  server.on('error', () => undefined).listen(made);
  await once(server, 'listening');
  server.unref();
  try {
    // What root makes, the remediator must be able to connect to.
    const owner = statSync(folder).uid;
    if (statSync(made).uid !== owner) chownSync(made, owner, -1);
    linkSync(made, path);
  } catch (error) {
    // EEXIST: another one was faster. ENOENT: the winner has cleaned up.
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  } finally {
    rmSync(made, { force: true });
  }
  const names = readdirSync(folder);
  // We may have been slow: this number was taken, given back and removed, and a newer one is in force.
  if (names.some((name) => turnOf(name) > turn)) {
    rmSync(path, { force: true });
    return false;
  }
  for (const name of names) if (name !== `${turn}`) rmSync(join(folder, name), { force: true });
  return true;
}

function readTurns(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(turnOf);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolder(folder);
    return [];
  }
}

function turnOf(name: string): number {
  return /^[1-9]\d{0,14}$/.test(name) ? Number(name) : 0;
}

/** It belongs to whom its parent belongs to: systemd makes that one for the remediator's user. */
function makeFolder(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = statSync(dirname(folder));
  if (statSync(folder).uid !== uid) chownSync(folder, uid, -1);
}

const ANSWER_MS = 500;
const ANSWER_BYTES = 200;

/** What the holder says of himself, cut and printable; undefined where nobody listens any more. */
function askHolder(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const connection = createConnection(path);
    const done = () => {
      clearTimeout(timer);
      connection.destroy();
      resolve(answer.replace(/[^ -~]/g, '?').slice(0, ANSWER_BYTES) || 'unknown');
    };
    // For the whole of it: a holder that drips would else be listened to for minutes.
    const timer = setTimeout(done, ANSWER_MS);
    connection.setEncoding('utf8');
    connection.on('data', (text) => {
      answer += text;
      if (answer.length >= ANSWER_BYTES) done();
    });
    connection.on('end', done);
    connection.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED') return done();
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
