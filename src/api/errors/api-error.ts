import type { ApiErrorCode } from './codes.ts';
import type { Message } from './message.ts';

/** The only thing that becomes `Response.Error`. Its text is for the caller: no internals, no secret. `message` is the English one. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly text: Message;

  constructor(code: ApiErrorCode, text: Message, options: { cause?: unknown } = {}) {
    super(text.en, options);
    this.name = 'ApiError';
    this.code = code;
    this.text = text;
  }
}
