// dashboards/*.json as data, for the tests: what is shipped, not what it is made from.
import { readdirSync, readFileSync } from 'node:fs';

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: { readonly uid: string };
}

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly Target[];
}

export interface VariableJson {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly datasource?: { readonly uid: string };
  readonly refresh?: number;
  readonly multi?: boolean;
  readonly allValue?: string;
}

export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly templating: { readonly list: readonly VariableJson[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly panels: readonly PanelJson[];
}

const FOLDER = new URL('../../dashboards/', import.meta.url);

export const dashboards: ReadonlyMap<string, DashboardJson> = new Map(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as DashboardJson]),
);

/** Every PromQL expression of a dashboard, with where it stands: its panels', annotations' and variables'. */
export function expressions({
  panels,
  annotations,
  templating,
}: DashboardJson): readonly { where: string; expr: string }[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({ where: `${title} ${refId}`, expr })),
    ),
    ...annotations.list.map(({ name, expr }) => ({ where: `annotation ${name}`, expr })),
    ...templating.list.flatMap(({ name, query }) => {
      const selector = typeof query === 'string' ? undefined : /^label_values\((.*), [a-z]+\)$/.exec(query.query)?.[1];
      return selector === undefined ? [] : [{ where: `variable ${name}`, expr: selector }];
    }),
  ];
}
