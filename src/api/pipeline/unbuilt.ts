import { commonErrors } from '../errors/common-errors.ts';
import type { Step } from './context.ts';

/**
 * Stops at an action that is known and not built. It stands after authentication, so that strangers do not learn what is offered.
 * Reads: unbuilt. Raises: UnsupportedOperation.
 */
export const refuseUnbuilt: Step = ({ unbuilt }) => {
  if (unbuilt !== '') {
    throw commonErrors.unbuiltAction(unbuilt);
  }
  return undefined;
};
