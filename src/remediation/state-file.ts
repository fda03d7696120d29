// What the remediator remembers over a restart: the policy it accepted last and the guard's counters, in
// STATE_DIRECTORY/state.json (systemd.exec(5)). A file that cannot be understood is not a first start: then the policy is unknown.

import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Policy } from '../model.ts';
import type { GuardState, VnetGuard } from './guard.ts';
import type { Accepted } from './hold.ts';
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
    const { version, accepted, guard } = JSON.parse(text) as Record<string, unknown>;
    if (version === 1 && isPolicy(accepted) && isGuard(guard))
      return { accepted: { kind: 'known', policy: accepted }, guard };
    return unknown(`${path}: not a state file of this version`);
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
  return `${JSON.stringify({ version: 1, accepted: accepted.policy, guard })}\n`;
}

function isPolicy(value: unknown): value is Policy {
  if (!isObject(value) || typeof value.sha256 !== 'string' || !Array.isArray(value.bridges)) return false;
  return value.bridges.every(
    (b) =>
      isObject(b) &&
      typeof b.name === 'string' &&
      isVlans(b) &&
      Array.isArray(b.uplinks) &&
      ['report', 'remove', 'ignore'].includes(b.unexpected as string) &&
      Array.isArray(b.rules) &&
      b.rules.every((rule) => isObject(rule) && Array.isArray(rule.domains) && isVlans(rule)),
  );
}

function isVlans({ vlans, pvid }: Record<string, unknown>): boolean {
  return Array.isArray(vlans) && vlans.every(Number.isInteger) && (pvid === undefined || Number.isInteger(pvid));
}

function isGuard(value: unknown): value is GuardState {
  return isObject(value) && Object.values(value).every(isVnetGuard);
}

function isVnetGuard(value: unknown): value is VnetGuard {
  if (!isObject(value) || typeof value.vnet !== 'string' || !Number.isInteger(value.streak)) return false;
  const times = [value.compliantSince, value.suspendedSince].filter((at) => at !== undefined);
  return Array.isArray(value.heals) && [...value.heals, ...times].every(Number.isFinite);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
