// Whether a client may come in by the certificate that it showed, as Go's crypto/tls (ClientAuthType) and exporter-toolkit have it.
// What node checks itself (that there is one, and that it is the CA's) it checks in the handshake; here is the rest.
import { isIPv6 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Tls } from './config/load-web-config.ts';

/** For node:tls: whether a certificate is asked for, and whether the handshake ends without one of the CA's. */
export function peerOptions({ clientAuth }: Tls): { requestCert: boolean; rejectUnauthorized: boolean } {
  return {
    requestCert: clientAuth !== 'NoClientCert',
    rejectUnauthorized: clientAuth === 'RequireAndVerifyClientCert',
  };
}

/** Whether the client of a connection that is set up may ask anything. */
export function isLetIn(socket: TLSSocket, { clientAuth, clientAllowedSans }: Tls): boolean {
  if (clientAuth === 'NoClientCert' || clientAuth === 'RequestClientCert') return true;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return clientAuth === 'VerifyClientCertIfGiven';
  if (clientAuth !== 'RequireAnyClientCert' && !socket.authorized) return false;
  if (!clientAllowedSans) return true;
  const names = sanValues(certificate.subjectAltName);
  return clientAllowedSans.some((allowed) => names.includes(normalIp(allowed)));
}

const KINDS = ['DNS', 'email', 'IP Address', 'URI'];

/** The values in node's text of a subjectAltName, of the kinds that can be allowed. A value with odd characters is quoted there. */
export function sanValues(text: string | undefined): readonly string[] {
  const entry = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  const values: string[] = [];
  while (text && entry.lastIndex < text.length) {
    const [, kind, value] = entry.exec(text) ?? [];
    // What is not understood lets nobody in.
    if (kind === undefined || value === undefined) return [];
    if (KINDS.includes(kind)) values.push(normalIp(unquoted(value)));
  }
  return values;
}

function unquoted(value: string): string {
  return value.startsWith('"') ? (JSON.parse(value) as string) : value;
}

// OpenSSL writes addresses of IPv6 in full. With a zone it is none that a certificate can be for, and no URL can hold it.
function normalIp(text: string): string {
  return isIPv6(text) && !text.includes('%') ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text;
}
