import { DomainError, isDomainError } from '../lib/errors.ts';
import type { EngineJobs } from './engine-jobs.ts';

/** What a thread is started with. */
export interface ThreadOrder {
  readonly job: keyof EngineJobs;
  readonly request: unknown;
}

/** What an engine thread posts: any number of `progress` and `mark`, then one of the others. */
export interface MessageFromThread {
  readonly progress?: unknown;
  /** Waits until the same number comes back as `marked`. */
  readonly mark?: { readonly number: number; readonly mark: unknown };
  readonly result?: unknown;
  readonly error?: PlainError;
}

/** What is posted to an engine thread. */
export interface MessageToThread {
  /** The reason for which it shall end. */
  readonly abort?: string;
  readonly marked?: { readonly number: number; readonly error?: PlainError };
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
