// What the remediator remembers over a restart: the policy it accepted last and the guard's counters, in
// STATE_DIRECTORY/state.json (systemd.exec(5)). A file that cannot be understood is not a first start: then the policy is unknown.

import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import {
  boolean,
  dictionary,
  either,
  list,
  number,
  object,
  only,
  optional,
  type Shape,
  string,
} from '../model/json-shape.ts';
import { type Policy, SOURCES } from '../model/policy.ts';
import { isVid } from '../model/vlan.ts';
import type { GuardState } from './guard.ts';
import type { Accepted } from './hold.ts';
import type { Intents } from './intents.ts';
import { replaceFile } from './replace-file.ts';

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
export function createStateFile(folder: string): StateStore {
  if (!isAbsolute(folder)) throw new Error(`state directory ${folder}: expected an absolute path`);
  const path = join(folder, 'state.json');
  let saved = '';
  return {
    load: () => parseState(path),
    save: (state) => {
      const text = renderState(state);
      if (text === undefined || text === saved) return;
      replaceFile(path, text, { mode: 0o600, durable: true });
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

function parseState(path: string): State {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { accepted: { kind: 'first' }, guard: {} } : unknown(message);
  }
  try {
    const value: unknown = JSON.parse(text);
    const problem = stateFile(value);
    if (problem !== undefined) return unknown(`${path}${problem}`);
    const { accepted, intents, guard } = value as { accepted: Policy; intents: Intents; guard: GuardState };
    return { accepted: { kind: 'known', policy: accepted, intents }, guard };
  } catch (error) {
    return unknown(`${path}: ${(error as Error).message}`);
  }
}

function unknown(problem: string): State {
  return { accepted: { kind: 'unknown', problem }, guard: {} };
}

/** undefined while no policy is accepted: what is on the disk, unreadable as it is, is the operator's to look at. */
function renderState({ accepted, guard }: State): string | undefined {
  if (accepted.kind !== 'known') return undefined;
  return `${JSON.stringify({ version: 3, accepted: accepted.policy, intents: accepted.intents, guard })}\n`;
}

const vid: Shape = (value) => (isVid(value as number) ? undefined : ': expected a VLAN id');
const table = list(object({ first: vid, last: vid, pvid: boolean, untagged: boolean }));
const vids = list(object({ first: vid, last: vid }));
const rule = object({
  name: string,
  because: optional(string),
  domains: optional(list(string)),
  mac: optional(string),
  networks: optional(list(string)),
  portgroups: optional(list(string)),
  aliases: optional(list(string)),
  table,
});
const policy = object({
  sha256: string,
  bridges: list(
    object({
      name: string,
      uplinks: list(string),
      unexpected: either(only('report'), only('remove'), only('ignore')),
      rules: list(rule),
      table,
      vlans: vids,
      intent: list(either(...SOURCES.map(only))),
      allowed: vids,
      host: optional(table),
    }),
  ),
});
const vnetGuard = object({
  bridge: string,
  domain: string,
  heals: list(number),
  failed: list(number),
  streak: number,
  compliantSince: optional(number),
  suspendedSince: optional(number),
});
const stateFile = object({
  version: only(3),
  accepted: policy,
  intents: dictionary(string),
  guard: dictionary(vnetGuard),
});
