// Keeps a daemon small. V8 lets a heap of 20 MB grow to 100 MB before it collects what died of age: good for a busy server, wasted on one
// that makes a report each few seconds. Its nursery, which is as dear, can only be set before it starts: the units do it (NODE_OPTIONS).
import { setFlagsFromString } from 'node:v8';

/** To be called at the start, before much is allocated. */
export function keepHeapSmall(): void {
  // Collect when the heap has grown by a fifth since the last time.
  setFlagsFromString('--heap-growing-percent=20');
}
