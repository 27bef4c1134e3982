import type { Message } from '../errors/message.ts';
import { type Finding, PARTS } from './mistake.ts';
import { hashCanonicalRequest, TC3_ALGORITHM } from './tc3.ts';
import { findTc3Mistake, type SentParts } from './tc3-mistakes.ts';
import { joinV1Parameters } from './v1.ts';
import { findV1Mistake } from './v1-mistakes.ts';
import type { Tc3Claim, V1Claim } from './verify.ts';

/**
 * Why a signature does not match, for a service that only its own machine reaches. What the client has signed cannot be seen, so the
 * well-known mistakes are tried and the one that gives the signature is named; then follows what the service itself has signed. Never in
 * the text: the key, one derived from it, a right signature, the value of a password or token.
 */
export function explainTc3(claim: Tc3Claim, secretKey: string, sent: SentParts): Message {
  const { authorization, timestamp, method, payloadHash } = claim;
  const { signedHeaders } = authorization;
  const names = signedHeaders.split(';');
  const lines = (show: (name: string, value: string) => string) =>
    names.map((name) => `${name}:${show(name, name === 'host' ? claim.host : claim.headerValue(name))}\n`).join('');
  const canonical = (query: string, headerLines: string) => `${method}\n/\n${query}\n${headerLines}\n${signedHeaders}\n${payloadHash}`;
  const headerLines = lines((_, value) => value);
  const canonicalHash = hashCanonicalRequest({ method, path: '/', query: claim.query, headerLines, signedHeaders, payloadHash });
  const toSign = `${TC3_ALGORITHM}\n${timestamp}\n${authorization.date}/${authorization.service}/tc3_request\n${canonicalHash}`;
  const shown = canonical(maskQuery(claim.query), lines(maskHeader));
  return compose(findTc3Mistake(claim, secretKey, sent), [
    [{ en: 'Canonical request of the service', zh: '服务端的规范请求串' }, shown],
    [{ en: 'String to sign of the service', zh: '服务端的待签名字符串' }, toSign],
  ]);
}

/** The same for a signature of the v1 form. */
export function explainV1(claim: V1Claim, secretKey: string): Message {
  const masked = Object.fromEntries(Object.entries(claim.parameters).map(([name, value]) => [name, mask(name, value)]));
  return compose(findV1Mistake(claim, secretKey), [
    [{ en: 'String to sign of the service', zh: '服务端的待签名字符串' }, `${claim.method}${claim.host}/?${joinV1Parameters(masked)}`],
    [{ en: 'Hash of the service', zh: '服务端的签名算法' }, claim.signatureMethod],
  ]);
}

/** A text that the caller knows anyway need not be shown to its end. */
const MOST_SHOWN_LENGTH = 16 * 1024;

type Shown = readonly [title: Message, text: string];

function compose(finding: Finding, shown: readonly Shown[]): Message {
  return { en: write('en', finding, shown), zh: write('zh', finding, shown) };
}

function write(language: keyof Message, finding: Finding, shown: readonly Shown[]): string {
  const [stop, colon] = language === 'en' ? ['. ', ':'] : ['。', '：'];
  const reason =
    typeof finding === 'string' ? NOT_FOUND[finding][language] : `${PARTS[finding.part][language]}${stop}${finding.text[language]}`;
  const texts = shown.map(([title, text]) => `\n${title[language]}${colon}\n${text.slice(0, MOST_SHOWN_LENGTH)}`);
  return `${DIFFERS[language]}${reason}${texts.join('')}`;
}

const DIFFERS: Message = { en: 'What differs: ', zh: '不一致的部分：' };
const NOT_FOUND: Readonly<Record<Extract<Finding, string>, Message>> = {
  unknown: {
    en: 'none of the well-known mistakes gives your signature, so the key is another one, or several parts differ. Compare with what the service has signed.',
    zh: '已知的常见错误均不能得到您的签名，可能是密钥不同，或多个部分不一致。请与服务端的内容比较。',
  },
  untried: {
    en: 'not looked for, since what is signed is longer than 16 KB. Compare with what the service has signed, or make the call once with fewer parameters.',
    zh: '被签名的内容超过 16 KB，未查找具体原因。请与服务端的内容比较，或减少参数后再次调用。',
  },
};

/** Headers whose values are shown; what a caller puts into others may be a secret. */
const SHOWN_HEADERS = new Set(['content-type', 'host', 'x-tc-action', 'x-tc-language', 'x-tc-region', 'x-tc-timestamp', 'x-tc-version']);

function maskHeader(name: string, value: string): string {
  return SHOWN_HEADERS.has(name) ? value : '***';
}

/** Names of parameters whose values are secrets: Password, OldPassword, NewPassword.Value, Token, ClientKey, SecretKey, PASSWD. */
function mask(name: string, value: string): string {
  return /password|passwd|token|secret|key/i.test(decodeName(name)) && !/^secretid$/i.test(name) ? '***' : value;
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    // Not to be read, so not to be trusted: masked like a secret.
    return 'secret';
  }
}

function maskQuery(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1 ? pair : `${pair.slice(0, equals)}=${mask(pair.slice(0, equals), pair.slice(equals + 1))}`;
    })
    .join('&');
}
