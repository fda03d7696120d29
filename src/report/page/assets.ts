// The page's own files. Their names carry a hash, so that they may be kept for ever and an update is seen at once.
import { createHash } from 'node:crypto';
import script from './client.js?raw';
import drift from './icon-drift.svg?raw';
import ok from './icon-ok.svg?raw';
import unknown from './icon-unknown.svg?raw';
import style from './page.css?raw';

export interface Asset {
  /** Relative to the page. */
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

export const STYLE = asset('page', 'css', 'text/css; charset=utf-8', style);
export const SCRIPT = asset('client', 'js', 'text/javascript; charset=utf-8', script);
export const ICONS = {
  ok: asset('ok', 'svg', 'image/svg+xml', ok),
  drift: asset('drift', 'svg', 'image/svg+xml', drift),
  unknown: asset('unknown', 'svg', 'image/svg+xml', unknown),
} as const;

export const ASSETS: readonly Asset[] = [STYLE, SCRIPT, ...Object.values(ICONS)];

function asset(name: string, extension: string, type: string, body: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { path: `assets/${name}-${hash}.${extension}`, type, body };
}
