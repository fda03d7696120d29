import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseHookEvent } from '../../src/host/linux/journal-event.ts';
import { REASON, REASONS, type Reason } from '../../src/model/reasons.ts';
import { CATALOGUE, labelsIn, metricsIn, TARGET_LABELS } from '../dashboards/promql.ts';
import { ALERTS, alertRules, recordingRules } from './rules-file.ts';

const runbooks = readdirSync(new URL('runbooks/', ALERTS));
const recorded = recordingRules.map((rule) => rule.record);

/** Each alert's name once: there may be two rules of one name, which differ in their severity. */
const names = [...new Set(alertRules.map((rule) => rule.alert))];
const severitiesOf = (name: string) =>
  alertRules.filter((rule) => rule.alert === name).map((rule) => rule.labels.severity);

describe.each(alertRules.map((rule) => [rule.alert, rule] as const))('%s', (name, rule) => {
  it('says how severe it is, how long it waits, and what is the matter', () => {
    expect(['critical', 'warning', 'info']).toContain(rule.labels.severity);
    expect(rule.for).toMatch(/^\d+[smh]$/);
    // Of what is absent only what was asked for is known.
    expect(rule.annotations.summary).toContain(
      rule.expr.startsWith('absent(') ? '{{ $labels.job }}' : '{{ $labels.instance }}',
    );
    expect(rule.annotations.description).toMatch(/(On the host|From the Prometheus host)(, [^:]+)?: \S/);
  });

  it('has a runbook of its name, with commands to type', () => {
    expect(rule.annotations.runbook_url).toMatch(new RegExp(`/runbooks/${name}\\.md$`));
    const text = readFileSync(new URL(`runbooks/${name}.md`, ALERTS), 'utf8');
    expect(text).toMatch(new RegExp(`^# ${name} — ${severitiesOf(name).join(', ')}\n`));
    expect(text).toMatch(/\n## Look\n[\s\S]*```\n[\s\S]+\n```\n[\s\S]*\n## Mend\n/);
  });

  it('asks only for metrics and labels that the exporter has', () => {
    const metrics = metricsIn(rule.expr);
    expect(metrics).not.toEqual([]);
    for (const metric of metrics) expect(CATALOGUE.has(metric), metric).toBe(true);
    const known = new Set(metrics.flatMap((metric) => CATALOGUE.get(metric) ?? []));
    for (const label of labelsIn(rule.expr)) expect(known, label).toContain(label);
  });

  it('puts only labels into its text that its expression yields', () => {
    const yielded = new Set(metricsIn(rule.expr).flatMap((metric) => CATALOGUE.get(metric) ?? []));
    const text = Object.values(rule.annotations).join(' ');
    for (const [, label] of text.matchAll(/\$labels\.([a-z_]+)/g)) expect(yielded, label).toContain(label);
    for (const metric of metricsIn(text)) expect(CATALOGUE.has(metric), metric).toBe(true);
  });

  it('outlives a missed scrape, or looks at a range', () => {
    expect(rule.keep_firing_for ?? rule.expr).toMatch(
      /^\d+[sm]$|^(increase|changes|avg_over_time)\([^)]+\[\d+[md](:\d+m)?\]\)/,
    );
  });
});

it('a runbook belongs to an alert', () => {
  expect(runbooks.sort()).toEqual(names.map((name) => `${name}.md`).sort());
});

describe.each([...new Set(REASONS.map((reason) => REASON[reason].alert))])('%s', (name) => {
  const reasons = REASONS.filter((reason) => REASON[reason].alert === name);

  it('tells of its reasons as gravely as they are', () => {
    const rule = alertRules.find(({ alert }) => alert === name);
    expect(reasons.map((reason) => REASON[reason].severity)).toEqual(reasons.map(() => rule?.labels.severity));
  });

  it('has a runbook that says what its reasons mean, and what becomes of them; `npm run golden` writes it', async () => {
    const path = `runbooks/${name}.md`;
    const text = readFileSync(new URL(path, ALERTS), 'utf8');
    const marked = /(?<=<!-- reasons -->\n)(?:.*\n)*?(?=<!-- \/reasons -->)/;
    expect(text).toMatch(marked);
    await expect(text.replace(marked, () => reasons.map(explain).join(''))).toMatchFileSnapshot(`../../alerts/${path}`);
  });
});

function explain(reason: Reason): string {
  const { deviation, meaning, healed, healing } = REASON[reason];
  return `- \`${reason}\`: ${deviation}; ${meaning}. Healed: ${healed}${healing && `: ${healing}`}.\n`;
}

