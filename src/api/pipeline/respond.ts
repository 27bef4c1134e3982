import type { ApiError } from '../errors/api-error.ts';
import { type Language, translate } from '../errors/message.ts';
import { type RawResponse, readHeader } from '../http-message.ts';
import type { RequestContext } from './context.ts';

/** The envelope of an answer, `RequestId` last as the official pages show it. */
export function respondOutput(ctx: RequestContext): RawResponse {
  return { headers: echoTraceId(ctx), body: `{"Response":{${stringifyMembers(ctx.output)}"RequestId":"${ctx.requestId}"}}` };
}

/** Members as JSON, each followed by a comma. A value that stands under two names, as a page of backups does, is put into text once. */
function stringifyMembers(output: object): string {
  let members = '';
  let last: unknown;
  let lastText = '';
  for (const [name, value] of Object.entries(output)) {
    if (value !== last || lastText === '') {
      last = value;
      lastText = JSON.stringify(value);
    }
    members += `"${name}":${lastText},`;
  }
  return members;
}

export function respondError(ctx: RequestContext, error: ApiError): RawResponse {
  const answer = { Error: { Code: error.code, Message: translate(error.text, languageOf(ctx)) }, RequestId: ctx.requestId };
  return { headers: echoTraceId(ctx), body: JSON.stringify({ Response: answer }) };
}

/** English unless Chinese is asked for: clients that name no language were seen to get English. */
function languageOf({ raw, parameters }: RequestContext): Language {
  const language = readHeader(raw.headers, 'x-tc-language') || (parameters['Language'] ?? '');
  return language.toLowerCase() === 'zh-cn' ? 'zh-CN' : 'en-US';
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** Node's SDK puts the response's X-TC-TraceId into its exceptions. Only what is plain and short is sent back. */
function echoTraceId(ctx: RequestContext): Readonly<Record<string, string>> {
  const traceId = readHeader(ctx.raw.headers, 'x-tc-traceid');
  return traceId !== '' && /^[\w.:-]{1,128}$/.test(traceId) ? { 'X-TC-TraceId': traceId } : NO_HEADERS;
}
