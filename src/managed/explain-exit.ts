import { DomainError } from '../lib/errors.ts';

/** What the last log lines of a server that ended at its start tell, in the order in which they are tried. */
const CAUSES = [
  {
    code: 'managed-port-in-use',
    pattern: /Address already in use|Failed listening on port/i,
    reason: 'its port is in use',
    hint: 'the next start picks another port',
  },
  {
    code: 'managed-config-rejected',
    pattern: /FATAL CONFIG FILE ERROR|Bad directive|Unrecognized|can't open config file/i,
    reason: 'it refused its configuration',
    hint: 'the server may be older than 6.0 or a changed build',
  },
  {
    code: 'managed-data-damaged',
    pattern: /Bad file format|Short read|CRC error|redis-check-aof|valkey-check-aof|AOF file .* doesn't exist|preamble|manifest/i,
    reason: 'its append-only file is damaged',
    hint: 'copy the directory, then repair it with redis-check-aof --fix, or restore a backup',
  },
] as const;

/** The error for a server that ended before it was ready. `tail`: its last log lines, without a secret. */
export function explainExit(instance: string, tail: readonly string[]): DomainError {
  const text = tail.join('\n');
  const cause = CAUSES.find(({ pattern }) => pattern.test(text));
  const said = tail.length === 0 ? 'it logged nothing' : `its last log lines: ${tail.join(' | ')}`;
  return new DomainError(
    cause?.code ?? 'managed-server-failed',
    `the server of ${instance} ended while it started${cause === undefined ? '' : `, since ${cause.reason}`}; ${said}`,
    cause === undefined ? {} : { hint: cause.hint },
  );
}
