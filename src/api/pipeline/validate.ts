import { commonErrors } from '../errors/common-errors.ts';
import { mediaType, type RawRequest, readHeader } from '../http-message.ts';
import { toWireSchema, type WireSchema } from '../schema.ts';
import { type RequestContext, resolvedAction, type Step } from './context.ts';
import { decodeForm } from './decode-form.ts';
import { decodeJson } from './decode-json.ts';
import { isMultipart } from './multipart.ts';
import { readParameters, toText } from './parameters.ts';

/**
 * Decodes the business parameters into the action's input. Types and names are the gateway's concern and are checked here; what a value
 * may be is the action's.
 * Reads: form, parameters, action. Fills: input.
 * Raises: InvalidParameter, InvalidRequest, MissingParameter, UnknownParameter, UnsupportedProtocol.
 */
export const validateInput: Step = (ctx) => {
  const schema = toWireSchema(resolvedAction(ctx).input);
  ctx.input = readInput(ctx, schema);
  return undefined;
};

function readInput(ctx: RequestContext, schema: WireSchema): object {
  const { raw } = ctx;
  if (ctx.form === 'v1') {
    return decodeForm(schema, ctx.parameters, COMMON_PARAMETERS);
  }
  if (raw.method === 'GET') {
    return decodeForm(schema, readParameters(raw.query), NONE);
  }
  return decodeJson(schema, parseJson(raw));
}

/** Parameters of the v1 form that belong to the request, not to the action ("common parameters" page). */
export const COMMON_PARAMETERS: ReadonlySet<string> = new Set([
  'Action',
  'Version',
  'Region',
  'Timestamp',
  'Nonce',
  'SecretId',
  'Signature',
  'SignatureMethod',
  'Token',
  'Language',
  'RequestClient',
]);
const NONE: ReadonlySet<string> = new Set();

function parseJson(raw: RawRequest): unknown {
  assertJsonType(raw);
  const text = toText(raw.body);
  try {
    return JSON.parse(text);
  } catch {
    throw commonErrors.malformedJson();
  }
}

function assertJsonType({ headers, body }: RawRequest): void {
  const contentType = readHeader(headers, 'content-type');
  const type = mediaType(contentType);
  if (type !== 'application/json') {
    // No action takes multipart, but who sends it broken is told that first, as by the vendor's gateway.
    throw type === 'multipart/form-data' && !isMultipart(body, contentType)
      ? commonErrors.malformedMultipart()
      : commonErrors.unsupportedContentType(type);
  }
  const encoding = readHeader(headers, 'content-encoding').toLowerCase();
  if (encoding !== '' && encoding !== 'identity') {
    throw commonErrors.unsupportedContentEncoding(encoding);
  }
}
