/**
 * The one error class for conditions that the product itself knows. `code` is a stable kebab-case word that callers branch on and
 * that is never renamed; `message` names the value and the allowed range, lower case, without a secret. Anything thrown that is not a
 * DomainError is a fault of the program or of the machine.
 */
export class DomainError extends Error {
  /** Stable machine-readable code, such as `source-auth-failed`. */
  readonly code: string;
  /** True where the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** What the operator can do next, one sentence. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { retryable?: boolean; hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DomainError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.hint = options.hint;
  }
}

/** True when `error` is a DomainError with one of `codes` (any code when none is given). */
export function isDomainError(error: unknown, ...codes: string[]): error is DomainError {
  return error instanceof DomainError && (codes.length === 0 || codes.includes(error.code));
}

/** The text of anything that was thrown, with the hint where there is one. */
export function describeError(error: unknown): string {
  if (error instanceof DomainError) {
    return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
  }
  return error instanceof Error ? error.message : String(error);
}
