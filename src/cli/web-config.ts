// `config check --web FILE`: what is wrong with a web config, without starting anything.
import type { Files } from '../host/host.ts';
import { loadWebConfig, type Web } from '../web/config/load-web-config.ts';
import { print, tell } from './output.ts';

/** Prints what the file says in one line; warnings go to stderr. Throws ConfigError. */
export function runWebConfigCheck(files: Files, file: string): void {
  const web = loadWebConfig(files, file);
  for (const warning of web.warnings) tell(warning);
  print(`${file}: valid; ${saidBy(web).join('; ')}\n`);
}

/** What a web config says, in a few words each. */
export function saidBy({ config, tls }: Web): readonly string[] {
  const { users, rateLimit } = config;
  return [
    ...(tls && config.tls
      ? [
          `${config.tls.minVersion} to ${config.tls.maxVersion}`,
          `the certificate expires on ${new Date(tls.expiresAt).toISOString()}`,
          `client certificates: ${tls.clientAuth}`,
        ]
      : ['no TLS']),
    users.size === 0 ? 'no passwords' : `${users.size} ${users.size === 1 ? 'user' : 'users'}`,
    rateLimit
      ? `at most ${rateLimit.burst} requests at once, one more each ${rateLimit.intervalMs} ms`
      : 'no rate limit',
  ];
}
