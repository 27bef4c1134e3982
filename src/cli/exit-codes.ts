import { isDomainError } from '../lib/errors.ts';

/** Exit statuses of every command; part of the command line's contract. */
export const EXIT = {
  ok: 0,
  /** The command was understood and could not be done, or `check` found an inconsistency. */
  failed: 1,
  /** Wrong words on the command line or in the environment. */
  usage: 2,
  /** Something that the machine must have is missing (also used by the launcher). */
  notSetUp: 3,
  /** No server answers at the endpoint. */
  unreachable: 4,
  /** No credential, or the server refused it. */
  denied: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const CODES: Readonly<Record<string, ExitCode>> = {
  'config-invalid': EXIT.usage,
  'usage-error': EXIT.usage,
  'server-not-found': EXIT.notSetUp,
  'server-unreachable': EXIT.unreachable,
  'credential-missing': EXIT.denied,
};

/** The exit status for anything that a command threw; API errors of authentication and permission are `denied`. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isDomainError(error)) {
    return CODES[error.code] ?? EXIT.failed;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(AuthFailure|UnauthorizedOperation)\b/.test(code) || code === 'InvalidParameter.PermissionDenied' ? EXIT.denied : EXIT.failed;
}

/** The help text that closes every command's `--help`. */
export const EXIT_HELP = `
Exit status: 0 done; 1 failed; 2 wrong usage; 3 something is missing on this machine; 4 no server answers; 5 no credential or refused.`;
