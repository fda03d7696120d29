// Whether a user may come in: basic authentication (RFC 7617) against bcrypt hashes. Hashing takes a tenth of a second, so it is done
// in another thread, one at a time, for one client after the other; what is known is remembered. A user who does not exist costs as much time.
import { createHmac, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** `busy`: too many are waiting, or the hash could not be computed. */
export type Admission = 'good' | 'bad' | 'busy';

export interface Passwords {
  /** `users`: name → hash. `client`: who asks, as client.ts tells them apart. */
  check(users: ReadonlyMap<string, string>, credentials: Credentials, client: string): Promise<Admission> | Admission;
}

/** Whether a password fits a bcrypt hash. May reject. */
export type Compare = (password: string, hash: string) => Promise<boolean>;

const MAX_WAITING = 64;
const MAX_WAITING_OF_ONE = 16;
const REMEMBERED = 256;

interface Job {
  readonly password: string;
  readonly hash: string;
  readonly settle: (fits: boolean | undefined) => void;
}

export function createPasswords(compare: Compare): Passwords {
  const secret = randomBytes(32);
  // Apart, so that no number of bad ones makes a good one forgotten.
  const good = new Set<string>();
  const bad = new Set<string>();
  const pending = new Map<string, Promise<Admission>>();
  const queue = createQueue(compare);

  return {
    check(users, credentials, client) {
      const known = users.get(credentials.user);
      const hash = known ?? dummyHash(users);
      const key = keyOf(secret, credentials.user, hash, credentials.password);
      if (known !== undefined && good.has(key)) return 'good';
      if (bad.has(key)) return 'bad';
      const asked = pending.get(key);
      if (asked) return asked;
      const job = queue(client, credentials.password, hash);
      if (!job) return 'busy';
      const admission = job.then((fits): Admission => {
        pending.delete(key);
        if (fits === undefined) return 'busy';
        const letIn = fits && known !== undefined;
        remember(letIn ? good : bad, key);
        return letIn ? 'good' : 'bad';
      });
      pending.set(key, admission);
      return admission;
    },
  };
}

/** What an Authorization header says; undefined where it is not of this kind. */
export function parseBasic(header: string | undefined): Credentials | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

// A hash that no password fits, of the cost that most users have: by time, nobody learns who exists.
function dummyHash(users: ReadonlyMap<string, string>): string {
  const costs = [...users.values()].map((hash) => /^\$2.?\$(\d\d)/.exec(hash)?.[1] ?? '10').sort();
  const count = (cost: string) => costs.filter((other) => other === cost).length;
  const usual = costs.reduce((best, cost) => (count(cost) > count(best) ? cost : best), costs[0] ?? '10');
  return `$2b$${usual}$${'.'.repeat(22)}${'a'.repeat(31)}`;
}

// Each part with its length before it: no two can be put together to what others are.
function keyOf(secret: Buffer, ...parts: readonly string[]): string {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) {
    const bytes = Buffer.from(part);
    hmac.update(`${bytes.length}:`).update(bytes);
  }
  return hmac.digest('base64');
}

function remember(set: Set<string>, key: string): void {
  set.add(key);
  for (const oldest of set) {
    if (set.size <= REMEMBERED) return;
    set.delete(oldest);
  }
}

/** One at a time; each client has its turn. undefined where too many wait. */
function createQueue(compare: Compare) {
  const waiting = new Map<string, Job[]>();
  let total = 0;
  let running = false;

  const run = async () => {
    running = true;
    for (let next = waiting.entries().next(); !next.done; next = waiting.entries().next()) {
      const [client, jobs] = next.value;
      const job = jobs.shift();
      waiting.delete(client);
      if (jobs.length > 0) waiting.set(client, jobs);
      if (!job) continue;
      total--;
      job.settle(await compare(job.password, job.hash).catch(() => undefined));
    }
    running = false;
  };

  return (client: string, password: string, hash: string): Promise<boolean | undefined> | undefined => {
    const jobs = waiting.get(client) ?? [];
    if (total >= MAX_WAITING || jobs.length >= MAX_WAITING_OF_ONE) return undefined;
    const verdict = new Promise<boolean | undefined>((settle) => jobs.push({ password, hash, settle }));
    waiting.set(client, jobs);
    total++;
    if (!running) void run();
    return verdict;
  };
}
