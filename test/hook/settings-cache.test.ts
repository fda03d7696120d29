import { expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { loadKeptSettings } from '../../src/hook/settings-cache.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { pvidOf } from '../../src/model/vlan.ts';
import { CONFIG, SHIPPED } from './machine.ts';

function world() {
  const host = createSimHost();
  host.writeFile(CONFIG, SHIPPED);
  let text: string | undefined;
  let writes = 0;
  const store = {
    read: () => text,
    write: (fresh: string) => {
      text = fresh;
      writes++;
    },
  };
  const load = (program = 'a program') => loadKeptSettings(host, CONFIG, program, store);
  const spoil = (fresh: string) => {
    text = fresh;
  };
  const loadOn = (other: Partial<typeof host>) => loadKeptSettings({ ...host, ...other }, CONFIG, 'a program', store);
  return { host, load, loadOn, writes: () => writes, spoil, kept: () => text };
}

test('kept settings are those of the file', async () => {
  const { host, load, writes } = world();
  await load();
  expect(await load()).toEqual(loadSettings(host, CONFIG));
  expect(writes()).toBe(1);
});

test('a file that was written again is loaded again, also where it says the same', async () => {
  const { host, load, writes } = world();
  await load();
  host.writeFile(CONFIG, SHIPPED);
  await load();
  expect(writes()).toBe(2);
  host.writeFile(CONFIG, SHIPPED.replace('pvid: 100', 'pvid: 120'));
  expect(pvidOf((await load()).policy.bridges[0]?.rules[0]?.table ?? [])).toBe(120);
});

test('nothing is kept of a file that changes while it is read', async () => {
  const { host, load, loadOn, kept } = world();
  const readText = (path: string) => {
    const text = host.readText(path);
    host.writeFile(path, SHIPPED.replace('pvid: 100', 'pvid: 120'));
    return text;
  };
  await loadOn({ readText });
  expect(kept()).toBeUndefined();
  await load();
  expect(kept()).toBeDefined();
});

test('what another build of the program has kept does not count', async () => {
  const { load, writes } = world();
  await load();
  await load('another build');
  expect(writes()).toBe(2);
});

test('a bad or a missing config is an error, whatever was kept, and is not kept', async () => {
  const { host, load, kept } = world();
  await load();
  const before = kept();
  host.writeFile(CONFIG, 'bridges: 7\n');
  await expect(load()).rejects.toThrow('config.yml:1:');
  host.removeFile(CONFIG);
  await expect(load()).rejects.toThrow('no such file');
  expect(kept()).toBe(before);
});

test('what is kept and cannot be understood counts for nothing', async () => {
  const { host, load, spoil, kept } = world();
  await load();
  for (const text of ['', '{', 'null', '7', JSON.stringify({ key: JSON.parse(kept() ?? '').key })]) {
    spoil(text);
    expect(await load()).toEqual(loadSettings(host, CONFIG));
  }
});
