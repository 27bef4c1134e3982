import { isDomainError } from '../../lib/errors.ts';
import { ApiError } from './api-error.ts';
import { commonErrors } from './common-errors.ts';

/**
 * What a caller is told of anything that a step threw: the one mapping from the product's errors to wire codes. Whatever is not listed
 * is a fault of ours and becomes `InternalError.InternalError` without a word about its cause, which the log has.
 */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error;
  }
  if (isDomainError(error, 'catalog-unavailable')) {
    return commonErrors.dbOperationFailed(error);
  }
  return commonErrors.internal(error);
}
