// What grafana/dashboard-linter checks of a dashboard for Prometheus, held against ours. Its rules are named in the titles.
import { describe, expect, it } from 'vitest';
import { recordingRules } from '../alerts/rules-file.ts';
import { dashboards, expressions } from './dashboard-file.ts';
import { CATALOGUE, labelsIn, metricsIn } from './promql.ts';

// Of Grafana's units (packages/grafana-data/src/valueFormats/categories.ts), those in use.
const UNITS = ['none', 'short', 'string', 'percentunit', 's', 'ops', 'bytes'];

/** Metric selectors: the name and what stands in its braces; undefined where it has none. */
function selectorsIn(expr: string): readonly (readonly [string, string | undefined])[] {
  return [...expr.matchAll(/\b(libvirt_vlan[a-z0-9_:]+|process_[a-z_]+|up|ALERTS)\b(?:\{([^}]*)\})?/g)].map(
    ([, name, matchers]) => [name ?? '', matchers],
  );
}

it('both dashboards are there', () => {
  expect([...dashboards.keys()]).toEqual(['libvirt-vlan-fleet.json', 'libvirt-vlan-host.json']);
});

describe.each([...dashboards])('%s', (_, dashboard) => {
  const { templating, panels } = dashboard;
  const variables = templating.list;
  const withQueries = panels.filter((panel) => panel.type !== 'row');
  const targets = withQueries.flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({ panel: panel.title, ...target })),
  );

  it('has one data source variable, called datasource (template-datasource-rule)', () => {
    const sources = variables.filter((variable) => variable.type === 'datasource');
    expect(sources).toMatchObject([{ name: 'datasource', label: 'Data source', query: 'prometheus' }]);
  });

  it.each(['job', 'instance'])('lets the reader choose %s (template-job-rule, template-instance-rule)', (name) => {
    const variable = variables.find((candidate) => candidate.name === name);
    expect(variable).toMatchObject({
      label: name === 'job' ? 'Job' : 'Instance',
      type: 'query',
      multi: true,
      datasource: { uid: '$datasource' },
    });
  });

  // The linter wants .+ for both. Of the job that is every target of a Prometheus, where a panel reads `up` or process_*.
  it('means by all jobs those that have an exporter of ours, and by all instances all of theirs', () => {
    const [job, instance] = ['job', 'instance'].map((name) => variables.find((candidate) => candidate.name === name));
    expect(job?.query).toMatchObject({ query: 'label_values(libvirt_vlan_build_info, job)' });
    expect(job).not.toHaveProperty('allValue');
    expect(instance?.allValue).toBe('.+');
  });

  it('looks its variables up anew when the time changes (template-on-time-change-reload-rule)', () => {
    for (const variable of variables.filter(({ type }) => type === 'query')) expect(variable.refresh).toBe(2);
  });

  it('asks for the values of a label that the metric has (template-label-promql-rule)', () => {
    for (const { name, query, type } of variables) {
      if (type !== 'query' || typeof query === 'string') continue;
      expect(query.query).toMatch(/^label_values\([a-z_]+(\{[^}]+\})?, [a-z]+\)$/);
      const [metric = ''] = metricsIn(query.query);
      expect(CATALOGUE.get(metric), query.query).toContain(name);
    }
  });

  it('cannot be edited in place (uneditable-dashboard)', () => {
    expect(dashboard.editable).toBe(false);
  });

  it('reads every panel from the chosen data source (panel-datasource-rule)', () => {
    for (const { title, datasource } of withQueries) expect(datasource?.uid, title).toBe('$datasource');
    for (const { panel, datasource } of targets) expect(datasource.uid, panel).toBe('$datasource');
  });

  it('gives each panel a title and a description (panel-title-description-rule)', () => {
    for (const panel of withQueries) {
      expect(panel.title).not.toBe('');
      expect(panel.description, panel.title).toMatch(/\w.*[.]$/);
    }
  });

  it('gives each panel a unit that Grafana knows (panel-units-rule)', () => {
    for (const panel of withQueries) expect(UNITS, panel.title).toContain(panel.fieldConfig?.defaults.unit);
  });

  it('gives each panel a query (panel-no-targets-rule)', () => {
    for (const panel of withQueries) expect(panel.targets?.length, panel.title).toBeGreaterThan(0);
  });

  it('filters each metric by the chosen job and instance (target-job-rule, target-instance-rule)', () => {
    for (const { where, expr } of expressions(dashboard).filter((e) => !e.where.startsWith('variable'))) {
      expect(selectorsIn(expr).length, where).toBeGreaterThan(0);
      for (const [metric, matchers] of selectorsIn(expr)) {
        expect(matchers, `${where}: ${metric}`).toMatch(/job=~"\$job", instance=~"\$instance"/);
      }
    }
  });

  it('uses $__rate_interval, and no other range (target-rate-interval-rule)', () => {
    for (const { where, expr } of expressions(dashboard)) {
      for (const [, range] of expr.matchAll(/\[([^\]]*)\]/g)) expect(range, where).toBe('$__rate_interval');
    }
  });

  it('shows a counter only through rate or increase (target-counter-agg-rule)', () => {
    for (const { where, expr } of expressions(dashboard)) {
      const counters = expr.match(/\b[a-z_:]+(_total|_bucket)\b/g) ?? [];
      const aggregated = expr.match(/\b(?:rate|increase)\([a-z_:]+(_total|_bucket)\{[^}]*\}\[/g) ?? [];
      expect(aggregated.length, where).toBe(counters.length);
    }
  });

  it('asks only for metrics, recorded metrics and labels that exist', () => {
    const known = new Set([...CATALOGUE.keys(), ...recordingRules.map((rule) => rule.record)]);
    const labels = new Set([...[...CATALOGUE.values()].flat(), 'alertname', 'alertstate']);
    for (const { where, expr } of expressions(dashboard)) {
      for (const metric of metricsIn(expr)) expect(known.has(metric), `${where}: ${metric}`).toBe(true);
      for (const label of labelsIn(expr)) expect(labels.has(label), `${where}: ${label}`).toBe(true);
    }
  });

  it('lays its panels side by side, none over another', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x},${y}`), title).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });

  it('numbers its panels', () => {
    expect(panels.map((panel) => panel.id)).toEqual(panels.map((_panel, i) => i + 1));
  });
});
