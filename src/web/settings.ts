// The web config in force. It is looked at again when somebody connects or asks, at most once a second, and taken anew when one of its
// files has changed; a bad one is told, and the last good one stays in force.
import { isDeepStrictEqual } from 'node:util';
import { wholeFile } from '../config/read-file.ts';
import type { Files, Host } from '../host/host.ts';
import type { Log } from '../model/log.ts';
import type { WebFacts } from '../report/metrics/self.ts';
import { loadWebConfig, type Web } from './config/load-web-config.ts';
import { NO_WEB_CONFIG } from './config/web-config.ts';

export interface WebSettings {
  /** What is in force. The same object as long as nothing changes. */
  current(): Web;
  /** undefined where there is no web config. */
  facts(): WebFacts | undefined;
}

const CHECK_MS = 1000;

/** Nothing is asked of anybody. */
export function noWebSettings(): WebSettings {
  const web: Web = { config: NO_WEB_CONFIG, tls: undefined, warnings: [] };
  return { current: () => web, facts: () => undefined };
}

/** Of the file at `path`. Throws ConfigError where the first reading fails. */
export function createWebSettings(files: Files & Pick<Host, 'monotonic'>, path: string, log: Log): WebSettings {
  const now = files.monotonic;
  let watched = new Set<string>();
  let web = load(watched);
  let lastReloadOk = true;
  let signature = signatureOf(files, watched);
  let lookedAt = now();
  for (const warning of web.warnings) log.warn({ problem: warning }, 'web config');

  function load(seen: Set<string>): Web {
    return loadWebConfig(files, path, (file) => void seen.add(file));
  }

  // Who saves a file may empty it first. For that moment nobody is let in without a password.
  function stillSaying(next: Web): Web {
    if (!isDeepStrictEqual(next.config, NO_WEB_CONFIG) || isDeepStrictEqual(web.config, NO_WEB_CONFIG)) return next;
    throw wholeFile(path, 'it says nothing any more; restart, where TLS and passwords should end');
  }

  function look(): void {
    if (now() - lookedAt < CHECK_MS) return;
    lookedAt = now();
    // Before the files are read: what changes while they are is seen the next time.
    const fresh = signatureOf(files, watched);
    if (fresh === signature) return;
    signature = fresh;
    const known = watched;
    const seen = new Set<string>();
    try {
      web = stillSaying(load(seen));
      watched = seen;
      lastReloadOk = true;
      log.info({ file: path }, 'web config loaded');
      for (const warning of web.warnings) log.warn({ problem: warning }, 'web config');
    } catch (error) {
      watched = new Set([...watched, ...seen]);
      lastReloadOk = false;
      log.error({ problem: (error as Error).message }, 'web config refused, the last good one stays in force');
    }
    // The file may name others now.
    signature = [...seen].some((file) => !known.has(file)) ? signatureOf(files, watched) : fresh;
  }

  return {
    current: () => {
      look();
      return web;
    },
    facts: () => {
      look();
      return { lastReloadOk, certificateExpiresAt: web.tls?.expiresAt };
    },
  };
}

function signatureOf(files: Files, paths: Iterable<string>): string {
  return [...paths]
    .sort()
    .map((path) => {
      try {
        // ctime: a change of owner, group or security label may be what makes a file readable.
        const { ino, mtimeMs, ctimeMs, size, mode } = files.stat(path) ?? {};
        return JSON.stringify(path) + JSON.stringify([ino, mtimeMs, ctimeMs, size, mode]);
      } catch (error) {
        return JSON.stringify(path) + (error as Error).message;
      }
    })
    .join();
}