describe('the command of LibvirtVlanHookErrors shows what is counted', () => {
  const text = alertRules.find(({ alert }) => alert === 'LibvirtVlanHookErrors')?.annotations.description ?? '';
  const command = /On the host: (journalctl --since -1h \| grep -E '(.*)')$/.exec(text);
  const failed =
    'Hook script execution failed: internal error: Child process (/etc/libvirt/hooks/qemu a start begin -) x';
  const bare = { __CURSOR: 's=1;i=1', _UID: '0', _PID: '7', PRIORITY: '5' };

  it.each([
    [
      'ours',
      { SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[a]'], LIBVIRT_VLAN_DOMAIN: 'a', PRIORITY: '3', MESSAGE: 'x' },
    ],
    ['the original', { SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: 'a', MESSAGE: 'ERROR: x' }],
    ['the original for a name with a space', { _COMM: 'logger', MESSAGE: 'libvirt-hook[a b]: ERROR: x' }],
    ['libvirt', { _COMM: 'libvirtd', PRIORITY: '3', MESSAGE: `${failed}\n` }],
  ])('by %s', (_, fields) => {
    expect(parseHookEvent(JSON.stringify({ ...bare, ...fields }), ['libvirt-hook'])).toMatchObject({
      severity: 'error',
    });
    // As journalctl's "short" writes it: by whom, and the text.
    const entry: { SYSLOG_IDENTIFIER?: string | string[]; _COMM?: string; MESSAGE: string } = fields;
    const by = [entry.SYSLOG_IDENTIFIER ?? entry._COMM].flat().at(-1);
    expect(`Feb 03 04:05:06 hv1 ${by}[7]: ${entry.MESSAGE}`).toMatch(new RegExp(command?.[2] ?? 'no command'));
  });

  it('and stands in its runbook', () => {
    const runbook = readFileSync(new URL('runbooks/LibvirtVlanHookErrors.md', ALERTS), 'utf8');
    expect(runbook).toContain(`\n${command?.[1] ?? 'no command'}`);
  });
});

it('the README lists every alert with its severity and how long it waits', () => {
  const text = readFileSync(new URL('README.md', ALERTS), 'utf8');
  const listed = [...text.matchAll(/^\| \[(\w+)\]\(runbooks\/\1\.md\) \| (\w+) \| (\w+) \| \S/gm)].map((row) =>
    row.slice(1, 4),
  );
  expect(listed.sort()).toEqual(alertRules.map((rule) => [rule.alert, rule.labels.severity, rule.for]).sort());
});

describe('recording rules', () => {
  it('are named by level, metric and operation', () => {
    for (const name of recorded) expect(name).toMatch(/^libvirt_vlan:(instance|job)_[a-z_]+:(sum|ratio|increase1h)$/);
    expect(new Set(recorded).size).toBe(recorded.length);
  });

  it('read metrics that the exporter has, or rules that stand before them', () => {
    for (const [i, { record, expr }] of recordingRules.entries()) {
      const known = new Set([...CATALOGUE.keys(), ...recorded.slice(0, i)]);
      for (const metric of metricsIn(expr)) expect(known, record).toContain(metric);
      for (const label of labelsIn(expr)) expect([...CATALOGUE.values()].flat(), record).toContain(label);
    }
  });

  it('of level `job` drop the instance, of level `instance` keep it', () => {
    for (const { record, expr } of recordingRules) {
      const by = /by \(([^)]*)\)/.exec(expr)?.[1];
      if (by === undefined) continue;
      expect(by.split(', ').includes('instance'), record).toBe(record.startsWith('libvirt_vlan:instance_'));
      expect(by.split(', '), record).toContain(TARGET_LABELS[0]);
    }
  });
});

describe('promtool tests', () => {
  interface TestFile {
    readonly tests: readonly {
      readonly name: string;
      readonly input_series: readonly { readonly series: string; readonly values: string }[];
      readonly promql_expr_test?: readonly { readonly exp_samples: readonly { readonly labels: string }[] }[];
    }[];
  }
  const read = (name: string) => (parse(readFileSync(new URL(`tests/${name}`, ALERTS), 'utf8')) as TestFile).tests;
  const instanceIn = (text: string) => /instance="([^"]+)"/.exec(text)?.[1];

  // One that is of no instance has its cases one after the other.
  const isOfInstances = (name: string) =>
    alertRules.some((rule) => rule.alert === name && !/^absent\(/.test(rule.expr));

  it.each(
    read('cases.test.yml')
      .filter(({ name }) => isOfInstances(name))
      .map((test) => [test.name, test] as const),
  )('%s has a case that fires, one that must not, and one that misses a scrape', (_, test) => {
    const there = new Set(test.input_series.map(({ series }) => instanceIn(series)));
    const fires = (test.promql_expr_test ?? []).flatMap((t) => t.exp_samples.map(({ labels }) => instanceIn(labels)));
    expect(fires).toEqual(expect.arrayContaining(['fires', 'missed']));
    expect([...there].filter((instance) => !fires.includes(instance)).length).toBeGreaterThanOrEqual(2);
    const missed = test.input_series.filter(({ series }) => instanceIn(series) === 'missed');
    for (const { values } of missed) expect(values).toMatch(/ stale -?\d/);
  });

  it('are there for each alert, its cases and its text', () => {
    for (const file of ['cases.test.yml', 'texts.test.yml'])
      expect(
        read(file)
          .map((test) => test.name)
          .sort(),
      ).toEqual(names.toSorted());
  });

  it('ask for each recording rule', () => {
    const text = readFileSync(new URL('tests/recording.test.yml', ALERTS), 'utf8');
    expect(recorded.filter((name) => !text.includes(`expr: ${name}\n`))).toEqual([]);
  });
});
