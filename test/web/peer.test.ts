// Who comes in by a certificate, and how an answer is packed: the rules, without a connection.
import type { TLSSocket } from 'node:tls';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { negotiateGzip } from '../../src/web/accept-encoding.ts';
import { CLIENT_AUTH, type ClientAuth } from '../../src/web/config/web-config-schema.ts';
import { isLetIn, peerOptions, sanValues } from '../../src/web/peer.ts';

const tls = (clientAuth: ClientAuth, clientAllowedSans?: readonly string[]) => ({
  context: {},
  clientAuth,
  clientAllowedSans,
  expiresAt: 0,
});

it('a certificate is asked for where it counts, and the handshake ends without one only where all must have one of the CA', () => {
  const options = CLIENT_AUTH.map((clientAuth) => Object.values(peerOptions(tls(clientAuth))));
  expect(options).toEqual([
    [false, false],
    [true, false],
    [true, false],
    [true, false],
    [true, true],
  ]);
});

type Shown = 'none' | 'of another CA' | 'of the CA';

function comesIn(clientAuth: ClientAuth, shown: Shown, allowed?: readonly string[], san = 'DNS:scraper'): boolean {
  const certificate = shown === 'none' ? undefined : { subjectAltName: san };
  const socket = { authorized: shown === 'of the CA', getPeerX509Certificate: () => certificate };
  return isLetIn(socket as unknown as TLSSocket, tls(clientAuth, allowed));
}

it.each<[ClientAuth, boolean, boolean, boolean]>([
  ['NoClientCert', true, true, true],
  ['RequestClientCert', true, true, true],
  ['RequireAnyClientCert', false, true, true],
  ['VerifyClientCertIfGiven', true, false, true],
  ['RequireAndVerifyClientCert', false, false, true],
])('by %s come in: with no certificate %s, with one of another CA %s, with one of the CA %s', (auth, ...expected) => {
  const shown = ['none', 'of another CA', 'of the CA'] as const;
  expect(shown.map((certificate) => comesIn(auth, certificate))).toEqual(expected);
});

it('where names are allowed, one of them must be in the certificate, of any kind', () => {
  const by = (allowed: readonly string[], san: string) =>
    comesIn('RequireAndVerifyClientCert', 'of the CA', allowed, san);
  expect(by(['scraper'], 'DNS:scraper')).toBe(true);
  expect(by(['a', 'scraper'], 'DNS:other, email:scraper')).toBe(true);
  expect(by(['scraper'], 'DNS:scraper.example')).toBe(false);
  expect(by([], 'DNS:scraper')).toBe(false);
  expect(by(['2001:db8::1'], 'IP Address:2001:DB8:0:0:0:0:0:1')).toBe(true);
});

it('a name that looks like an address of IPv6 with a zone is a name, in the certificate and where names are allowed', () => {
  const by = (allowed: string, san: string) => comesIn('RequireAnyClientCert', 'of another CA', [allowed], san);
  expect(by('scraper', 'DNS:fe80::1%eth0')).toBe(false);
  expect(by('fe80::1%eth0', 'DNS:scraper')).toBe(false);
  expect(by('fe80::1%eth0', 'DNS:fe80::1%eth0')).toBe(true);
});

it.each([
  [undefined, []],
  ['', []],
  ['DNS:a, DNS:b', ['a', 'b']],
  ['DNS:a, email:b@c, IP Address:192.0.2.1, URI:spiffe://d', ['a', 'b@c', '192.0.2.1', 'spiffe://d']],
  ['DNS:"a, DNS:b"', ['a, DNS:b']],
  ['DNS:"a\\"b"', ['a"b']],
  ['Registered ID:1.2, DNS:a', ['a']],
  ['DNS:a, garbage', []],
  ['DNS:a;DNS:b', ['a;DNS:b']],
  ['DNS:fe80::1%eth0', ['fe80::1%eth0']],
])('of the subjectAltName %j the values are %j', (text, values) => {
  expect(sanValues(text)).toEqual(values);
});

it.each([
  ['gzip', true],
  ['GZIP, deflate', true],
  ['deflate, br', false],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0', false],
  ['gzip;q=0, *', false],
  ['*;q=0, gzip;q=0.1', true],
  ['gzip; Q = 0.5', true],
  ['gzip;level=1;q=0', false],
  ['', false],
  [undefined, false],
])('by Accept-Encoding %j the answer is packed: %s', (header, packed) => {
  const headers = new Map<string, string>();
  const reply = { header: (name: string, value: string) => void headers.set(name, value) };
  const request = { headers: { 'accept-encoding': header } };
  expect(negotiateGzip(request as unknown as FastifyRequest, reply as unknown as FastifyReply)).toBe(packed);
  expect(Object.fromEntries(headers)).toEqual({
    vary: 'accept-encoding',
    ...(packed && { 'content-encoding': 'gzip' }),
  });
});
