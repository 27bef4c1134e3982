import type { Message } from '../errors/message.ts';

/** Parts of what is signed, as a caller is told of them. */
export const PARTS = {
  method: { en: 'method', zh: '请求方法' },
  host: { en: 'host', zh: '主机' },
  path: { en: 'path', zh: '路径' },
  query: { en: 'query', zh: '查询字符串' },
  headers: { en: 'headers', zh: '请求头部' },
  payload: { en: 'payload hash', zh: '请求体哈希' },
  scope: { en: 'scope', zh: '凭证范围' },
  timestamp: { en: 'timestamp', zh: '时间戳' },
  key: { en: 'key', zh: '密钥' },
  parameters: { en: 'parameters', zh: '参数' },
  signature: { en: 'signature', zh: '签名编码' },
} as const satisfies Record<string, Message>;

export type Part = keyof typeof PARTS;

/** A well-known way to sign wrongly: the part that it touches, and what its maker did. */
export interface Mistake {
  readonly part: Part;
  readonly text: Message;
}

/** A mistake and what it does to the inputs of a signature. */
export interface Attempt<Draft> extends Mistake {
  readonly change: Partial<Draft>;
}

/** Characters of signed text past which mistakes are not tried: every one of some hundred signatures hashes the whole text. */
export const MOST_TRIED_LENGTH = 16 * 1024;

/** What a search comes to: the mistake, none of those that are known, or nothing tried because the signed text is too long. */
export type Finding = Mistake | 'unknown' | 'untried';

/** `signed` instead of `expected`, quoted. */
export function instead(part: Part, signed: string, expected: string): Mistake {
  return {
    part,
    text: {
      en: `You signed \`${signed}\` where the request has \`${expected}\`.`,
      zh: `您签名时使用了 \`${signed}\`，而请求中是 \`${expected}\`。`,
    },
  };
}

/** Secret keys as they come out of a careless copy, each with what was done to it. The key itself is in no text. */
export function wrongKeys(secretKey: string): ReadonlyArray<readonly [Message, string]> {
  return [
    [{ en: 'You signed with the secret key and a newline after it.', zh: '您签名所用的密钥末尾多了换行符。' }, `${secretKey}\n`],
    [
      { en: 'You signed with the secret key and a carriage return and newline after it.', zh: '您签名所用的密钥末尾多了回车换行符。' },
      `${secretKey}\r\n`,
    ],
    [{ en: 'You signed with the secret key and a blank after it.', zh: '您签名所用的密钥末尾多了空格。' }, `${secretKey} `],
    [{ en: 'You signed with the secret key and a blank before it.', zh: '您签名所用的密钥开头多了空格。' }, ` ${secretKey}`],
    [{ en: 'You signed with the secret key in quotes.', zh: '您签名所用的密钥带有引号。' }, `"${secretKey}"`],
    [{ en: 'You signed with an empty secret key.', zh: '您签名所用的密钥为空。' }, ''],
  ];
}

/** Hosts that clients sign although they send another one. */
export function wrongHosts(host: string, region: string): readonly string[] {
  const authority = host.replace(/^https?:\/\//i, '').replace(/\/.*$/, '');
  const [, name = authority, port = ''] = /^(.*?)(:\d+)?$/.exec(authority) ?? [];
  const twin = name === 'localhost' ? '127.0.0.1' : 'localhost';
  const regional = region === '' ? [] : [`redis.${region}.tencentcloudapi.com`];
  const guesses = [
    authority,
    name,
    `${name}:80`,
    `${name}:443`,
    `http://${authority}`,
    `https://${authority}`,
    `http://${name}`,
    `https://${name}`,
    `${authority}/`,
    authority.toUpperCase(),
    `${twin}${port}`,
    twin,
    'redis.tencentcloudapi.com',
    'redis.intl.tencentcloudapi.com',
    ...regional,
    '',
  ];
  return [...new Set(guesses)].filter((guess) => guess !== host);
}

/** Timestamps that a clock read twice, or read in another unit, gives. */
export function wrongTimestamps(timestamp: string): readonly string[] {
  const seconds = Number(timestamp);
  return [...[-1, 1, -2, 2, -3, 3].map((offset) => String(seconds + offset)), `${timestamp}000`, ''];
}
