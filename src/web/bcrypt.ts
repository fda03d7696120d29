// bcrypt in a thread of its own. bcryptjs as text, because a worker cannot load from the bundle; it begins with the first password.
import { Worker } from 'node:worker_threads';
import bcryptjs from '../../node_modules/bcryptjs/umd/index.js?raw';
import type { Compare } from './passwords.ts';

const PROGRAM = `
const module = { exports: {} }, exports = module.exports;
${bcryptjs}
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ id, password, hash }) => parentPort.postMessage({ id, fits: module.exports.compareSync(password, hash) }));
`;

interface Answer {
  readonly id: number;
  readonly fits: boolean;
}

/** Compares passwords in another thread; rejects where that one ends, and begins a new one at the next call. */
export function createBcrypt(): { readonly compare: Compare; stop(): Promise<void> } {
  let worker: Worker | undefined;
  let count = 0;
  const open = new Map<number, { resolve: (fits: boolean) => void; reject: (error: Error) => void }>();

  const begin = () => {
    const thread = new Worker(PROGRAM, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 32 } });
    // It must not keep the program from ending.
    thread.unref();
    thread.on('message', ({ id, fits }: Answer) => {
      open.get(id)?.resolve(fits);
      open.delete(id);
    });
    const end = (problem: string) => {
      if (worker === thread) worker = undefined;
      for (const { reject } of open.values()) reject(new Error(problem));
      open.clear();
    };
    thread.on('error', ({ message }) => end(message));
    thread.on('exit', () => end('the thread has ended'));
    return thread;
  };

  return {
    compare: (password, hash) =>
      new Promise((resolve, reject) => {
        worker ??= begin();
        const id = count++;
        open.set(id, { resolve, reject });
        worker.postMessage({ id, password, hash: hash.replace(/^\$2[xy]?\$/, '$2b$') });
      }),
    stop: async () => void (await worker?.terminate()),
  };
}
