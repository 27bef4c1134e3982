import { ApiError } from './api-error.ts';

/**
 * The errors that any request can meet before its action runs. Texts in backquotes and all texts marked "seen" are word for word what
 * the real service was seen to answer (issues and integration tests of the vendor's SDKs); the others are our own.
 */
export const commonErrors = {
  /** Seen. */
  missingHeader: (name: string) =>
    new ApiError('MissingParameter', `The request header is missing a required common parameter \`${name}\`.`),
  /** Seen. */
  missingParameter: (name: string) => new ApiError('MissingParameter', `The request is missing a required parameter \`${name}\`.`),
  /** Seen for `Nonce`. */
  malformedParameter: (name: string) => new ApiError('InvalidParameter', `Parameter \`${name}\` type error.`),
  /** Seen. */
  wrongType: (path: string) => new ApiError('InvalidParameter', `The value type of parameter \`${path}\` is not valid`),
  repeatedParameter: (name: string) => new ApiError('InvalidParameter', `Parameter \`${name}\` is given more than once.`),
  tooManyParameters: (most: number) => new ApiError('InvalidParameter', `The request has more than ${most} parameters.`),
  malformedJson: () => new ApiError('InvalidParameter', 'The request body is not a JSON object.'),
  /** The part from "not support" on was seen. */
  unsupportedContentType: (type: string) => new ApiError('InvalidParameter', `The API does not support Content-Type=\`${type}\`.`),
  /** Seen. */
  unknownParameter: (path: string) => new ApiError('UnknownParameter', `The parameter \`${path}\` is not recognized.`),
  /** Seen. */
  invalidAction: () => new ApiError('InvalidAction', 'The request `Action` is invalid or not found.'),
  noSuchVersion: () => new ApiError('NoSuchVersion', 'The request `Version` is invalid or not found.'),
  unsupportedProtocol: () => new ApiError('UnsupportedProtocol', 'The request method is not supported. Only GET and POST are.'),
  /** Seen. */
  invalidValue: (name: string, value: string) =>
    new ApiError('InvalidParameterValue', `The value \`${value}\` specified in the parameter \`${name}\` is not valid`),
  /** Seen. */
  invalidRegion: (name: string) =>
    new ApiError('InvalidParameterValue', `A value specified in \`${name}\` is not valid, is unsupported, or cannot be used.`),
  /** Seen. */
  unsupportedRegion: () => new ApiError('UnsupportedRegion', 'The action not support this region.'),
  invalidAuthorization: () =>
    new ApiError(
      'AuthFailure.InvalidAuthorization',
      'The Authorization header must read `TC3-HMAC-SHA256 Credential=<SecretId>/<date>/<service>/tc3_request, SignedHeaders=content-type;host, Signature=<hex>`.',
    ),
  /** Seen. */
  secretIdNotFound: () =>
    new ApiError('AuthFailure.SecretIdNotFound', 'The SecretId is not found, please ensure that your SecretId is correct.'),
  /** Seen. */
  signatureFailure: () =>
    new ApiError(
      'AuthFailure.SignatureFailure',
      'The provided credentials could not be validated. Please check your signature is correct.',
    ),
  /** Seen at a private gateway of the vendor. */
  signatureExpire: () => new ApiError('AuthFailure.SignatureExpire', 'The signature is expired, please request again.'),
  /** Seen: how a v1 request over the limit is answered. */
  oversizeV1: () =>
    new ApiError(
      'AuthFailure.SignatureFailure',
      'The provided credentials could not be validated because of exceeding request size limit, please use new signature method `TC3-HMAC-SHA256`.',
    ),
  oversize: () =>
    new ApiError(
      'RequestSizeLimitExceeded',
      'The request size exceeds the limit. The limit is 32 KB for a GET request, 1 MB for a form and 10 MB for JSON.',
    ),
  /** Seen. */
  requestLimit: (observed: number, limit: number) =>
    new ApiError(
      'RequestLimitExceeded',
      `Your current request times equals to \`${observed}\` in a second, which exceeds the frequency limit \`${limit}\` for a second. Please reduce the frequency of calls.`,
    ),
  dbOperationFailed: (cause: unknown) =>
    new ApiError('InternalError.DbOperationFailed', 'The database operation failed. Please try again later.', { cause }),
  internal: (cause: unknown) =>
    new ApiError('InternalError.InternalError', 'An internal error has occurred. Please try again later.', { cause }),
} as const;
