// A file that is there whole or not at all: written beside it, then renamed (rename(2)).
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Replaces a file; its mode is that one, whatever the umask. `durable`: it survives a power cut. Throws Error where it cannot be; then the former file is still there. */
export function replaceFile(path: string, text: string, options: { mode: number; durable?: boolean }): void {
  const beside = `${path}.new`;
  try {
    // A left-over of a process that died may have another mode.
    rmSync(beside, { force: true });
    const file = openSync(beside, 'wx', options.mode);
    try {
      fchmodSync(file, options.mode);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      if (options.durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
