// What a source of intent asks for, for one interface.
import type { VlanTable } from '../model/vlan.ts';

/** A table, or why the source cannot be understood: for people, none of it longer than a line. */
export type Intent = { readonly table: VlanTable } | { readonly problem: Misunderstood };

export interface Misunderstood {
  /** As `<vlan>`. */
  readonly element: string;
  readonly expected: string;
  readonly found: string;
}
