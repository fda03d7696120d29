// What a source of intent asks for, for one interface.
import type { Vids, VlanTable } from '../model/vlan.ts';

/** A table, or why the source cannot be understood: for people, none of it longer than a line. `asked`: what of it the source names itself, where that is not all. */
export type Intent = { readonly table: VlanTable; readonly asked?: Vids } | { readonly problem: Misunderstood };

export interface Misunderstood {
  /** As `<vlan>`. */
  readonly element: string;
  readonly expected: string;
  readonly found: string;
}
