// The published schema is a golden file: `npm run golden` writes it anew after a change of src/config/schema.ts.
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderJsonSchema } from '../../src/config/json-schema.ts';
import { parseSettings } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { defaultConfigText } from './shipped.ts';

const schema = JSON.parse(renderJsonSchema());
const fits = new Ajv({ strict: true, allErrors: true }).compile(schema);

test('systemd/config.schema.json is what the schema in the code gives', async () => {
  await expect(renderJsonSchema()).toMatchFileSnapshot('../../systemd/config.schema.json');
});

test('the schema describes each key and names a default for each that may be left out', () => {
  const lacking = leaves(schema).filter(({ node }) => typeof node.description !== 'string');
  expect(lacking).toEqual([]);
  const optional = leaves(schema).filter(({ required, node }) => !required && node.default === undefined);
  expect(optional.map(({ path }) => path).sort()).toEqual(
    [
      'host',
      ...['aliases', 'because', 'domains', 'mac', 'networks', 'portgroups', 'pvid', 'vlans'].map(
        (key) => `rules[].${key}`,
      ),
    ].map((key) => `bridges.*.${key}`),
  );
});

test('the shipped file fits the published schema', () => {
  expect(fits(parse(defaultConfigText())) || fits.errors).toBe(true);
});

// The reader and ajv are two readings of one definition. What the reader refuses beyond JSON Schema: a range's order, kernel
// names, groups of MACs, rules against each other, dates.
test('the reader and ajv under the published schema agree, but for what JSON Schema cannot say', () => {
  const seen = { accepted: 0, refused: 0 };
  const agree = fc.property(almostConfig(), (value) => {
    const text = JSON.stringify(value);
    const fitting = fits(JSON.parse(text));
    const problem = problemOf(text);
    seen[problem === undefined ? 'accepted' : 'refused']++;
    if (problem === undefined) expect(fitting || fits.errors).toBe(true);
    if (!fitting) expect(problem).toBeDefined();
  });
  fc.assert(agree, { numRuns: 1000 });
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(100);
}, 60_000);

function problemOf(text: string): string | undefined {
  try {
    parseSettings(text, 'f');
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

// Configs that are right in most places, so that both verdicts come up often.
function almostConfig(): fc.Arbitrary<unknown> {
  const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 60, arbitrary: good }, { weight: 1, arbitrary: junk() });
  const vid = mostly(fc.oneof(fc.integer({ min: 1, max: 4094 }), fc.constantFrom('200-210', '1-4094')));
  const pvid = mostly(fc.oneof(fc.integer({ min: 1, max: 4094 }), fc.constant('none')));
  const name = fc.constantFrom('a', 'b', 'br0', 'vyos-01', 'k3s-master', 'eno1', 'c', 'web', 'x-y', 'libvirt-hook');
  const rule = fc.record(
    {
      name: mostly(name),
      because: mostly(fc.constant('why not')),
      domains: mostly(fc.array(mostly(name), { minLength: 1, maxLength: 3 })),
      mac: mostly(fc.constantFrom('52:54:00:aa:bb:cc', '52-54-00-AA-BB-CC')),
      networks: mostly(fc.array(mostly(name), { minLength: 1, maxLength: 2 })),
      aliases: mostly(fc.array(mostly(fc.constantFrom('ua-lan', 'ua-*')), { minLength: 1, maxLength: 2 })),
      vlans: mostly(fc.array(vid, { minLength: 1, maxLength: 4 })),
      pvid,
    },
    { requiredKeys: ['name'] },
  );
  const bridge = fc.record(
    {
      vlans: mostly(fc.array(vid, { minLength: 1, maxLength: 4 })),
      pvid,
      uplinks: mostly(fc.array(mostly(name), { maxLength: 2 })),
      unexpected: mostly(fc.constantFrom('report', 'remove', 'ignore')),
      intent: mostly(fc.constantFrom(['rules', 'vlan'], ['metadata', 'rules'], ['rules'])),
      allowed: mostly(fc.array(vid, { maxLength: 2 })),
      host: mostly(
        fc.record({ vlans: mostly(fc.array(vid, { minLength: 1, maxLength: 2 })), pvid }, { requiredKeys: ['vlans'] }),
      ),
      rules: mostly(fc.array(mostly(rule), { maxLength: 3 })),
    },
    { requiredKeys: ['vlans', 'pvid'] },
  );
  return mostly(
    fc.record(
      {
        bridges: mostly(fc.dictionary(name, mostly(bridge), { minKeys: 1, maxKeys: 2, noNullPrototype: true })),
        schedule: mostly(fc.constantFrom('*/15 * * * * *', '0 0 1-5 * * 1,2')),
        hook: mostly(
          fc.record(
            {
              identifiers: mostly(fc.array(mostly(name), { minLength: 1 })),
              wait_seconds: mostly(fc.nat(600)),
              fail_closed: mostly(fc.boolean()),
            },
            { requiredKeys: [] },
          ),
        ),
        remediation: mostly(
          fc.record(
            { max_heals: mostly(fc.integer({ min: 1, max: 9 })), window: mostly(fc.constantFrom('10m', '1h30m')) },
            { requiredKeys: [] },
          ),
        ),
        metrics: mostly(fc.record({ max_vlan_series_per_vnet: mostly(fc.nat(4094)) }, { requiredKeys: [] })),
      },
      { requiredKeys: ['bridges'] },
    ),
  );
}

function junk(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom(
      null,
      '',
      'x y',
      0,
      4095,
      -1,
      1.5,
      [],
      {},
      true,
      '10',
      '9-5',
      '10 20',
      '10m ',
      '1x',
      '0s',
      'a/b',
      { pvid: 1 },
      [null],
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );
}

interface Leaf {
  path: string;
  required: boolean;
  node: { description?: unknown; default?: unknown };
}

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is read as JSON
function leaves(node: any, path = ''): Leaf[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([key, child]): Leaf[] => {
    const at = path === '' ? key : `${path}.${key}`;
    const required = (node.required ?? []).includes(key);
    return [{ path: at, required, node: child as Leaf['node'] }, ...leaves(child, at)];
  });
  const any = typeof node.additionalProperties === 'object' ? leaves(node.additionalProperties, `${path}.*`) : [];
  return [...below, ...any, ...(node.items ? leaves(node.items, `${path}[]`) : [])];
}
