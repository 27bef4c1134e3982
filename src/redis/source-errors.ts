import { DomainError } from '../lib/errors.ts';
import { formatAddress, type SourceAddress } from './source-address.ts';

interface ErrorRule {
  readonly pattern: RegExp;
  readonly code: string;
  readonly retryable?: boolean;
  readonly hint: string | ((address: SourceAddress, reply: string) => string);
}

/**
 * Error replies that have a meaning of their own, first match wins. Prefixes as in the redis.io error documentation and `syncCommand`
 * of Redis.
 */
const RULES: readonly ErrorRule[] = [
  { pattern: /^WRONGPASS\b/, code: 'source-auth-failed', hint: 'attach the instance with the right user and password' },
  { pattern: /^NOAUTH\b/, code: 'source-auth-failed', hint: 'the source wants a password: attach the instance with one' },
  { pattern: /^ERR invalid password/i, code: 'source-auth-failed', hint: 'attach the instance with the right password' },
  {
    pattern: /^ERR .*AUTH.*(?:no password|without any password)/i,
    code: 'source-auth-failed',
    hint: 'the source has no password: attach it without one',
  },
  { pattern: /^NOPERM\b/, code: 'source-permission-denied', hint: toPermissionHint },
  {
    pattern: /^LOADING\b/,
    code: 'source-loading',
    retryable: true,
    hint: 'the source is still loading its data: wait until it has finished',
  },
  {
    pattern: /^MISCONF\b/,
    code: 'source-misconf',
    hint: 'the source cannot write its own snapshots or log: see its log and its disk; until then CONFIG SET stop-writes-on-bgsave-error no lets it be backed up',
  },
  {
    pattern: /^NOMASTERLINK\b/,
    code: 'source-no-master-link',
    retryable: true,
    hint: 'the source is a replica that has lost its master: wait for the link, or back up the master',
  },
  { pattern: /^(?:BUSY|TRYAGAIN|MASTERDOWN)\b/, code: 'source-refused', retryable: true, hint: 'the source is busy: try again later' },
  {
    pattern: /^ERR max number of clients/i,
    code: 'source-refused',
    retryable: true,
    hint: 'the source has no connection left: raise its maxclients, or close idle connections',
  },
  {
    pattern: /^ERR BGSAVE failed/i,
    code: 'source-refused',
    retryable: true,
    hint: 'the source could not fork or write its snapshot: see its log, its free memory, vm.overcommit_memory and its disk',
  },
  {
    pattern: /^ERR unknown command/i,
    code: 'source-refused',
    hint: 'a backup needs AUTH, PING, REPLCONF and PSYNC: the source has renamed or removed one, as many managed services do, or is no Redis from 5.0 on',
  },
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
  const hint = typeof rule.hint === 'string' ? rule.hint : rule.hint(address, reply);
  return new DomainError(rule.code, message, { retryable: rule.retryable ?? false, hint });
}

/** Redis names the command, with its subcommand: `NOPERM User bk has no permissions to run the 'config|get' command`. */
function toPermissionHint(address: SourceAddress, reply: string): string {
  const command = /'([a-z|_-]{1,40})'/i.exec(reply)?.[1]?.toLowerCase();
  const needed = 'a backup needs +psync +replconf +ping; +info +config|get +acl|list +module|list add what an RDB does not tell';
  return command === undefined ? needed : `allow it on the source: ACL SETUSER ${address.user ?? 'default'} +${command}; ${needed}`;
}
