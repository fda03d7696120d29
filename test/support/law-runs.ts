/** How many cases a law is tried with: `usual`, or as many as LAW_RUNS says, for a search that may take its time. */
export function lawRuns(usual: number): number {
  return Number(process.env.LAW_RUNS ?? usual);
}
