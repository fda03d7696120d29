// The config file: text → Settings in normal form, or a ConfigError that has every problem with its line and key.
import type { Files } from '../host/host.ts';
import { settingsFrom } from './normal.ts';
import { readTextFile } from './read-file.ts';
import { configFile } from './schema.ts';
import type { Settings } from './settings.ts';
import { parseYaml } from './yaml-file.ts';

/** Reads the file at `path`. `hint`: what to do where there is none. Throws ConfigError. */
export function loadSettings(
  host: Files,
  path: string,
  hint = '"libvirt-vlan-exporter config infer" proposes one, or name another with --config.file',
): Settings {
  return parseSettings(readTextFile(host, path, hint), path);
}

/** `text` as settings; `file` is its name in messages. Throws ConfigError, and nothing else, whatever the text. */
export function parseSettings(text: string, file: string): Settings {
  return settingsFrom(parseYaml(text, file, configFile).value);
}
