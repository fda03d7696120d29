// What the remediator remembers over a restart: the policy it accepted last and the guard's counters, in
// STATE_DIRECTORY/state.json (systemd.exec(5)). A file that cannot be understood is not a first start: then the policy is unknown.

import { isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import type { Host } from '../host/host.ts';
import { type Entries, type Frozen, known, parseJsonFile } from '../model/json-file.ts';
import { type BridgePolicy, type Policy, type Rule, SOURCES, UNEXPECTED } from '../model/policy.ts';
import { isVid, type Vid } from '../model/vlan.ts';
import type { Accepted, Most } from './accepted.ts';
import type { GuardState, VnetGuard } from './guard.ts';

export interface State {
  readonly accepted: Accepted;
  readonly guard: GuardState;
}

export interface StateStore {
  load(): State;
  /** Throws Error where it cannot be written. */
  save(state: State): void;
}

/** A store in a folder. */
export function createStateFile(host: Pick<Host, 'readText' | 'replaceFile'>, folder: string): StateStore {
  if (!isAbsolute(folder)) throw new Error(`state directory ${folder}: expected an absolute path`);
  const path = join(folder, 'state.json');
  let saved = '';
  return {
    load: () => readState(host, path),
    save: (state) => {
      const text = renderState(state);
      if (text === undefined || text === saved) return;
      host.replaceFile(path, text, { mode: 0o600, durable: true });
      saved = text;
    },
  };
}

/** A store that ends with the process: for the demo, and for a dry run, which leaves no trace. */
export function createStateMemory(state: State = { accepted: { kind: 'first' }, guard: {} }): StateStore {
  let kept = state;
  return {
    load: () => kept,
    save: (next) => {
      kept = next;
    },
  };
}

function readState(host: Pick<Host, 'readText'>, path: string): State {
  let text: string;
  try {
    text = host.readText(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { accepted: { kind: 'first' }, guard: {} } : unknown(message);
  }
  try {
    const { accepted, intents, most, waiting, guard } = parseJsonFile(STATE, text, path);
    return { accepted: { kind: 'known', policy: accepted, intents, most, waiting }, guard };
  } catch (error) {
    return unknown((error as Error).message);
  }
}

function unknown(problem: string): State {
  return { accepted: { kind: 'unknown', problem }, guard: {} };
}

/** undefined while no policy is accepted: what is on the disk, unreadable as it is, is the operator's to look at. */
function renderState({ accepted, guard }: State): string | undefined {
  if (accepted.kind !== 'known') return undefined;
  const file: Frozen<v.InferInput<typeof STATE>> = {
    version: 3,
    accepted: accepted.policy,
    intents: accepted.intents,
    most: accepted.most,
    waiting: accepted.waiting,
    guard,
  };
  return `${JSON.stringify(file)}\n`;
}

const vid = v.custom<Vid>((value) => typeof value === 'number' && isVid(value), 'expected a VLAN id');
const table = v.array(v.object({ first: vid, last: vid, pvid: v.boolean(), untagged: v.boolean() }));
const vids = v.array(v.object({ first: vid, last: vid }));
const names = v.array(v.string());

const rule = v.object({
  name: v.string(),
  because: known(v.string()),
  domains: known(names),
  mac: known(v.string()),
  networks: v.optional(names),
  portgroups: v.optional(names),
  aliases: v.optional(names),
  table,
} satisfies Entries<Rule>);

const bridge = v.object({
  name: v.string(),
  uplinks: names,
  unexpected: v.picklist(UNEXPECTED),
  rules: v.array(rule),
  table,
  vlans: vids,
  intent: v.array(v.picklist(SOURCES)),
  allowed: vids,
  host: known(table),
} satisfies Entries<BridgePolicy>);

const vnetGuard = v.object({
  bridge: v.string(),
  domain: v.string(),
  heals: v.array(v.number()),
  failed: v.array(v.number()),
  streak: v.number(),
  compliantSince: v.exactOptional(v.number()),
  suspendedSince: v.exactOptional(v.number()),
} satisfies Entries<VnetGuard>);

// v.record leaves out a key that is called "constructor"; these have slashes in them.
const STATE = v.object({
  version: v.literal(3),
  accepted: v.object({ sha256: v.string(), bridges: v.array(bridge) } satisfies Entries<Policy>),
  intents: v.record(v.string(), v.string()),
  most: known(v.object({ sha256: v.string(), count: v.number(), keys: v.optional(names) } satisfies Entries<Most>)),
  waiting: v.optional(names),
  guard: v.record(v.string(), vnetGuard),
});
