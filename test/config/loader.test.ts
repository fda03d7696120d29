import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLoader } from '../../src/config/loader.ts';
import { files } from '../../src/host/linux/files.ts';
import { createSimHost } from '../../src/host/sim/host.ts';

const FILE = '/etc/libvirt-vlan-exporter/config.yml';
const CONFIG = 'bridges: { br0: { vlans: [10], pvid: 1 } }\n';

function world() {
  const sim = createSimHost();
  sim.writeFile(FILE, CONFIG);
  const readText = vi.fn(sim.readText);
  const host = { stat: vi.fn(sim.stat), readText };
  const loader = createLoader(host, FILE);
  const settings = loader.load();
  readText.mockClear();
  return { sim, host, loader, settings };
}

it('a file is edited where it says something else than what was loaded, valid or not, until that is loaded', () => {
  const { sim, loader, settings } = world();
  expect([settings.policy.bridges[0]?.name, loader.isEdited()]).toEqual(['br0', false]);
  sim.writeFile(FILE, `${CONFIG}# a remark\n`);
  expect(loader.isEdited()).toBe(true);
  loader.load();
  expect(loader.isEdited()).toBe(false);
  sim.writeFile(FILE, 'bridges: 7\n');
  expect(loader.isEdited()).toBe(true);
});

it('one that was refused is still another than the one that was loaded; put back, it is none', () => {
  const { sim, loader } = world();
  sim.writeFile(FILE, 'bridges: 7\n');
  expect(() => loader.load()).toThrow(`${FILE}:1`);
  expect(loader.isEdited()).toBe(true);
  sim.writeFile(FILE, CONFIG);
  expect(loader.isEdited()).toBe(false);
});

it('it is read only where it was touched', () => {
  const { sim, host, loader } = world();
  for (let i = 0; i < 3; i++) loader.isEdited();
  expect(host.readText).toHaveBeenCalledTimes(1);
  sim.writeFile(FILE, CONFIG.replace('10', '20'));
  for (let i = 0; i < 3; i++) expect(loader.isEdited()).toBe(true);
  expect(host.readText).toHaveBeenCalledTimes(2);
  const { ino = 0, mtimeMs = 0, size = 0 } = sim.stat(FILE) ?? {};
  const is = { ino, mtimeMs, ctimeMs: 0, size, isFile: true };
  for (const touched of [{ ino: 1 }, { mtimeMs: 1 }, { ctimeMs: 1 }, { size: 1 }]) {
    host.readText.mockClear();
    for (const stat of [is, { ...is, ...touched }]) {
      host.stat.mockReturnValue(stat);
      loader.isEdited();
    }
    expect([touched, host.readText.mock.calls.length]).toEqual([touched, 2]);
  }
});

it('what cannot be read now is neither; once it can, that is told', () => {
  const { sim, host, loader } = world();
  sim.removeFile(FILE);
  expect(loader.isEdited()).toBeUndefined();
  sim.writeFile(FILE, CONFIG);
  host.readText.mockImplementationOnce(() => {
    throw new Error('EACCES');
  });
  expect([loader.isEdited(), loader.isEdited()]).toEqual([undefined, false]);
  host.stat.mockImplementationOnce(() => {
    throw new Error('EACCES');
  });
  expect(loader.isEdited()).toBeUndefined();
  host.stat.mockReturnValue({ ino: 1, mtimeMs: 1, size: 1e9, isFile: true });
  expect(loader.isEdited()).toBeUndefined();
});

it('of a real file, an edit in place is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vlan-loader-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.yml');
  writeFileSync(file, CONFIG);
  const loader = createLoader(files, file);
  loader.load();
  expect(loader.isEdited()).toBe(false);
  appendFileSync(file, '# a remark\n');
  expect(loader.isEdited()).toBe(true);
  rmSync(file);
  expect(loader.isEdited()).toBeUndefined();
});

it('one that is replaced while it is read is read again', () => {
  const { sim, host, loader } = world();
  sim.writeFile(FILE, `${CONFIG}# a remark\n`);
  host.readText.mockImplementationOnce((path) => {
    const text = sim.readText(path);
    sim.writeFile(FILE, CONFIG);
    return text;
  });
  expect([loader.isEdited(), loader.isEdited()]).toEqual([true, false]);
});
