import { isDomainError } from '../lib/errors.ts';

/** Exit statuses of every command, each with what it means; part of the command line's contract. */
const STATUSES = {
  ok: [0, 'done'],
  failed: [1, 'failed, or the answer is no'],
  usage: [2, 'wrong usage'],
  /** Also used by the launcher. */
  notSetUp: [3, 'something is missing on this machine'],
  unreachable: [4, 'no server answers'],
  denied: [5, 'no credential, or refused'],
  notFound: [6, 'what is named does not exist'],
  faultFound: [7, 'an inconsistency or a bad backup was found'],
  /** As a shell shows a process that SIGINT has ended. */
  interrupted: [130, 'interrupted'],
} as const;

type Name = keyof typeof STATUSES;

export type ExitCode = (typeof STATUSES)[Name][0];

export const EXIT = Object.fromEntries(Object.entries(STATUSES).map(([name, [code]]) => [name, code])) as {
  readonly [Key in Name]: (typeof STATUSES)[Key][0];
};

/** Every status with its meaning, in order. */
export const EXIT_TABLE: ReadonlyArray<readonly [code: ExitCode, meaning: string]> = Object.values(STATUSES);

const OF_DOMAIN_ERRORS: Readonly<Record<string, ExitCode>> = {
  'config-invalid': EXIT.usage,
  'usage-error': EXIT.usage,
  'endpoint-invalid': EXIT.usage,
  'product-unknown': EXIT.usage,
  'instance-ambiguous': EXIT.usage,
  'server-not-found': EXIT.notSetUp,
  'server-unreachable': EXIT.unreachable,
  'credential-missing': EXIT.denied,
  'backup-not-found': EXIT.notFound,
  'instance-not-found': EXIT.notFound,
  'policy-not-found': EXIT.notFound,
  interrupted: EXIT.interrupted,
};

/** The exit status for anything that a command threw; API errors by their wire code. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isDomainError(error)) {
    return OF_DOMAIN_ERRORS[error.code] ?? EXIT.failed;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(AuthFailure|UnauthorizedOperation)\b/.test(code) || code === 'InvalidParameter.PermissionDenied') {
    return EXIT.denied;
  }
  return /^ResourceNotFound\b|NotExists?$/.test(code) ? EXIT.notFound : EXIT.failed;
}

/** The help text that closes every command's `--help`. */
export const EXIT_HELP = `\nExit status: ${EXIT_TABLE.map(([code, meaning]) => `${code} ${meaning}`).join('; ')}.`;
