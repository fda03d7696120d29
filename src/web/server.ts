// The exporter's HTTP server: what every response has in common, and the routes that are not the page's.
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Exporter } from '../exporter/exporter.ts';
import type { Log } from '../model/log.ts';
import type { Lane } from './intake.ts';
import { type Address, ListenError } from './listen.ts';
import { addMetrics, type MetricsRoute } from './metrics.ts';
import { addPage, type PageSource } from './page.ts';
import { type Serving, serve } from './serve.ts';
import type { WebSettings } from './settings.ts';

export interface ServerOptions {
  readonly exporter: Exporter;
  readonly log: Log;
  readonly addresses: readonly Address[];
  /** TLS, passwords, limits: the web config. */
  readonly settings: WebSettings;
  /** `/metrics`. */
  readonly telemetryPath: string;
  /** Requests in work: so many scrapes, and so many of everything else; 0 is no limit. */
  readonly maxRequests: number;
  /** Whether POST /-/reload is allowed. */
  readonly lifecycle: boolean;
  /** Called for a reload; returns the problem where the config was refused. */
  readonly reload: () => string | undefined;
  /** What the status page shows. */
  readonly page: PageSource;
}

/** Of every answer, unless its route says otherwise: it may load nothing, be framed by nobody, and is what its type says. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

// No route has a schema; without this, fastify loads its schema compilers all the same, which takes a fifth of the start.
const noCompiler = () => () => {
  throw new Error('this server has no schemas');
};
const NO_SCHEMAS = { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } };

export interface Server extends Serving {
  /** Resolves when /metrics shows the exporter's state at the time of the call. */
  rendered(): Promise<void>;
}

/** Serves until it is closed. Throws ListenError where an address or path cannot be served. */
export async function startServer(options: ServerOptions): Promise<Server> {
  // What the operator wants of each answer stands above what a route says.
  const wanted = () => options.settings.current().config.headers;
  const app = fastify({
    schemaController: NO_SCHEMAS,
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1024,
    routerOptions: { maxParamLength: 200 },
    // Where no route could be looked for: without this, fastify answers by itself, in JSON and without our headers.
    frameworkErrors: (_error, _request, reply) =>
      void text(reply.headers({ ...SECURITY_HEADERS, ...wanted() }), 400, 'Bad request.'),
  });
  app.addHook('onRequest', async (_request, reply) => void reply.headers({ ...SECURITY_HEADERS, ...wanted() }));
  app.addHook('onSend', async (_request, reply) => void reply.headers(wanted()));
  app.setNotFoundHandler((request, reply) => notFound(app, options.telemetryPath, request, reply));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500)
      options.log.error({ path: request.url, problem: error.message, stack: error.stack }, 'request failed');
    return text(reply, status, status >= 500 ? 'internal error, see the log' : error.message);
  });
  addPage(app, options.page);
  const metrics = addOwnRoutes(app, options);
  await app.ready();
  const { settings, log, maxRequests, telemetryPath } = options;
  const serving = await serve(options.addresses, (request, response) => app.routing(request, response), {
    settings,
    log,
    maxRequests,
    lane: (path) => laneOf(path, telemetryPath),
  });
  return {
    urls: serving.urls,
    rendered: metrics.rendered,
    close: async () => {
      await Promise.all([app.close(), serving.close()]);
    },
  };
}

// The stream of events has its own limit of clients, and stays in work for hours.
function laneOf(path: string, telemetryPath: string): Lane {
  if (path === '/events') return 'unlimited';
  return path === telemetryPath || path.startsWith('/-/') ? 'scrape' : 'page';
}

function addOwnRoutes(
  app: FastifyInstance,
  { exporter, log, settings, telemetryPath, lifecycle, reload }: ServerOptions,
): MetricsRoute {
  if (app.hasRoute({ method: 'GET', url: telemetryPath }) || telemetryPath.startsWith('/-/')) {
    throw new ListenError(`telemetry path ${telemetryPath}: something else is served there; choose another`);
  }
  const metrics = addMetrics(app, { path: telemetryPath, exporter, log, web: settings.facts });
  app.get('/-/healthy', async (_request, reply) => text(reply, 200, 'libvirt-vlan-exporter is healthy.'));
  app.get('/-/ready', async (_request, reply) =>
    metrics.hasReport()
      ? text(reply, 200, 'libvirt-vlan-exporter is ready.')
      : text(reply, 503, 'The first audit is not done yet.'),
  );
  // What a form or a script sends with it does not matter.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async () => undefined);
  app.post('/-/reload', async (request, reply) => {
    if (!lifecycle)
      return text(reply, 403, 'Reload by HTTP is off: start with --web.enable-lifecycle, or send SIGHUP.');
    if (request.headers['sec-fetch-site'] === 'cross-site') return text(reply, 403, 'Not from another site.');
    const problem = reload();
    return problem === undefined
      ? text(reply, 200, 'Config loaded.')
      : text(reply, 500, `Config refused, the last good one stays in force:\n${problem}`);
  });
  return metrics;
}

function notFound(
  app: FastifyInstance,
  telemetryPath: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const url = request.url.split('?', 1)[0] ?? '';
  // hasRoute would take it for a pattern of a route, and compile what stands in it; no route of ours has one.
  const isPattern = /[:*]/.test(url);
  const methods = isPattern ? [] : (['GET', 'HEAD', 'POST'] as const);
  const allowed = methods.filter((method) => app.hasRoute({ method, url }));
  if (allowed.length === 0) return text(reply, 404, `Not found. There are /, ${telemetryPath} and /api/v1/report.`);
  return text(reply.header('allow', allowed.join(', ')), 405, `Method not allowed, only ${allowed.join(', ')}.`);
}

function text(reply: FastifyReply, status: number, line: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(`${line}\n`);
}
