// The lock that heals take turns by.
import type { Locking } from '../host/host.ts';

/** `problem`: it cannot be taken by anybody now, for people. */
export async function attemptLock(take: () => Promise<Locking>): Promise<Locking | { readonly problem: string }> {
  try {
    return await take();
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
