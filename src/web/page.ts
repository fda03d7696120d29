// The status page's routes: `/`, its assets, `/events`, `/api/v1/report`. A page is rendered and compressed once per state and
// second, whoever asks how often; so is a page with a search, for the last few searches.
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Report } from '../model/report.ts';
import { letOthersIn } from '../model/slices.ts';
import { reportJson } from '../report/json.ts';
import { ASSETS } from '../report/page/assets.ts';
import type { Filter } from '../report/page/filter.ts';
import type { PageInput } from '../report/page/input.ts';
import { renderPage } from '../report/page.ts';
import { negotiateGzip } from './accept-encoding.ts';
import { createEventHub } from './events.ts';

/** Where the page gets what it shows. */
export interface PageSource {
  /** The state now. */
  read(): PageInput;
  /** Calls back at each change of what `read` returns; the result ends that. */
  subscribe(changed: () => void): () => void;
}

export interface PageOptions {
  readonly maxClients?: number;
  readonly pingMs?: number;
}

// A search is words that a person types.
const MAX_QUERY = 200;
const MAX_SEARCHES = 16;

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
} as const;

/** Adds the routes. They end by themselves when the server closes. */
export function addPage(app: FastifyInstance, source: PageSource, options: PageOptions = {}): void {
  const { maxClients = 64, pingMs = 15_000 } = options;
  // Names of states are the same or not, and have no order: the host's clock may be set back, and the exporter be started again.
  const run = randomUUID();
  let changes = 0;
  let state = `${run}/0`;
  const hub = createEventHub(pingMs, state);
  const unsubscribe = source.subscribe(() => {
    state = `${run}/${++changes}`;
    hub.changed(state);
  });
  app.addHook('preClose', async () => {
    unsubscribe();
    hub.close();
  });

  const page = cached((input, state) => renderPage(input, undefined, state));
  const searches = new Map<string, ReturnType<typeof cached>>();
  const search = (filter: Filter) => {
    const key = JSON.stringify(filter);
    const known = searches.get(key) ?? cached((input, state) => renderPage(input, filter, state));
    // The one that was asked for longest ago goes first.
    searches.delete(key);
    searches.set(key, known);
    for (const [oldest] of searches) if (searches.size > MAX_SEARCHES) searches.delete(oldest);
    return known(source, state);
  };
  // One at a time, and between two of them whoever waits has their turn.
  let turn = Promise.resolve();
  const json = cached(({ report }) => (report ? stringify(report) : undefined));

  app.get('/', async (request, reply) => {
    const filter = filterOf(request.query as Record<string, unknown>);
    reply.headers({ ...HEADERS, 'cache-control': 'no-cache' }).type('text/html; charset=utf-8');
    if (!filter) return send(request, reply, page(source, state));
    turn = turn.then(letOthersIn);
    await turn;
    return send(request, reply, search(filter));
  });

  app.get('/api/v1/report', async (request, reply) => {
    const body = json(source, state);
    reply.headers({ ...HEADERS, 'cache-control': 'no-cache' }).type('application/json; charset=utf-8');
    if (body.bytes === undefined) return reply.code(503).send('{"error":"no audit yet"}\n');
    return send(request, reply, body);
  });

  // Not HEAD: it would never end.
  app.get('/events', { exposeHeadRoute: false }, (request, reply) => {
    // Behind another request of its connection it has no socket, and Node 20 does not tell when that one is gone.
    if (request.raw.httpVersionMajor === 1 && reply.raw.socket === null)
      return reply.code(503).header('retry-after', '1').send('one request at a time, please\n');
    if (hub.size >= maxClients) return reply.code(503).header('retry-after', '15').send('too many clients\n');
    reply.hijack();
    hub.add(reply.raw, reply.getHeaders());
  });

  for (const { path, type, body } of ASSETS) {
    app.get(`/${path}`, async (_request, reply) => {
      reply.headers({ ...HEADERS, 'cache-control': 'public, max-age=31536000, immutable' }).type(type);
      return body;
    });
  }
}

// The JSON of a report is for programs and for people with curl.
function stringify(report: Report): string {
  return `${JSON.stringify(reportJson(report), undefined, 1)}\n`;
}

interface Rendered {
  /** Not as text: each answer would have a copy of its own. */
  readonly bytes: Buffer | undefined;
  /** Compressed at the first wish. */
  gzipped: Promise<Buffer> | undefined;
}

const compress = promisify(gzip);

// Ages are in the page, so it is made anew after a second even where nothing else changed.
function cached(
  render: (input: PageInput, state: string) => string | undefined,
): (source: PageSource, state: string) => Rendered {
  let last: (Rendered & { readonly state: string; readonly at: number }) | undefined;
  return (source, state) => {
    const input = source.read();
    if (last?.state !== state || Math.abs(input.now - last.at) > 1000) {
      const text = render(input, state);
      last = { state, at: input.now, bytes: text === undefined ? undefined : Buffer.from(text), gzipped: undefined };
    }
    return last;
  };
}

async function send(request: FastifyRequest, reply: FastifyReply, rendered: Rendered): Promise<Buffer> {
  const plain = rendered.bytes ?? Buffer.alloc(0);
  if (!negotiateGzip(request, reply)) return plain;
  rendered.gzipped ??= compress(plain, { level: 6 });
  return rendered.gzipped;
}

// A key that stands twice comes as an array: then the first counts.
function filterOf(query: Record<string, unknown>): Filter | undefined {
  const first = (value: unknown) => String((Array.isArray(value) ? value[0] : value) ?? '');
  const q = first(query.q).slice(0, MAX_QUERY).trim();
  const drifted = first(query.drifted) === '1';
  return q === '' && !drifted ? undefined : { q, drifted };
}
