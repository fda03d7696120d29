// What `doctor` finds.

/** Something to mend, for people. */
export interface Trouble {
  /** A word for programs: which check found it. */
  readonly check: string;
  readonly what: string;
  readonly why: string;
  /** A command, or what to edit. */
  readonly type: string;
}

/** The trouble, where it is one. */
export function when(is: boolean, trouble: Trouble): readonly Trouble[] {
  return is ? [trouble] : [];
}

/** A check that could not be made. */
export interface Untold {
  readonly check: string;
  readonly problem: string;
}

export interface Diagnosis {
  readonly troubles: readonly Trouble[];
  readonly untold: readonly Untold[];
}
