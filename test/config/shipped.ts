// The config file that is installed.
import { readFileSync } from 'node:fs';

const SHIPPED = new URL('../../systemd/config.yml', import.meta.url);

export function defaultConfigText(): string {
  return readFileSync(SHIPPED, 'utf8');
}
