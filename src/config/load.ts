// The config file: text → Settings in normal form, or a ConfigError that has every problem with its line and key.
import type { Host } from '../host/host.ts';
import { settingsFrom } from './normal.ts';
import { ConfigError } from './problem.ts';
import { configFile } from './schema.ts';
import type { Settings } from './settings.ts';
import { MAX_BYTES, parseYaml, wholeFile } from './yaml-file.ts';

type Files = Pick<Host, 'stat' | 'readText'>;

/** Reads the file at `path`. Throws ConfigError. */
export function loadSettings(host: Files, path: string): Settings {
  return parseSettings(readFile(host, path), path);
}

/** `text` as settings; `file` is its name in messages. Throws ConfigError, and nothing else, whatever the text. */
export function parseSettings(text: string, file: string): Settings {
  return settingsFrom(parseYaml(text, file, configFile).value);
}

function readFile(host: Files, path: string): string {
  try {
    const stat = host.stat(path);
    if (!stat) throw wholeFile(path, 'no such file; name another with --config.file');
    if (!stat.isFile) throw wholeFile(path, 'not a regular file');
    if (stat.size > MAX_BYTES) throw wholeFile(path, `larger than ${MAX_BYTES / 1024} KiB; expected a config file`);
    return host.readText(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw wholeFile(path, `cannot be read: ${(error as Error).message}`, error);
  }
}
