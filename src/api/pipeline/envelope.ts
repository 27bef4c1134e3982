import { commonErrors } from '../errors/common-errors.ts';
import { isFormType, readHeader, SIZE_LIMITS } from '../http-message.ts';
import type { RequestContext, Step } from './context.ts';
import { readParameters } from './parameters.ts';

/**
 * Finds the common parameters. A request with X-TC-Action is of the TC3 form and has them in headers; any other must have `Action`
 * among its parameters (query of GET, form of POST) and is of the v1 form.
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
  const isV1 = headerAction === '' && (raw.method === 'GET' || isFormType(readHeader(raw.headers, 'content-type')));
  if (raw.isOversize || raw.query.length > SIZE_LIMITS.queryBytes) {
    throw isV1 ? commonErrors.oversizeV1() : commonErrors.oversize();
  }
  if (isV1 && readHeader(raw.headers, 'authorization') === '') {
    readV1(ctx);
  } else {
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
  required(readHeader(headers, 'authorization'), 'Authorization');
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

function readV1(ctx: RequestContext): void {
  const { raw } = ctx;
  const parameters = readParameters(raw.method === 'GET' ? raw.query : Buffer.from(raw.body).toString('utf8'));
  for (const name of REQUIRED_IN_V1) {
    if (!parameters[name]) {
      throw commonErrors.missingParameter(name);
    }
  }
  ctx.form = 'v1';
  ctx.parameters = parameters;
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
}

/** Unix seconds; eleven digits reach the year 5138, which a Date can hold. */
function isTimestamp(text: string): boolean {
  return /^\d{1,11}$/.test(text);
}

/** An integer of up to 63 bits that no JavaScript number holds: it stays text and is only signed, never compared. */
function isNonce(text: string): boolean {
  return /^\d{1,19}$/.test(text) && BigInt(text) < 2n ** 63n;
}
