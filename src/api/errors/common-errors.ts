import type { WireType } from '../schema.ts';
import { ApiError } from './api-error.ts';
import type { Message } from './message.ts';

/**
 * The errors that any request can meet before its action runs. English and Chinese texts marked "seen" are word for word what the real
 * service was seen to answer (issues and integration tests of the vendor's SDKs); all others are our own.
 */
export const commonErrors = {
  /** English seen. */
  missingHeader: (name: string) =>
    new ApiError('MissingParameter', {
      en: `The request header is missing a required common parameter \`${name}\`.`,
      zh: `请求头部缺少必需的公共参数 \`${name}\`。`,
    }),
  /** English seen. */
  missingParameter: (name: string) =>
    new ApiError('MissingParameter', {
      en: `The request is missing a required parameter \`${name}\`.`,
      zh: `请求缺少必需的参数 \`${name}\`。`,
    }),
  /** English seen for `Nonce`. */
  malformedParameter: (name: string) =>
    new ApiError('InvalidParameter', { en: `Parameter \`${name}\` type error.`, zh: `参数 \`${name}\` 类型错误。` }),
  /** Both seen. */
  wrongType: (path: string, type: WireType) =>
    new ApiError('InvalidParameter', {
      en: `The value type of parameter \`${clip(path)}\` is not valid`,
      zh: `参数 \`${clip(path)}\` 取值类型错误。参数类型应为 \`${type}\`。`,
    }),
  repeatedParameter: (name: string) =>
    new ApiError('InvalidParameter', {
      en: `Parameter \`${clip(name)}\` is given more than once.`,
      zh: `参数 \`${clip(name)}\` 重复出现。`,
    }),
  tooManyParameters: (most: number) =>
    new ApiError('InvalidParameter', { en: `The request has more than ${most} parameters.`, zh: `请求参数超过 ${most} 个。` }),
  malformedJson: () => new ApiError('InvalidParameter', { en: 'The request body is not a JSON object.', zh: '请求体不是 JSON 对象。' }),
  malformedText: () =>
    new ApiError('InvalidParameter', {
      en: 'The request is not text in UTF-8, or has a percent sign or a \\u that is no escape of it.',
      zh: '请求内容不是 UTF-8 文本，或包含无效的百分号或 \\u 转义。',
    }),
  malformedMultipart: () =>
    new ApiError('InvalidRequest', { en: 'The multipart request body is malformed.', zh: '请求体的 multipart 格式错误。' }),
  /** English, and its code, seen. */
  unsupportedContentType: (type: string) =>
    new ApiError('UnsupportedProtocol', {
      en: `this action does not support Content-Type=\`${clip(type)}\``,
      zh: `该接口不支持 Content-Type=\`${clip(type)}\`。`,
    }),
  unsupportedContentEncoding: (encoding: string) =>
    new ApiError('UnsupportedProtocol', {
      en: `this action does not support Content-Encoding=\`${clip(encoding)}\``,
      zh: `该接口不支持 Content-Encoding=\`${clip(encoding)}\`。`,
    }),
  /** English seen. */
  unknownParameter: (path: string) =>
    new ApiError('UnknownParameter', { en: `The parameter \`${clip(path)}\` is not recognized.`, zh: `参数 \`${clip(path)}\` 未定义。` }),
  /** English seen. */
  invalidAction: () =>
    new ApiError('InvalidAction', { en: 'The request `Action` is invalid or not found.', zh: '请求的 `Action` 无效或不存在。' }),
  noSuchVersion: () =>
    new ApiError('NoSuchVersion', { en: 'The request `Version` is invalid or not found.', zh: '请求的 `Version` 无效或不存在。' }),
  noSuchProduct: (product: string) =>
    new ApiError('NoSuchProduct', {
      en: `The product \`${clip(product)}\` is not served here.`,
      zh: `此处不提供产品 \`${clip(product)}\`。`,
    }),
  unbuiltAction: (name: string) =>
    new ApiError('UnsupportedOperation', {
      en: `The action \`${name}\` is known, but Redkeep does not offer it.`,
      zh: `接口 \`${name}\` 存在，但 Redkeep 不提供该接口。`,
    }),
  unsupportedProtocol: () =>
    new ApiError('UnsupportedProtocol', {
      en: 'The request method is not supported. Only GET and POST are.',
      zh: '不支持该请求方法，仅支持 GET 和 POST。',
    }),
  /** English seen. */
  invalidValue: (name: string, value: string) =>
    new ApiError('InvalidParameterValue', {
      en: `The value \`${clip(value)}\` specified in the parameter \`${name}\` is not valid`,
      zh: `参数 \`${name}\` 的取值 \`${clip(value)}\` 无效。`,
    }),
  /** English seen. */
  invalidRegion: (name: string) =>
    new ApiError('InvalidParameterValue', {
      en: `A value specified in \`${name}\` is not valid, is unsupported, or cannot be used.`,
      zh: `\`${name}\` 的取值无效、不受支持或无法使用。`,
    }),
  /** English seen. */
  unsupportedRegion: () => new ApiError('UnsupportedRegion', { en: 'The action not support this region.', zh: '该接口不支持此地域。' }),
  invalidAuthorization: () =>
    new ApiError('AuthFailure.InvalidAuthorization', {
      en: `The Authorization header must read \`${AUTHORIZATION_FORM}\`. SignedHeaders names at most 20 headers, each once.`,
      zh: `请求头部 Authorization 的格式应为 \`${AUTHORIZATION_FORM}\`。SignedHeaders 最多包含 20 个头部，且不能重复。`,
    }),
  skipNotAllowed: (name: string) =>
    new ApiError('AuthFailure.InvalidAuthorization', {
      en: `The action \`${name}\` must be signed; \`Authorization: SKIP\` is only for actions that are called without a key.`,
      zh: `接口 \`${name}\` 必须签名；\`Authorization: SKIP\` 仅适用于无需密钥的接口。`,
    }),
  /** English seen. */
  secretIdNotFound: () =>
    new ApiError('AuthFailure.SecretIdNotFound', {
      en: 'The SecretId is not found, please ensure that your SecretId is correct.',
      zh: 'SecretId 不存在，请确认您的 SecretId 是否正确。',
    }),
  /** Both seen. `explanation` follows them where the service was told to explain. */
  signatureFailure: (explanation?: Message) =>
    new ApiError('AuthFailure.SignatureFailure', explanation === undefined ? SIGNATURE_FAILURE : join(SIGNATURE_FAILURE, explanation)),
  /** English seen. */
  tokenFailure: () =>
    new ApiError('AuthFailure.TokenFailure', {
      en: 'Token verification failed, please check if your Token is correct.',
      zh: 'Token 校验失败，请检查您的 Token 是否正确。',
    }),
  /** English seen at a private gateway of the vendor. */
  signatureExpire: () =>
    new ApiError('AuthFailure.SignatureExpire', { en: 'The signature is expired, please request again.', zh: '签名已过期，请重新请求。' }),
  /** English seen: how a v1 request over the limit is answered. */
  oversizeV1: () =>
    new ApiError('AuthFailure.SignatureFailure', {
      en: 'The provided credentials could not be validated because of exceeding request size limit, please use new signature method `TC3-HMAC-SHA256`.',
      zh: '请求大小超过限制，无法验证请求签名，请使用新的签名方法 `TC3-HMAC-SHA256`。',
    }),
  oversize: () =>
    new ApiError('RequestSizeLimitExceeded', {
      en: 'The request size exceeds the limit. The limit is 32 KB for a GET request, 1 MB for a form, 10 MB for JSON, and 64 KB or 100 lines for headers.',
      zh: '请求大小超过限制：GET 请求最大 32 KB，表单最大 1 MB，JSON 最大 10 MB，请求头部最大 64 KB 且不超过 100 行。',
    }),
  /** Both seen. */
  requestLimit: (observed: number, limit: number) =>
    new ApiError('RequestLimitExceeded', {
      en: `Your current request times equals to \`${observed}\` in a second, which exceeds the frequency limit \`${limit}\` for a second. Please reduce the frequency of calls.`,
      zh: `您当前每秒请求 \`${observed}\` 次，超过了每秒频率上限 \`${limit}\`，请稍后重试。`,
    }),
  /** Both seen: the part in brackets is English in both. `operation` is `redis:Action`; `resource` is a six-segment name or `*`. */
  denied: (code: DenialCode, requestId: string, operation: string, resource: string) => {
    const reason = `[[request id:${requestId}]you are not authorized to perform operation (${operation})\nresource (${resource}) has no permission\n]`;
    return new ApiError(code, {
      en: `You are not authorized to perform this operation. Check your CAM policies, and ensure that you are using the correct access keys. ${reason}`,
      zh: `操作未授权，请检查CAM策略。${reason}`,
    });
  },
  dbOperationFailed: (cause: unknown) =>
    new ApiError(
      'InternalError.DbOperationFailed',
      { en: 'The database operation failed. Please try again later.', zh: '数据库操作失败，请稍后重试。' },
      { cause },
    ),
  internal: (cause: unknown) =>
    new ApiError(
      'InternalError.InternalError',
      { en: 'An internal error has occurred. Please try again later.', zh: '内部错误，请稍后重试。' },
      { cause },
    ),
} as const;

/** The three codes in which the sources let a denial be told. */
export type DenialCode = 'AuthFailure.UnauthorizedOperation' | 'InvalidParameter.PermissionDenied' | 'UnauthorizedOperation.NoCAMAuthed';

const SIGNATURE_FAILURE: Message = {
  en: 'The provided credentials could not be validated. Please check your signature is correct.',
  zh: '请求签名验证失败，请检查您的签名计算是否正确。',
};
const AUTHORIZATION_FORM =
  'TC3-HMAC-SHA256 Credential=<SecretId>/<date>/<service>/tc3_request, SignedHeaders=content-type;host, Signature=<hex>';

function join(first: Message, second: Message): Message {
  return { en: [first.en, second.en].join(' '), zh: first.zh + second.zh };
}

const MOST_QUOTED_LENGTH = 200;

/** What a caller chose, short enough to be quoted. */
function clip(quoted: string): string {
  return quoted.length <= MOST_QUOTED_LENGTH ? quoted : `${quoted.slice(0, MOST_QUOTED_LENGTH)}...`;
}
