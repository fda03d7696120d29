// A daemon's config file: read when the daemon starts and at a reload. In between it is only looked at, whether it says something else:
// the hook reads it at each start of a VM, so that an edit without a reload makes the two disagree.
import { createHash } from 'node:crypto';
import type { Host } from '../host/host.ts';
import { loadSettings } from './load.ts';
import { readTextFile } from './read-file.ts';
import type { Settings } from './settings.ts';

type Files = Pick<Host, 'stat' | 'readText'>;

export interface Loader {
  /** Reads the file. Throws ConfigError where it is bad. */
  load(): Settings;
  /** Whether its text, valid or not, is another than the one that was loaded; undefined where it cannot be read now. */
  isEdited(): boolean | undefined;
}

/** The file is read again only where it was touched. */
export function createLoader(host: Files, path: string): Loader {
  let loaded: string | undefined;
  let seen: { readonly identity: string; readonly sha256: string } | undefined;
  return {
    load: () => {
      let text = '';
      const readText: Files['readText'] = (file) => {
        text = host.readText(file);
        return text;
      };
      const settings = loadSettings({ stat: host.stat, readText }, path);
      loaded = hashOf(text);
      return settings;
    },
    isEdited: () => {
      try {
        // Taken before the text is: where the file changes in between, it is read again the next time.
        const identity = identityOf(host, path);
        if (seen?.identity !== identity) seen = { identity, sha256: hashOf(readTextFile(host, path)) };
        return seen.sha256 !== loaded;
      } catch {
        return undefined;
      }
    },
  };
}

// The ctime changes with the file's permissions, too.
function identityOf(host: Files, path: string): string {
  const stat = host.stat(path);
  return `${stat?.ino} ${stat?.mtimeMs} ${stat?.ctimeMs} ${stat?.size}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
