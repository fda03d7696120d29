// Long work in one thread, cut into parts: between two of them, other work gets the event loop.

/** Resolves when what is waiting now has had its turn. */
export function letOthersIn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Work in small steps, and what comes of it. Whoever takes the steps decides when to rest. */
export type Steps<R> = Generator<void, R>;

/** All steps at once. */
export function atOnce<R>(steps: Steps<R>): R {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The steps one after another, and others have their turn after each `sliceMs`. */
export async function inSlices<R>(steps: Steps<R>, sliceMs: number): Promise<R> {
  const slice = createSlices(sliceMs);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    const turn = slice();
    if (turn) await turn;
  }
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
