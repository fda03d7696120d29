// A config file's man page, section 5, from its JSON Schema: every key, what it is for, what may stand there, its preset. Pure.
import { bold, escaped, example, heading, item, text, title } from './roff.ts';

export interface JsonSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: { readonly [key: string]: JsonSchema };
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
}

interface Page {
  readonly name: string;
  /** One line: what the file is for. */
  readonly purpose: string;
  readonly path: string;
  readonly description: string;
  readonly example: string;
  readonly seeAlso: string;
  readonly version: string;
  readonly date: string;
}

/** The page's source, for man(1). */
export function renderConfigPage(schema: JsonSchema, page: Page): string {
  return [
    title(page.name, 5, page.date, page.version),
    heading('Name'),
    `${escaped(page.name)} \\- ${escaped(page.purpose)}`,
    heading('Synopsis'),
    bold(page.path),
    heading('Description'),
    text(page.description),
    heading('Keys'),
    ...keys(schema, ''),
    heading('Example'),
    example(page.example),
    heading('See also'),
    text(page.seeAlso),
    '',
  ].join('\n');
}

function keys(schema: JsonSchema, prefix: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const path = `${prefix}${key}`;
    const below = child.properties
      ? keys(child, `${path}.`)
      : typeof child.additionalProperties === 'object'
        ? keys(child.additionalProperties, `${path}.NAME.`)
        : keys(child.items ?? {}, `${path}[].`);
    const preset = child.default === undefined || child.properties ? [] : [`Preset: ${written(child.default)}.`];
    const needed = schema.required?.includes(key) ? ['Required.'] : [];
    const kind = kindOf(child);
    return [
      item(bold(path), [child.description ?? '', ...(kind ? [`Value: ${kind}.`] : []), ...needed, ...preset].join(' ')),
      ...below,
    ];
  });
}

// What may stand there, in words; undefined where a description of the keys below says it.
function kindOf(schema: JsonSchema): string | undefined {
  if (schema.enum) return schema.enum.join(', ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf) return [...new Set(schema.anyOf.map((part) => kindOf(part) ?? 'a mapping'))].join(', or ');
  if (schema.properties || typeof schema.additionalProperties === 'object') return undefined;
  if (schema.type === 'array') {
    const each = schema.items && kindOf(schema.items);
    return each ? `a list, each ${each}` : undefined;
  }
  if (schema.type === 'integer' && schema.minimum !== undefined)
    return `an integer from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'boolean') return 'true or false';
  return schema.type === 'string' ? 'text' : undefined;
}

function written(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
