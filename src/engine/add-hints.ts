import { DomainError } from '../lib/errors.ts';

/** The same error with more sentences behind its hint; what is no DomainError gets them behind its message. */
export function addHints(error: unknown, sentences: readonly string[]): unknown {
  if (sentences.length === 0 || !(error instanceof Error)) {
    return error;
  }
  const added = sentences.join('; ');
  if (!(error instanceof DomainError)) {
    error.message += `; ${added}`;
    return error;
  }
  const { code, message, retryable, hint, cause, stack } = error;
  const richer = new DomainError(code, message, { retryable, cause, hint: hint === undefined ? added : `${hint}; ${added}` });
  if (stack !== undefined) {
    richer.stack = stack;
  }
  return richer;
}
