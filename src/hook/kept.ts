// What the hook keeps between its calls: a folder that only root may enter, gone with a reboot. Nothing depends on it but time.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export const KEPT_FOLDER = '/run/libvirt-vlan-hook';
/** What V8 has compiled of the program, see src/hook-main.ts. */
export const KEPT_CODE = 'code';

/** undefined where nothing is kept by this name. Never throws. */
export function readKept(name: string): Buffer | undefined {
  try {
    return readFileSync(`${KEPT_FOLDER}/${name}`);
  } catch {
    return undefined;
  }
}

/** At once or not at all, for hooks that read meanwhile. Says whether it is kept. Never throws. */
export function writeKept(name: string, data: string | Buffer): boolean {
  const path = `${KEPT_FOLDER}/${name}`;
  try {
    mkdirSync(KEPT_FOLDER, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.${process.pid}`, data, { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
    return true;
  } catch {
    forget(`${name}.${process.pid}`);
    return false;
  }
}

/** Never throws. */
export function forget(name: string): void {
  try {
    rmSync(`${KEPT_FOLDER}/${name}`, { force: true });
  } catch {
    // A folder that cannot be written to.
  }
}
