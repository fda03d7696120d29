// The exporter's state as what the metrics are made of, and the route that serves them.
import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createTurns } from '../daemon/turns.ts';
import type { Exporter } from '../exporter/exporter.ts';
import { auditInputsOf, inputsOf } from '../exporter/metric-inputs.ts';
import { type ExporterState, watchersOf } from '../exporter/state.ts';
import { processFacts } from '../host/linux/process.ts';
import type { Log } from '../model/log.ts';
import type { SelfInputs, WebFacts } from '../report/metrics/self.ts';
import { CONTENT_TYPE } from '../report/metrics.ts';
import { negotiateGzip } from './accept-encoding.ts';
import { createExposition } from './exposition.ts';

export interface MetricsRoute {
  /** Whether there is a report in what is served. */
  hasReport(): boolean;
  /** Resolves when what is served is made of the exporter's state at the time of the call. */
  rendered(): Promise<void>;
}

export interface MetricsOptions {
  readonly path: string;
  readonly exporter: Exporter;
  readonly log: Log;
  /** What is told of the web config. */
  readonly web: () => WebFacts | undefined;
}

/** Serves the metrics at `path`. A scrape runs no process and reads nothing of the host. */
export function addMetrics(app: FastifyInstance, { path, exporter, log, web }: MetricsOptions): MetricsRoute {
  const exposition = createExposition();
  let hasReport = false;
  // Where changes come faster than they can be rendered, only the newest is.
  const turns = createTurns<void>({
    run: async () => {
      try {
        const inputs = inputsOf(exporter.state());
        await exposition.refresh(inputs);
        hasReport ||= inputs.report !== undefined;
      } catch (error) {
        const { message, stack } = error as Error;
        log.error({ problem: message, stack }, 'metrics cannot be rendered');
      }
    },
    rest: () => 0,
  });
  const unsubscribe = exporter.subscribe(() => void turns.request());
  void turns.request();
  app.addHook('preClose', async () => unsubscribe());

  app.get(path, async (request, reply) => {
    const parts = await exposition.scrape(selfOf(exporter.state(), web()), negotiateGzip(request, reply));
    reply.type(CONTENT_TYPE);
    sendParts(request, reply, parts);
  });
  return { hasReport: () => hasReport, rendered: turns.request };
}

// The parts as they are: putting them together would copy megabytes at each scrape.
function sendParts(request: FastifyRequest, reply: FastifyReply, parts: readonly Buffer[]): void {
  reply.hijack();
  const headers = reply
    .header(
      'content-length',
      parts.reduce((sum, part) => sum + part.length, 0),
    )
    .getHeaders();
  const response = reply.raw.writeHead(200, headers as OutgoingHttpHeaders);
  if (request.method !== 'HEAD') for (const part of parts) response.write(part);
  response.end();
}

function selfOf(state: ExporterState, web: WebFacts | undefined): SelfInputs {
  const { audits, config } = state;
  const once = auditInputsOf(state);
  return {
    ...once,
    audits: { ...once.audits, total: audits.total, failures: audits.failures },
    watchers: watchersOf(state),
    config: { ...once.config, ...config },
    web,
    process: processFacts(),
  };
}
