// alerts/libvirt-vlan.rules.yml as data, for the tests. What Prometheus itself thinks of it is asked in test/e2e.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

interface RulesFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly (AlertRule | RecordingRule)[] }[];
}

/** The folder alerts/, as a URL. */
export const ALERTS = new URL('../../alerts/', import.meta.url);

const file = parse(readFileSync(new URL('libvirt-vlan.rules.yml', ALERTS), 'utf8')) as RulesFile;
const rules = file.groups.flatMap((group) => group.rules);

export const alertRules: readonly AlertRule[] = rules.filter((rule) => 'alert' in rule);
export const recordingRules: readonly RecordingRule[] = rules.filter((rule) => 'record' in rule);
