import { commonErrors } from '../errors/common-errors.ts';
import { readHeader } from '../http-message.ts';
import { mayBeUnsigned } from '../known-actions.ts';
import type { RequestContext } from './context.ts';

/**
 * True for a call without a key of an action that allows it: no signature at all, or `Authorization: SKIP`, as the SDKs write it. Throws
 * AuthFailure.InvalidAuthorization where SKIP names any other action.
 */
export function isUnsigned({ raw, form, version, actionName, parameters }: RequestContext): boolean {
  if (form === 'v1') {
    return !parameters['SecretId'] && !parameters['Signature'] && mayBeUnsigned(version, actionName);
  }
  const authorization = readHeader(raw.headers, 'authorization');
  if (authorization !== '' && authorization !== 'SKIP') {
    return false;
  }
  if (!mayBeUnsigned(version, actionName)) {
    throw commonErrors.skipNotAllowed(actionName);
  }
  return true;
}
