// A file of a config, read whole, or a ConfigError that says what is the matter with it.
import type { Files } from '../host/host.ts';
import { ConfigError } from './problem.ts';

/** Far above what the largest host needs, far below what would take seconds to read. */
export const MAX_BYTES = 256 * 1024;

/** The text at `path`. `hint`: what to do where there is none. Throws ConfigError, and nothing else. */
export function readTextFile(files: Files, path: string, hint = '', maxBytes = MAX_BYTES): string {
  if (path === '-')
    throw wholeFile(path, 'expected the path of a file: nothing is read from stdin; save it to a file first');
  try {
    const stat = files.stat(path);
    if (!stat) throw wholeFile(path, `no such file${hint && `; ${hint}`}`);
    if (!stat.isFile) throw wholeFile(path, 'not a regular file; what comes from a pipe, save to a file first');
    if (stat.size > maxBytes) throw tooLarge(path, maxBytes);
    return files.readText(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw wholeFile(path, `cannot be read: ${(error as Error).message}`, error);
  }
}

/** A problem with the file as a whole. */
export function wholeFile(file: string, text: string, cause?: unknown): ConfigError {
  return new ConfigError(file, [{ line: undefined, column: undefined, key: '', text }], { cause });
}

/** A file larger than that. */
export function tooLarge(file: string, maxBytes = MAX_BYTES): ConfigError {
  const limit = maxBytes < 1024 ** 2 ? `${maxBytes / 1024} KiB` : `${maxBytes / 1024 ** 2} MiB`;
  return wholeFile(file, `larger than ${limit}; is it the right file?`);
}
