import { DomainError, isDomainError } from '../lib/errors.ts';
import type { Manifest } from '../repository/types.ts';
import type { BackupProgress } from './types.ts';

/** What a backup thread posts: any number of `progress`, then one of the others. */
export interface ThreadMessage {
  readonly progress?: BackupProgress;
  readonly manifest?: Manifest;
  readonly error?: PlainError;
}

/** An error that survives the structured clone: own properties of error classes do not. */
export interface PlainError {
  readonly code: string | undefined;
  readonly message: string;
  readonly retryable: boolean;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
}

export function toPlainError(error: unknown): PlainError {
  if (isDomainError(error)) {
    const { code, message, retryable, hint, stack } = error;
    return { code, message, retryable, hint, stack };
  }
  const fault = error instanceof Error ? error : new Error(String(error));
  return { code: undefined, message: fault.message, retryable: false, hint: undefined, stack: fault.stack };
}

export function fromPlainError({ code, message, retryable, hint, stack }: PlainError): Error {
  const error =
    code === undefined ? new Error(message) : new DomainError(code, message, { retryable, ...(hint === undefined ? {} : { hint }) });
  if (stack !== undefined) {
    error.stack = stack;
  }
  return error;
}
