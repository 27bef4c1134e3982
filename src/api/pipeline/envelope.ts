import { commonErrors } from '../errors/common-errors.ts';
import { isFormType, readHeader, SIZE_LIMITS } from '../http-message.ts';
import { mayBeUnsigned } from '../known-actions.ts';
import type { RequestContext, Step } from './context.ts';
import { readParameters, toText } from './parameters.ts';

/**
 * Finds the common parameters. A request with X-TC-Action is of the TC3 form and has them in headers; any other must have `Action`
 * among its parameters (query of GET, form of POST) and is of the v1 form. Only actions that may be called without a key can leave out
 * what would sign them.
 * Fills: form, parameters (v1), actionName, version, timestamp, requestedRegion.
 * Raises: UnsupportedProtocol, RequestSizeLimitExceeded, AuthFailure.SignatureFailure (v1 over the size limit), MissingParameter,
 * InvalidParameter.
 */
export const readEnvelope: Step = (ctx) => {
  const { raw } = ctx;
  if (raw.method !== 'GET' && raw.method !== 'POST') {
    throw commonErrors.unsupportedProtocol();
  }
  const headerAction = readHeader(raw.headers, 'x-tc-action');
  const mayBeV1 = headerAction === '' && (raw.method === 'GET' || isFormType(readHeader(raw.headers, 'content-type')));
  if (raw.isOversize || raw.query.length > SIZE_LIMITS.queryBytes) {
    if (!mayBeV1) {
      throw commonErrors.oversize();
    }
    // A form that is too large is not there to be looked at.
    ctx.parameters = languageIn(raw.query);
    throw commonErrors.oversizeV1();
  }
  if (!mayBeV1 || !readV1(ctx)) {
    readTc3(ctx, headerAction);
  }
  return undefined;
};

function readTc3(ctx: RequestContext, action: string): void {
  const { headers } = ctx.raw;
  ctx.form = 'tc3';
  ctx.actionName = required(action, 'X-TC-Action');
  ctx.version = required(readHeader(headers, 'x-tc-version'), 'X-TC-Version');
  ctx.timestamp = required(readHeader(headers, 'x-tc-timestamp'), 'X-TC-Timestamp');
  const authorization = readHeader(headers, 'authorization');
  if (authorization === '' && !mayBeUnsigned(ctx.version, ctx.actionName)) {
    throw commonErrors.missingHeader('Authorization');
  }
  ctx.requestedRegion = readHeader(headers, 'x-tc-region');
  if (!isTimestamp(ctx.timestamp)) {
    throw commonErrors.malformedParameter('X-TC-Timestamp');
  }
}

function required(value: string, name: string): string {
  if (value === '') {
    throw commonErrors.missingHeader(name);
  }
  return value;
}

const REQUIRED_IN_V1 = ['Action', 'Version', 'Timestamp', 'Nonce', 'SecretId', 'Signature'] as const;
const REQUIRED_UNSIGNED = ['Action', 'Version', 'Timestamp', 'Nonce'] as const;

/** False, with nothing filled, where neither form has named an action and an Authorization header shows which one was meant. */
function readV1(ctx: RequestContext): boolean {
  const { raw } = ctx;
  const parameters = readV1Parameters(ctx);
  if (!parameters['Action'] && readHeader(raw.headers, 'authorization') !== '') {
    return false;
  }
  ctx.form = 'v1';
  // Before anything is raised: the parameters also name the language of the error.
  ctx.parameters = parameters;
  for (const name of requiredOf(parameters)) {
    if (!parameters[name]) {
      throw commonErrors.missingParameter(name);
    }
  }
  ctx.actionName = parameters['Action'] ?? '';
  ctx.version = parameters['Version'] ?? '';
  ctx.timestamp = parameters['Timestamp'] ?? '';
  ctx.requestedRegion = parameters['Region'] ?? '';
  if (!isTimestamp(ctx.timestamp)) {
    throw commonErrors.malformedParameter('Timestamp');
  }
  if (!isNonce(parameters['Nonce'] ?? '')) {
    throw commonErrors.malformedParameter('Nonce');
  }
  return true;
}

function readV1Parameters(ctx: RequestContext): Readonly<Record<string, string>> {
  const { method, query, body } = ctx.raw;
  try {
    return readParameters(method === 'GET' ? query : toText(body));
  } catch (error) {
    ctx.parameters = languageIn(method === 'GET' ? query : Buffer.from(body).toString('latin1'));
    throw error;
  }
}

/** Of parameters that cannot be read as a whole: the language of the error that says so. */
function languageIn(text: string): Readonly<Record<string, string>> {
  return { Language: /(?:^|&)Language=([\w-]*)/.exec(text)?.[1] ?? '' };
}

function requiredOf(parameters: Readonly<Record<string, string>>): readonly string[] {
  const isSigned = parameters['SecretId'] || parameters['Signature'];
  return !isSigned && mayBeUnsigned(parameters['Version'] ?? '', parameters['Action'] ?? '') ? REQUIRED_UNSIGNED : REQUIRED_IN_V1;
}

/** Unix seconds; eleven digits reach the year 5138, which a Date can hold. */
function isTimestamp(text: string): boolean {
  return /^\d{1,11}$/.test(text);
}

/** An integer of 64 bits with a sign, which no JavaScript number holds: it stays text and is only signed, never compared. */
function isNonce(text: string): boolean {
  return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}
