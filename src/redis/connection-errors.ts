import { DomainError } from '../lib/errors.ts';
import { formatAddress, type SourceAddress } from './source-address.ts';

/** How far a connection has come: nothing yet, the way is open (TLS included), or the source has sent something. */
export type LinkStage = 'connecting' | 'connected' | 'answering';

/** What to do by the code of OpenSSL or of Node, first match wins. Alerts are what the other side says of us (RFC 8446, 6.2). */
const TLS_HINTS: ReadonlyArray<readonly [pattern: RegExp, hint: string]> = [
  [
    /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|CERT_REJECTED/,
    'nobody whom this machine trusts has signed its certificate: attach the instance with the CA that did (--ca-file)',
  ],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, "renew the server's certificate, or set the clock of this machine"],
  [/ALTNAME/, 'attach it by a name or an address that its certificate holds, or give the server a certificate with this one'],
  [
    /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/,
    'the server wants a client certificate: attach the instance with one that its CA signed (--cert-file, --key-file)',
  ],
  [
    /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_|DECRYPT_ERROR)/,
    "the server does not take the client certificate: attach the instance with a valid one of the server's CA (--cert-file, --key-file)",
  ],
  [
    /WRONG_VERSION|PACKET_LENGTH|UNKNOWN_PROTOCOL|HTTP_REQUEST|^EPROTO$/,
    'check that the port speaks TLS; a port without it is attached with redis://',
  ],
  [
    /^ERR_OSSL|^ERR_INVALID_ARG/,
    'the CA, certificate or key that the instance was attached with is no PEM, or key and certificate are no pair',
  ],
];
const OTHER_TLS_HINT = 'check that the port speaks TLS, and the CA, certificate and key that the instance was attached with';
const IS_TLS_CODE = /CERT|SELF_SIGNED|UNABLE_TO|^ERR_TLS|^ERR_SSL|^ERR_OSSL|^EPROTO$/;

/** The error for a failure of the network or of TLS: `source-tls-failed`, or by the stage `source-unreachable` or `source-closed`. */
export function toConnectionError(address: SourceAddress, cause: unknown, stage: LinkStage): DomainError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = cause instanceof Error ? toReason(cause) : String(cause);
  if (IS_TLS_CODE.test(code)) {
    const hint = TLS_HINTS.find(([pattern]) => pattern.test(code))?.[1] ?? OTHER_TLS_HINT;
    return new DomainError('source-tls-failed', `no TLS session with ${formatAddress(address)}: ${reason}`, { hint, cause });
  }
  if (stage !== 'connecting') {
    return createClosedError(address, reason, stage, cause);
  }
  const hint = 'check that the source runs and that host, port and firewall let this machine reach it';
  return new DomainError('source-unreachable', `no connection to ${formatAddress(address)}: ${reason}`, {
    retryable: true,
    hint: address.tls === undefined ? hint : `${hint}; a port without TLS is attached with redis://`,
    cause,
  });
}

/**
 * `source-closed`. A server that closes before it has answered anything may speak the other of TLS and plain text, or want a client
 * certificate: its alert gets lost where we had sent something already.
 */
export function createClosedError(address: SourceAddress, reason: string, stage: LinkStage, cause?: unknown): DomainError {
  const unanswered =
    address.tls === undefined
      ? 'a port with TLS is attached with rediss://'
      : 'where it wants a client certificate, attach it with one that its CA signed (--cert-file, --key-file)';
  const hint =
    stage === 'answering'
      ? 'see the log of the source: a limit of its output buffer, a failed fork, a failover or a restart ends a transfer'
      : `see the log of the source; ${unanswered}`;
  return new DomainError('source-closed', `${formatAddress(address)} closed the connection: ${reason}`, { retryable: true, hint, cause });
}

/** OpenSSL's own word where there is one; an AggregateError of several tried addresses has an empty message of its own. */
function toReason(error: Error): string {
  if (error instanceof AggregateError) {
    return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join(', ');
  }
  return 'reason' in error && typeof error.reason === 'string' && error.reason !== '' ? error.reason : error.message;
}
