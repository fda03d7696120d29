import { expect, test } from 'vitest';
import { describe, isInPlace, oursSince, placeFor, reloadRemarks, remarks } from '../../src/hook/installation.ts';
import { hookScript } from '../../src/hook/script.ts';
import { findHookFiles, HOOK_FILE, HOOK_FOLDER, type Installation } from '../../src/host/linux/hook-files.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import type { Unit } from '../../src/model/surroundings.ts';
import { ORIGINAL_HOOK } from '../fixtures/original-hook.ts';

const TEXT = hookScript({ node: '/usr/bin/node', script: '/usr/lib/x/hook.sh', config: '/etc/x.yml' });
const ours = {
  path: `${HOOK_FOLDER}/libvirt-vlan-exporter`,
  kind: 'ours',
  executable: true,
  uid: 0,
  mode: 0o755,
  since: 2_000,
  text: TEXT,
} as const;
const original = { path: HOOK_FILE, kind: 'original', executable: true, uid: 0, mode: 0o755, since: 2_000 } as const;
const host = (more: Partial<Installation>): Installation => ({
  files: [ours],
  libvirt: [9, 0, 0],
  exists: () => true,
  ...more,
});

test('its place is the folder, or the one file where libvirt is older than 6.5', () => {
  expect(placeFor(host({}))).toEqual({ path: ours.path });
  expect(placeFor(host({ libvirt: undefined }))).toEqual({ path: ours.path });
  expect(placeFor(host({ libvirt: [6, 5, 0] }))).toEqual({ path: ours.path });
  expect(placeFor(host({ libvirt: [6, 4, 9], files: [] }))).toEqual({ path: HOOK_FILE });
  expect(placeFor(host({ libvirt: [5, 9, 0], files: [] }))).toEqual({ path: HOOK_FILE });
  expect(placeFor(host({ files: [original] }))).toEqual({ path: ours.path });
  expect(placeFor(host({ files: [{ ...original, kind: 'other', path: ours.path }] }))).toEqual({
    problem: `there is ${ours.path}: a hook of somebody else; move it away`,
  });
  expect(placeFor(host({ libvirt: [6, 4, 9], files: [{ ...ours, path: HOOK_FILE }] }))).toEqual({ path: HOOK_FILE });
});

test('an old libvirt whose one file is taken is a problem, and the file is left alone', () => {
  expect(placeFor(host({ libvirt: [6, 0, 0], files: [original] }))).toEqual({
    problem: expect.stringMatching(/^libvirt 6\.0\.0 runs only .*\/qemu, .*call this hook from it$/),
  });
});

test('it is in place where path, text, owner and mode are what would be written', () => {
  const at = (file: object) => isInPlace(host({ files: [{ ...ours, ...file }] }), ours.path, TEXT);
  expect(at({})).toBe(true);
  expect(at({ path: HOOK_FILE })).toBe(false);
  expect(at({ text: TEXT.replace('/usr/bin/node', '/usr/local/bin/node') })).toBe(false);
  expect(at({ text: TEXT.replace('-r', '-x') })).toBe(false);
  expect(at({ executable: false, mode: 0o644 })).toBe(false);
  expect(at({ mode: 0o777 })).toBe(false);
  expect(at({ uid: 1000 })).toBe(false);
  expect(isInPlace(host({ files: [] }), ours.path, TEXT)).toBe(false);
  expect(isInPlace(host({ files: [original, ours] }), ours.path, TEXT)).toBe(true);
});

const sound: Record<string, Partial<Installation>> = {
  'as it is installed': {},
  'where the host tells neither owner nor mode': { files: [{ ...ours, uid: undefined, mode: undefined }] },
  'in the one file of an old libvirt': { libvirt: [6, 4, 0], files: [{ ...ours, path: HOOK_FILE }] },
  'beside an original that libvirt does not run': { files: [{ ...original, executable: false }, ours] },
};
for (const [how, facts] of Object.entries(sound)) {
  test(`of a sound installation there is nothing to say: ${how}`, () => {
    expect(remarks(host(facts))).toEqual([]);
  });
}

test('an old libvirt does not look into the folder, whatever lies in the one file', () => {
  const files = [{ ...ours, path: HOOK_FILE }, ours];
  expect(remarks(host({ libvirt: [6, 4, 0], files }))).toEqual([
    `it is installed 2 times: ${HOOK_FILE}, ${ours.path}`,
    `libvirt 6.4.0 does not look into ${HOOK_FOLDER} (6.5.0 does)`,
  ]);
});

