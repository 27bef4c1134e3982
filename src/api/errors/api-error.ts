import type { ApiErrorCode } from './codes.ts';

/** The only thing that becomes `Response.Error`. Its message is for the caller: no internals, no secret. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
  }
}
