// A line of text as the answer to who is refused before any route is asked.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

export function answer(response: ServerResponse, status: number, line: string, more: OutgoingHttpHeaders = {}): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...more,
  });
  response.end(`${line}\n`);
}

/** It may be asked again soon. */
export function busy(response: ServerResponse, line: string): void {
  answer(response, 503, line, { 'retry-after': '1' });
}
