/**
 * The only list of wire codes. A code is never renamed or reused. `retry` says whether the same request may succeed later without
 * anybody changing anything. Sources: the vendor's common error codes and the per-action lists of its SDKs.
 */
export const apiErrorCodes = {
  'AuthFailure.InvalidAuthorization': { meaning: 'the Authorization header does not have the required form', retry: false },
  'AuthFailure.SecretIdNotFound': { meaning: 'the key does not exist or is disabled', retry: false },
  'AuthFailure.SignatureExpire': { meaning: 'the timestamp is more than five minutes away from server time', retry: false },
  'AuthFailure.SignatureFailure': { meaning: 'the signature does not match', retry: false },
  'AuthFailure.UnauthorizedOperation': { meaning: 'the caller may not call this action', retry: false },
  'InternalError.DbOperationFailed': { meaning: 'the catalog cannot be reached or failed', retry: true },
  'InternalError.InternalError': { meaning: 'a fault of the program or of the machine', retry: true },
  InvalidAction: { meaning: 'no such action', retry: false },
  InvalidParameter: { meaning: 'a parameter has the wrong type or form', retry: false },
  'InvalidParameter.InvalidParameter': { meaning: 'a parameter breaks a rule of the action', retry: false },
  'InvalidParameter.PermissionDenied': { meaning: 'no policy allows the action to the caller', retry: false },
  InvalidParameterValue: { meaning: 'a common parameter has a value that is not allowed', retry: false },
  InvalidRequest: { meaning: 'a multipart body is malformed', retry: false },
  MissingParameter: { meaning: 'a required parameter is absent', retry: false },
  NoSuchProduct: { meaning: 'the host names a product that is not served', retry: false },
  NoSuchVersion: { meaning: 'no action has that version', retry: false },
  RequestLimitExceeded: { meaning: 'more requests in this second than the action allows', retry: true },
  RequestSizeLimitExceeded: { meaning: 'the request is too large', retry: false },
  'ResourceNotFound.InstanceNotExists': { meaning: 'the caller has no such instance in this region', retry: false },
  'ResourceUnavailable.InstanceLockedError': { meaning: 'another task holds the instance', retry: true },
  'ResourceUnavailable.InstanceStateError': { meaning: 'the state of the instance forbids the operation', retry: false },
  'UnauthorizedOperation.NoCAMAuthed': { meaning: 'a policy denies the action on this resource', retry: false },
  UnknownParameter: { meaning: 'a parameter that the action does not define', retry: false },
  UnsupportedOperation: { meaning: 'the action is known but not offered', retry: false },
  UnsupportedProtocol: { meaning: 'the method or content type is not spoken: GET, and POST of a form or JSON, are', retry: false },
  UnsupportedRegion: { meaning: 'the region is not served at this host', retry: false },
} as const satisfies Record<string, { meaning: string; retry: boolean }>;

export type ApiErrorCode = keyof typeof apiErrorCodes;
