// A token bucket: `burst` requests at once, and one more each interval.

export interface RateLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

/** Whether one more request is let in. A limit that is not the last one begins with a full bucket. `now`: milliseconds, never set back. */
export function createRateLimiter(now: () => number): (limit: RateLimit | undefined) => boolean {
  let tokens = 0;
  let at = 0;
  let last: RateLimit | undefined;
  return (limit) => {
    if (!limit) return true;
    const time = now();
    const same = last?.burst === limit.burst && last.intervalMs === limit.intervalMs;
    tokens = same ? Math.min(limit.burst, tokens + (time - at) / limit.intervalMs) : limit.burst;
    last = limit;
    at = time;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
