import type { Message } from '../errors/message.ts';

/** Query strings that clients sign although they send `query`, each with what they did. */
export function wrongQueries(query: string): ReadonlyArray<{ readonly text: Message; readonly query: string }> {
  const pairs = query.split('&');
  const sorted = [...pairs].sort().join('&');
  const candidates: ReadonlyArray<readonly [string, string, string]> = [
    ['You signed no query string.', '您签名时没有包含查询字符串。', ''],
    ['You signed the query string with its question mark.', '您签名时包含了问号。', `?${query}`],
    ['You signed the query string sorted; it must be signed as it is sent.', '您对排序后的查询字符串签名，应按发送的原样签名。', sorted],
    [
      'You signed the query string decoded; it must be signed as it is sent.',
      '您对解码后的查询字符串签名，应按发送的原样签名。',
      decode(query),
    ],
    ['You signed the query string decoded and sorted.', '您对解码并排序后的查询字符串签名。', decode(sorted)],
    [
      'You signed the query string with its percent signs encoded once more.',
      '您对重复编码的查询字符串签名。',
      query.replaceAll('%', '%25'),
    ],
    ['You signed `%20` where `+` is sent.', '您签名时使用了 `%20`，而发送的是 `+`。', query.replaceAll('+', '%20')],
    ['You signed `+` where `%20` is sent.', '您签名时使用了 `+`，而发送的是 `%20`。', query.replaceAll('%20', '+')],
    ['You signed the query string encoded in another way than it is sent.', '您签名时的编码方式与发送时不同。', encode(pairs)],
    [
      'You signed the query string encoded in another way, and sorted.',
      '您签名时的编码方式与发送时不同，并且进行了排序。',
      encode([...pairs].sort()),
    ],
  ];
  const tried = new Set([query]);
  return candidates.flatMap(([en, zh, candidate]) => {
    const isNew = !tried.has(candidate);
    tried.add(candidate);
    return isNew ? [{ text: { en, zh }, query: candidate }] : [];
  });
}

/** The text itself where it cannot be decoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return text;
  }
}

/** Pairs as JavaScript's encodeURIComponent would write them. */
function encode(pairs: readonly string[]): string {
  return pairs
    .map((pair) => {
      const [name = '', ...rest] = pair.split('=');
      return rest.length === 0
        ? encodeURIComponent(decode(name))
        : `${encodeURIComponent(decode(name))}=${encodeURIComponent(decode(rest.join('=')))}`;
    })
    .join('&');
}
