// What a process uses.
export interface ProcessFacts {
  readonly cpuSeconds: number;
  /** Seconds since the epoch. */
  readonly startTime: number;
  readonly residentBytes: number;
  /** undefined where it cannot be told. */
  readonly openFds: number | undefined;
}
