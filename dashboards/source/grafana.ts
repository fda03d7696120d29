// Grafana's classic dashboard JSON (schemaVersion 39, Grafana 10 and newer), as little of it as these dashboards need.
// https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** The datasource that the reader chooses in the variable of that name. */
export const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;

export interface Query {
  readonly expr: string;
  /** A legend as "{{domain}} {{vnet}}"; in a table the column's title. */
  readonly as: string;
}

/** A panel before it has its place. */
export interface Panel {
  readonly type: string;
  readonly title: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly height: number;
  readonly json: JsonObject;
}

/** A value's text and colour. */
export type Mapping = readonly [value: number, text: string, color: string];

/** The colour of small values, and those from a value on. */
export type Colors = readonly [string, ...(readonly (readonly [number, string])[])];

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly JsonObject[];
  readonly annotations?: readonly JsonObject[];
  readonly links?: readonly JsonObject[];
  readonly panels: readonly Panel[];
}

/** The dashboard as Grafana imports it. Panels flow from left to right, and on to the next line where one does not fit. */
export function renderDashboard({ annotations = [], links = [], variables, panels, ...named }: Dashboard): Json {
  return {
    ...named,
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    tags: ['libvirt-vlan'],
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    templating: { list: [DATASOURCE_VARIABLE, ...variables] },
    annotations: { list: annotations },
    links,
    panels: place(panels),
  };
}

function place(panels: readonly Panel[]): Json[] {
  let [x, y, lineHeight] = [0, 0, 0];
  return panels.map(({ type, title, width, height, json }, i) => {
    if (x + width > 24) [x, y, lineHeight] = [0, y + lineHeight, 0];
    const gridPos = { x, y, w: width, h: height };
    x += width;
    lineHeight = Math.max(lineHeight, height);
    return { id: i + 1, type, title, gridPos, ...json };
  });
}

const DATASOURCE_VARIABLE = {
  name: 'datasource',
  label: 'Data source',
  type: 'datasource',
  query: 'prometheus',
} as const;

/**
 * A variable of all values that `label` has in `metric`; several may be chosen, and "All". `all: 'listed'`: "All" is those values, as
 * a Prometheus that scrapes other things, too, needs it of the job: `up` and process_* are not ours alone. Else it is any value: hosts
 * that are down for longer than the time shown are in no list.
 */
export function variable(label: string, metric: string, { all = 'any' }: { all?: 'any' | 'listed' } = {}): JsonObject {
  const query = `label_values(${metric}, ${label})`;
  return {
    name: label,
    label: label.slice(0, 1).toUpperCase() + label.slice(1),
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: label },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    ...(all === 'any' ? { allValue: '.+' } : {}),
    current: { text: 'All', value: '$__all' },
  };
}

/** Marks on every graph at the times that are the expression's values, in milliseconds. */
export function annotation(
  name: string,
  iconColor: string,
  expr: string,
  text: string,
  tags: readonly string[],
): JsonObject {
  return {
    name,
    iconColor,
    expr,
    datasource: DATASOURCE,
    enable: true,
    titleFormat: name,
    textFormat: text,
    tagKeys: tags.join(','),
    useValueForTime: true,
    step: '30s',
  };
}

/** In a link of a table's cell: the value of another column of its row. */
export const field = (column: string) => `\${__data.fields.${column}}`;

/** `Mapping`s as Grafana's value mappings. */
export function mappings(list: readonly Mapping[]): Json[] {
  const options = Object.fromEntries(list.map(([value, text, color], index) => [`${value}`, { text, color, index }]));
  return list.length === 0 ? [] : [{ type: 'value', options }];
}

export function thresholds([base, ...steps]: Colors): JsonObject {
  return {
    mode: 'absolute',
    steps: [{ value: null, color: base }, ...steps.map(([value, color]) => ({ value, color }))],
  };
}
