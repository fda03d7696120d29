// Where the hook belongs on this host, and what is wrong with how it is there. Pure: the facts come in, sentences go out.
import { HOOK_FILE, HOOK_FOLDER, type HookFile, type Installation } from '../host/linux/hook-files.ts';
import type { Reading } from '../model/snapshot.ts';
import { LIBVIRT_DAEMONS, type Unit } from '../model/surroundings.ts';
import { hookScript, pathsOf } from './script.ts';

const HOOK_NAME = 'libvirt-vlan-exporter';

/** Where `hook install` writes; or why it cannot. */
export function placeFor({ files, libvirt }: Installation): { readonly path: string } | { readonly problem: string } {
  const old = libvirt && knowsNoFolder(libvirt) ? libvirt.join('.') : undefined;
  const path = old === undefined ? `${HOOK_FOLDER}/${HOOK_NAME}` : HOOK_FILE;
  const taken = files.find((file) => file.path === path && file.kind !== 'ours');
  if (!taken) return { path };
  if (old === undefined) return { problem: `there is ${describe(taken)}; move it away` };
  return {
    problem: `libvirt ${old} runs only ${path}, and there is ${describe(taken)}; move it away or call this hook from it`,
  };
}

/** Whether the hook lies there as `hook install` would write it: text, owner and mode. */
export function isInPlace({ files }: Installation, path: string, script: string): boolean {
  return files.some((file) => file.path === path && file.text === script && file.uid === 0 && file.mode === 0o755);
}

/** What an operator should know or do, one sentence each; none where all is well. */
export function remarks({ files, libvirt, exists }: Installation): readonly string[] {
  const ours = files.filter((file) => file.kind === 'ours');
  return [
    ...(ours.length === 0 ? ['the hook is not installed; "libvirt-vlan-exporter hook install" does it'] : []),
    ...(ours.length > 1 ? [`it is installed ${ours.length} times: ${ours.map((file) => file.path).join(', ')}`] : []),
    ...ours.flatMap((file) => fileRemarks(file, exists)),
    ...(libvirt && knowsNoFolder(libvirt) && ours.some((file) => file.path !== HOOK_FILE)
      ? [`libvirt ${libvirt.join('.')} does not look into ${HOOK_FOLDER} (6.5.0 does)`]
      : []),
    ...files.filter((file) => file.kind === 'original' && file.executable).map(originalRemark),
    ...(libvirt ? [] : ['no libvirt daemon was found (libvirtd, virtqemud)']),
  ];
}

/** Since when a hook of ours is there that libvirt runs; undefined where there is none. */
export function oursSince({ files }: Installation): number | undefined {
  const ours = files.filter(({ kind, executable }) => kind === 'ours' && executable);
  return ours.length === 0 ? undefined : earliest(ours);
}

/**
 * The daemons of libvirt that run and do not call our hook: they found none when they looked, at their start or their last reload. That
 * there is one is all that they remember; which ones to run they look up at each call. So any other hook that was there will do.
 */
export function unawareDaemons(
  { files }: Installation,
  units: ReadonlyMap<string, Unit>,
): readonly (typeof LIBVIRT_DAEMONS)[number][] {
  const run = files.filter(({ executable }) => executable);
  if (!run.some(({ kind }) => kind === 'ours')) return [];
  return LIBVIRT_DAEMONS.filter((name) => {
    const unit = units.get(`${name}.service`);
    return unit?.active === 'active' && unit.changedAt !== undefined && unit.changedAt < earliest(run);
  });
}

/** As `remarks`, of daemons that do not know of the hook; none where that cannot be told. */
export function reloadRemarks(
  installation: Installation,
  units: Reading<ReadonlyMap<string, Unit>>,
): readonly string[] {
  const unaware = units.ok ? unawareDaemons(installation, units.value) : [];
  return unaware.map(
    (name) =>
      `${name} has not looked for hooks since this one was installed, so VMs that start now come up without their VLANs; systemctl reload ${name}`,
  );
}

/** What a hook file is, for people. */
export function describe({ path, kind, executable }: HookFile): string {
  const what = { ours: 'this hook', original: 'the hook of RCA-2026-02-001', other: 'a hook of somebody else' }[kind];
  return `${path}: ${what}${executable ? '' : ', not executable'}`;
}

function fileRemarks(
  { path, executable, uid, mode, text = '' }: Installation['files'][number],
  exists: Installation['exists'],
) {
  const paths = pathsOf(text);
  return [
    ...(executable ? [] : [`${path} is not executable, so libvirt does not run it; install the hook again`]),
    ...(uid === undefined || uid === 0 ? [] : [`${path} belongs to user id ${uid}; chown root ${path}`]),
    ...(mode !== undefined && (mode & 0o022) !== 0 ? [`others than root may write ${path}; chmod 755 ${path}`] : []),
    ...[paths?.node, paths?.script]
      .filter((needed) => needed !== undefined && !exists(needed))
      .map((needed) => `${needed} is gone; install the hook again`),
    ...(paths && text === hookScript(paths)
      ? []
      : [
          `${path} was written by another version, or changed by hand; "libvirt-vlan-exporter hook install" writes it anew`,
        ]),
  ];
}

function originalRemark({ path }: HookFile): string {
  return `${path} is the hook of RCA-2026-02-001 and still runs: both set VLANs, and it knows only its own list; remove it when this one has proved itself`;
}

function earliest(files: readonly HookFile[]): number {
  return Math.min(...files.map(({ since }) => since));
}

// Before 6.5.0 there is only the one file.
function knowsNoFolder(libvirt: readonly number[]): boolean {
  const [major, minor] = libvirt as readonly [number, number];
  return major < 6 || (major === 6 && minor < 5);
}