const wrong: Record<string, [Partial<Installation>, string]> = {
  'no hook': [{ files: [] }, 'not installed'],
  'two of it': [{ files: [ours, { ...ours, path: HOOK_FILE }] }, 'installed 2 times'],
  'not executable': [{ files: [{ ...ours, executable: false, mode: 0o644 }] }, 'not executable'],
  'wrong owner': [{ files: [{ ...ours, uid: 1000 }] }, 'belongs to user id 1000'],
  'writable for all': [{ files: [{ ...ours, mode: 0o777 }] }, 'others than root may write'],
  'changed by hand': [{ files: [{ ...ours, text: '#!/bin/sh\n' }] }, 'changed by hand'],
  'of another version': [{ files: [{ ...ours, text: TEXT.replace('-r', '-x') }] }, 'another version'],
  'hook.sh gone': [{ exists: (path) => path === '/usr/bin/node' }, '/usr/lib/x/hook.sh is gone'],
  'libvirt too old for the folder': [{ libvirt: [6, 0, 0] }, 'does not look into'],
  'no libvirt': [{ libvirt: undefined }, 'no libvirt daemon'],
  'the original besides': [{ files: [original, ours] }, 'still runs'],
};
for (const [what, [facts, says]] of Object.entries(wrong)) {
  test(`${what}: one remark`, () => {
    expect(remarks(host(facts))).toEqual([expect.stringContaining(says)]);
  });
}

const daemon = (more: Partial<Unit> = {}) => {
  const unit: Unit = { load: 'loaded', active: 'active', file: 'enabled', stale: false, changedAt: 1_000, ...more };
  return { ok: true, value: new Map([['libvirtd.service', unit]]) } as const;
};

test('libvirt that looked for hooks before there was one is to be reloaded', () => {
  expect(reloadRemarks(host({}), daemon())).toEqual([
    'libvirtd has not looked for hooks since this one was installed, so VMs that start now come up without their VLANs; systemctl reload libvirtd',
  ]);
  const late = { ...original, since: 3_000 };
  expect(reloadRemarks(host({ files: [late, ours] }), daemon())).toHaveLength(1);
});

const settled: Record<string, Parameters<typeof reloadRemarks>> = {
  'it looked after that': [host({}), daemon({ changedAt: 2_001 })],
  'it looked at that very moment': [host({}), daemon({ changedAt: 2_000 })],
  'it does not run and will look when it starts': [host({}), daemon({ active: 'inactive' })],
  'it is not installed': [host({}), { ok: true, value: new Map() }],
  'nobody knows when it looked': [host({}), daemon({ changedAt: undefined })],
  'there is no systemctl': [host({}), { ok: false, error: 'no such program in PATH' }],
  'another hook was there when it looked': [host({ files: [{ ...original, since: 999 }, ours] }), daemon()],
  'the hook is not installed': [host({ files: [original] }), daemon()],
};
for (const [what, [installation, units]] of Object.entries(settled)) {
  test(`${what}: no word of a reload`, () => {
    expect(reloadRemarks(installation, units)).toEqual([]);
  });
}

test('a hook that libvirt would not have run was not there for it', () => {
  const early = { ...original, executable: false, since: 999 };
  expect(reloadRemarks(host({ files: [early, ours] }), daemon())).toHaveLength(1);
});

test('ours is there since the first of it that libvirt runs', () => {
  expect(oursSince(host({ files: [{ ...original, since: 1 }] }))).toBeUndefined();
  expect(oursSince(host({ files: [{ ...ours, executable: false, since: 1 }] }))).toBeUndefined();
  expect(oursSince(host({ files: [{ ...ours, path: HOOK_FILE, since: 1 }, ours] }))).toBe(1);
});

test("ours is there since the time that install gives it, another's since the kernel saw it change", () => {
  const sim = createSimHost();
  sim.writeFile(HOOK_FILE, '#!/bin/sh\n');
  sim.writeFile(ours.path, TEXT);
  const stat = (path: string) => {
    const found = sim.stat(path);
    return found && { ...found, mtimeMs: 1, ctimeMs: 2 };
  };
  expect(findHookFiles({ ...sim, stat }).map(({ since }) => since)).toEqual([2, 1]);
});

test('a hook file is described as it is', () => {
  expect(describe(ours)).toBe(`${ours.path}: this hook`);
  expect(describe({ ...ours, executable: false })).toBe(`${ours.path}: this hook, not executable`);
});

test('hook files are told apart by what stands in them', () => {
  const sim = createSimHost();
  sim.writeFile(HOOK_FILE, ORIGINAL_HOOK);
  sim.writeFile(`${HOOK_FOLDER}/10-other`, '#!/bin/sh\nexit 0\n');
  sim.writeFile(`${HOOK_FOLDER}/libvirt-vlan-exporter`, TEXT);
  expect(findHookFiles(sim).map((file) => file.kind)).toEqual(['original', 'other', 'ours']);
});
