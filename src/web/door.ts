// Who may ask at all, before anything is done for them: the rate limit, the headers that each answer has, the password.
import type { RequestListener, ServerResponse } from 'node:http';
import { answer, busy } from './answer.ts';
import { clientOf } from './client.ts';
import { hasGone } from './connections.ts';
import { type Admission, type Passwords, parseBasic } from './passwords.ts';
import { createRateLimiter } from './rate-limit.ts';
import type { WebSettings } from './settings.ts';

const REALM = 'Basic realm="libvirt-vlan-exporter", charset="UTF-8"';

/** `handle`, called for those that the web config lets in. `now`: milliseconds, never set back. */
export function guarded(
  handle: RequestListener,
  settings: WebSettings,
  passwords: Passwords,
  now: () => number,
): RequestListener {
  const isLetIn = createRateLimiter(now);
  return (request, response) => {
    const { headers, users, rateLimit } = settings.current().config;
    if (!isLetIn(rateLimit)) return answer(response, 429, 'Too Many Requests');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (users.size === 0) return handle(request, response);
    const credentials = parseBasic(request.headers.authorization);
    if (!credentials) return refuse(response, 'bad');
    const admission = passwords.check(users, credentials, clientOf(request.socket.remoteAddress));
    const decide = (decided: Admission) => {
      if (decided === 'good') handle(request, response);
      else refuse(response, decided);
    };
    if (typeof admission === 'string') return decide(admission);
    // Who has gone meanwhile needs no answer.
    void admission.then((decided) => hasGone(request, response) || decide(decided));
  };
}

function refuse(response: ServerResponse, admission: Exclude<Admission, 'good'>): void {
  if (admission === 'bad') answer(response, 401, 'Unauthorized', { 'www-authenticate': REALM });
  else busy(response, 'Too many passwords are being checked, try again later.');
}
