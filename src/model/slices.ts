// Long work in one thread, cut into parts: between two of them, other work gets the event loop.

/** Resolves when what is waiting now has had its turn. */
export function letOthersIn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** To be awaited after each small piece of work: lets others in when `sliceMs` have passed since the last time. */
export function createSlices(sliceMs: number): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < sliceMs) return undefined;
    return letOthersIn().then(() => {
      began = performance.now();
    });
  };
}
