// README against the code: its config example is valid, its tables have every key and every subcommand.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { renderJsonSchema } from '../../src/config/json-schema.ts';
import { parseSettings } from '../../src/config/load.ts';
import { renderReasons } from '../../src/model/reasons.ts';
import { renderCatalogue } from '../../src/report/metrics.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('each YAML example that names bridges is a valid config', () => {
  const examples = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');
  const configs = examples.filter((text) => /^bridges:/m.test(text));
  expect(configs.length).toBeGreaterThan(0);
  for (const text of configs) expect(parseSettings(text, 'README.md').policy.bridges.length).toBeGreaterThan(0);
});

test('the tables are what the code says; `npm run golden` writes them', async () => {
  const keys = ['| key | preset | |', '|---|---|---|', ...keyRows(JSON.parse(renderJsonSchema())), ''].join('\n');
  let text = readme;
  for (const [name, table] of Object.entries({ keys, reasons: renderReasons(), metrics: renderCatalogue() })) {
    const marked = new RegExp(`(?<=<!-- ${name}.* -->\\n)(?:.*\\n)*?(?=<!-- /${name} -->)`);
    expect(text).toMatch(marked);
    text = text.replace(marked, () => `\n${table}\n`);
  }
  await expect(text).toMatchFileSnapshot('../../README.md');
});

test('the command line in README has each subcommand', () => {
  for (const name of createProgram().commands.map((command) => command.name())) {
    expect(readme).toMatch(new RegExp(`^\\| .*\`${name}[ \`]`, 'm'));
  }
});

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is read as JSON
function keyRows(node: any, prefix = ''): string[] {
  const required: readonly string[] = node.required ?? [];
  return Object.entries<{
    description: string;
    default?: unknown;
    items?: object;
    properties?: object;
    additionalProperties?: object;
  }>(node.properties ?? {}).flatMap(([key, child]) => {
    const path = `${prefix}${key}`;
    const below = child.properties
      ? keyRows(child, `${path}.`)
      : typeof child.additionalProperties === 'object'
        ? keyRows(child.additionalProperties, `${path}.NAME.`)
        : keyRows(child.items ?? {}, `${path}[].`);
    if (child.properties) return below;
    const written = child.default === undefined ? '' : `\`${JSON.stringify(child.default).replaceAll('"', '')}\``;
    const preset = required.includes(key) ? 'required' : written;
    return [`| \`${path}\` | ${preset} | ${child.description} |`, ...below];
  });
}

test('each file that README links to is there, and each folder of src that it names', () => {
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
  const folders = [...readme.matchAll(/`(src\/[\w/.-]+)`/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(10);
  for (const path of [...links, ...folders])
    expect([path, existsSync(new URL(`../../${path}`, import.meta.url))]).toEqual([path, true]);
});
