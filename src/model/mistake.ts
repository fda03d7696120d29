// A mistake of the operator's: a bad config file, an address that cannot be used, a file that is none. Whoever catches one shows its
// message, which says all; of any other error the stack is needed, for it is a bug.

/** To be extended by each kind of mistake; recognised by `instanceof`. */
export class OperatorError extends Error {}
