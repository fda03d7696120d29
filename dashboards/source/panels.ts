// The kinds of panel that the dashboards use.
import {
  type Colors,
  DATASOURCE,
  type Json,
  type Mapping,
  mappings,
  type Panel,
  type Query,
  thresholds,
} from './grafana.ts';

interface Look {
  /** Grafana's unit id: `short` counts, `percentunit` ratios, `s` seconds. */
  readonly unit?: string;
  readonly decimals?: number;
  readonly colors?: Colors;
  readonly values?: readonly Mapping[];
  readonly width?: number;
  readonly height?: number;
}

/** A line across, which names the panels below it. */
export function row(title: string): Panel {
  return { type: 'row', title, width: 24, height: 1, json: { collapsed: false, panels: [] } };
}

/** One number, large. */
export function stat(title: string, description: string, expr: string, look: Look = {}): Panel {
  return panel('stat', title, description, [{ expr, as: title }], { width: 4, height: 4, ...look }, 'instant', {
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: 'value',
      graphMode: 'none',
      textMode: 'value',
    },
  });
}

/** Lines over time. */
export function graph(
  title: string,
  description: string,
  queries: readonly Query[],
  look: Look & { readonly stack?: boolean } = {},
): Panel {
  const { stack = false, ...rest } = look;
  return panel('timeseries', title, description, queries, { width: 12, height: 8, ...rest }, 'range', {
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    custom: stack
      ? { drawStyle: 'line', fillOpacity: 40, stacking: { mode: 'normal', group: 'A' } }
      : { drawStyle: 'line', fillOpacity: 10, lineWidth: 1 },
  });
}

/** One band for each series, which changes colour with its value. */
export function states(title: string, description: string, query: Query, look: Look): Panel {
  return panel('state-timeline', title, description, [query], { width: 24, height: 10, ...look }, 'range', {
    options: {
      mergeValues: true,
      showValue: 'auto',
      rowHeight: 0.8,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'single' },
    },
  });
}

interface TableLook extends Look {
  /** Columns in this order, by label or by a query's `as`; others are left out. */
  readonly columns: readonly string[];
  readonly sortBy?: { readonly column: string; readonly desc: boolean };
  /** Column → link; see `field`. */
  readonly links?: Readonly<Record<string, { readonly title: string; readonly url: string }>>;
  /** Column → look of its own. */
  readonly cells?: Readonly<Record<string, Pick<Look, 'unit' | 'values' | 'colors'>>>;
}

/** One line for each set of labels, one column for each query. */
export function table(title: string, description: string, queries: readonly Query[], look: TableLook): Panel {
  const { columns, sortBy, links = {}, cells = {}, ...rest } = look;
  const valueName = (i: number) => (queries.length === 1 ? 'Value' : `Value #${refId(i)}`);
  const renameByName = Object.fromEntries(queries.map(({ as }, i) => [valueName(i), as]));
  const indexByName = Object.fromEntries(
    columns.map((column, i) => {
      const query = queries.findIndex(({ as }) => as === column);
      return [query < 0 ? column : valueName(query), i];
    }),
  );
  return panel('table', title, description, queries, { width: 24, height: 9, ...rest }, 'table', {
    options: { showHeader: true, ...(sortBy ? { sortBy: [{ displayName: sortBy.column, desc: sortBy.desc }] } : {}) },
    overrides: [
      ...Object.entries(cells).map(([column, cell]) => override(column, cellProperties(cell))),
      ...Object.entries(links).map(([column, { title: text, url }]) =>
        override(column, { links: [{ title: text, url, targetBlank: false }] }),
      ),
    ],
    transformations: [
      { id: 'merge', options: {} },
      { id: 'filterFieldsByName', options: { include: { names: Object.keys(indexByName) } } },
      { id: 'organize', options: { indexByName, renameByName, excludeByName: {} } },
    ],
  });
}

/** A table of one expression's values: one line for each value of the label `rows`, one column for each value of `columns`. */
export function matrix(
  title: string,
  description: string,
  expr: string,
  rows: string,
  columns: string,
  look: Look,
): Panel {
  return panel('table', title, description, [{ expr, as: title }], { width: 24, height: 12, ...look }, 'table', {
    options: { showHeader: true, cellHeight: 'sm' },
    custom: { cellOptions: { type: 'color-background', mode: 'basic' }, align: 'center' },
    transformations: [
      {
        id: 'groupingToMatrix',
        options: { rowField: rows, columnField: columns, valueField: 'Value', emptyValue: 'empty' },
      },
    ],
  });
}

const refId = (i: number) => String.fromCharCode(65 + i);

/** What a kind of panel adds. */
interface Kind {
  readonly options: Json;
  readonly custom?: Json;
  readonly overrides?: Json;
  readonly transformations?: Json;
}

function panel(
  type: string,
  title: string,
  description: string,
  queries: readonly Query[],
  {
    width,
    height,
    unit = 'short',
    decimals,
    values = [],
    colors = ['green'],
  }: Look & { readonly width: number; readonly height: number },
  format: 'instant' | 'range' | 'table',
  { options, custom = {}, overrides = [], transformations }: Kind,
): Panel {
  return {
    type,
    title,
    width,
    height,
    json: {
      description,
      datasource: DATASOURCE,
      fieldConfig: {
        defaults: {
          unit,
          ...(decimals === undefined ? {} : { decimals }),
          mappings: mappings(values),
          thresholds: thresholds(colors),
          color: color(type),
          custom,
        },
        overrides,
      },
      options,
      ...(transformations === undefined ? {} : { transformations }),
      targets: queries.map(({ expr, as }, i) => ({
        refId: refId(i),
        datasource: DATASOURCE,
        expr,
        legendFormat: as,
        ...(format === 'range' ? { range: true } : { instant: true, range: false }),
        ...(format === 'table' ? { format: 'table' } : {}),
      })),
    },
  };
}

const color = (type: string): Json => ({ mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' });

function override(column: string, properties: Readonly<Record<string, Json>>): Json {
  return {
    matcher: { id: 'byName', options: column },
    properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
  };
}

function cellProperties({ unit, values, colors }: Pick<Look, 'unit' | 'values' | 'colors'>): Record<string, Json> {
  return {
    ...(unit ? { unit } : {}),
    ...(values ? { mappings: mappings(values) } : {}),
    ...(colors ? { thresholds: thresholds(colors) } : {}),
    ...(values || colors ? { 'custom.cellOptions': { type: 'color-text' } } : {}),
  };
}
