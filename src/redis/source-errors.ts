import { DomainError } from '../lib/errors.ts';
import { formatAddress, type SourceAddress } from './source-address.ts';

interface ErrorRule {
  readonly pattern: RegExp;
  readonly code: string;
  readonly retryable?: boolean;
  readonly hint: string;
}

/**
 * Error replies that have a meaning of their own, first match wins. Prefixes as in the redis.io error documentation and `syncCommand`
 * of Redis.
 */
const RULES: readonly ErrorRule[] = [
  { pattern: /^WRONGPASS\b/, code: 'source-auth-failed', hint: 'check user and password of the instance' },
  { pattern: /^NOAUTH\b/, code: 'source-auth-failed', hint: 'the source wants a password: attach the instance with one' },
  { pattern: /^ERR invalid password/i, code: 'source-auth-failed', hint: 'check the password of the instance' },
  {
    pattern: /^ERR .*AUTH.*(?:no password|without any password)/i,
    code: 'source-auth-failed',
    hint: 'the source has no password: attach it without one',
  },
  {
    pattern: /^NOPERM\b/,
    code: 'source-permission-denied',
    hint: 'a backup needs the ACL rules +psync +replconf +ping; +info +config|get +acl|list +module|list add what an RDB does not tell',
  },
  {
    pattern: /^LOADING\b/,
    code: 'source-loading',
    retryable: true,
    hint: 'the source is still loading its data: wait until it has finished',
  },
  { pattern: /^MISCONF\b/, code: 'source-misconf', hint: 'the source cannot write its own snapshots: see its log and its disk' },
  {
    pattern: /^NOMASTERLINK\b/,
    code: 'source-no-master-link',
    retryable: true,
    hint: 'the source is a replica that has lost its master: wait for the link, or back up the master',
  },
  { pattern: /^(?:BUSY|TRYAGAIN|MASTERDOWN)\b/, code: 'source-refused', retryable: true, hint: 'the source is busy: try again later' },
  { pattern: /^DENIED\b/, code: 'source-refused', hint: 'the source is in protected mode: give it a password or bind it to an interface' },
];

/**
 * The error for an error reply of a source, `reply` without its leading minus. `command` never carries an argument, which could be a
 * secret.
 */
export function toReplyError(address: SourceAddress, command: string, reply: string): DomainError {
  const rule = RULES.find(({ pattern }) => pattern.test(reply));
  // A source that has renamed AUTH repeats its arguments, the password among them.
  const text = reply.replace(/,? with args beginning with.*/s, '').slice(0, 300);
  const message = `${formatAddress(address)} answered ${command} with "${text}"`;
  if (rule === undefined) {
    return new DomainError('source-refused', message);
  }
  return new DomainError(rule.code, message, { retryable: rule.retryable ?? false, hint: rule.hint });
}

/** The error for a failure of the network or of TLS; `connected` tells whether the connection had been established. */
export function toConnectionError(address: SourceAddress, cause: unknown, connected: boolean): DomainError {
  const reason = cause instanceof Error ? messageOf(cause) : String(cause);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (/CERT|SELF_SIGNED|UNABLE_TO|^ERR_TLS|^ERR_SSL|^EPROTO$/.test(code)) {
    const hint = 'check that the port speaks TLS, and the CA, certificate and key that the instance was attached with';
    return new DomainError('source-tls-failed', `no TLS session with ${formatAddress(address)}: ${reason}`, { hint, cause });
  }
  if (connected) {
    return createClosedError(address, reason, cause);
  }
  const hint = 'check that the source runs and that host, port and firewall let this machine reach it';
  return new DomainError('source-unreachable', `no connection to ${formatAddress(address)}: ${reason}`, { retryable: true, hint, cause });
}

export function createClosedError(address: SourceAddress, reason: string, cause?: unknown): DomainError {
  return new DomainError('source-closed', `${formatAddress(address)} closed the connection: ${reason}`, {
    retryable: true,
    hint: 'see the log of the source: a limit of its output buffer, a failed fork or a restart ends a transfer',
    cause,
  });
}

/** An AggregateError of several tried addresses has an empty message of its own. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError) {
    return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join(', ');
  }
  return error.message;
}
