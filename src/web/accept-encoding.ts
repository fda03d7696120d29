// Whether an answer is compressed, by the client's Accept-Encoding (RFC 9110, 12.5.3): here for every route.
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Whether the body should be gzip; says so in the answer's headers. */
export function negotiateGzip(request: FastifyRequest, reply: FastifyReply): boolean {
  const gzip = acceptsGzip(request.headers['accept-encoding']);
  reply.header('vary', 'accept-encoding');
  if (gzip) reply.header('content-encoding', 'gzip');
  return gzip;
}

/** Whether the client takes gzip. A weight of 0 is a no; a name stands above the star. */
function acceptsGzip(header: string | string[] | undefined): boolean {
  const weights = new Map(
    String(header ?? '')
      .split(',')
      .map((item): [string, number] => {
        const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
        const q = parameters.find((parameter) => /^q\s*=/.test(parameter));
        return [coding, q === undefined ? 1 : Number(q.slice(q.indexOf('=') + 1))];
      }),
  );
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}
