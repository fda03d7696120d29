// The files of the package that are made from others.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { renderChangelog } from '../../packaging/changelog.ts';
import { type JsonSchema, renderConfigPage } from '../../packaging/man-config.ts';
import { renderSbom } from '../../packaging/sbom.ts';
import { renderJsonSchema } from '../../src/config/json-schema.ts';
import { parseSettings } from '../../src/config/load.ts';
import { VERSION } from '../../src/model/version.ts';

const installed = readFileSync('packaging/debian/config.yml', 'utf8');

describe('the config that is installed', () => {
  test('watches nothing, and is valid', () => {
    expect(parseSettings(installed, 'config.yml').policy.bridges).toEqual([]);
  });

  test('has an example that is valid once it is no comment', () => {
    const example = installed.replace('bridges: {}', 'bridges:').replace(/^#(?= {2})/gm, '');
    const { bridges } = parseSettings(example.slice(example.indexOf('bridges:')), 'config.yml').policy;
    expect(bridges.map(({ name }) => name)).toEqual(['br-mgmt']);
  });
});

test('config(5) has each key of the schema', () => {
  const schema: JsonSchema = JSON.parse(renderJsonSchema());
  const page = renderConfigPage(schema, {
    name: 'x-config',
    purpose: 'p',
    path: '/x',
    description: 'd',
    example: "a: 'b'",
    seeAlso: 's',
    version: '1',
    date: '2026-11-25',
  });
  const keys = (node: JsonSchema): string[] =>
    Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
      const below = typeof child.additionalProperties === 'object' ? child.additionalProperties : child.items;
      return [key, ...keys(child), ...keys(below ?? {})];
    });
  const names = keys(schema);
  expect(names.length).toBeGreaterThan(15);
  for (const key of names) expect(page).toMatch(new RegExp(`\\\\fB[^\n]*${key}(\\[\\])?\\\\fR`));
  expect(page).toContain('a: \\(aqb\\(aq');
});

describe('the changelog', () => {
  const markdown =
    '# Changelog\n\n## [Unreleased]\n\n- not yet\n\n## [1.1.0] - 2026-02-03\n\n### Added\n\n- One\n  thing.\n\n## [1.0.0] - 2026-01-02\n\n- First.\n';

  test('has each released version, the newest first, as dpkg reads it', () => {
    const text = renderChangelog(markdown, '1.1.0', 1_770_000_000);
    expect([...text.matchAll(/^libvirt-vlan-exporter \((.*)\) unstable; urgency=medium$/gm)].map(([, v]) => v)).toEqual(
      ['1.1.0', '1.0.0'],
    );
    expect(text).toContain('\n  * One thing.\n');
    expect(text).toMatch(/^ -- .* <.*> {2}\w{3}, \d\d \w{3} 2026 \d\d:\d\d:\d\d \+0000$/m);
  });

  test('a version that it does not begin with is refused', () => {
    expect(() => renderChangelog(markdown, '1.2.0', 0)).toThrow('CHANGELOG.md does not begin with 1.2.0');
  });

  test('the project has an entry for its version', () => {
    expect(renderChangelog(readFileSync('CHANGELOG.md', 'utf8'), VERSION, 0)).toContain(`(${VERSION})`);
  });
});

test('the SBOM of the same contents has the same bytes, and names Node.js and each package', () => {
  const contents = {
    version: '1.0.0',
    architecture: 'amd64',
    node: { version: '24.21.0' },
    packages: [
      { name: '@a/b', version: '1.0.0', license: 'MIT', licenseText: '', homepage: undefined },
      { name: 'c', version: '2.0.0', license: '(MIT OR Apache-2.0)', licenseText: '', homepage: undefined },
    ],
    time: 1_770_000_000,
  };
  const sbom = JSON.parse(renderSbom(contents));
  expect(renderSbom(contents)).toBe(renderSbom({ ...contents }));
  expect(sbom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(sbom.components.map(({ purl }: { purl: string }) => purl)).toEqual([
    'pkg:generic/node@24.21.0',
    'pkg:npm/%40a/b@1.0.0',
    'pkg:npm/c@2.0.0',
  ]);
  expect(sbom.components[2].licenses).toEqual([{ expression: '(MIT OR Apache-2.0)' }]);
});
