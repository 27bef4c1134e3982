import type { Message } from '../errors/message.ts';

/** Past these a body is not parsed again just to explain a failure. */
const MOST_PARSED_BYTES = 256 * 1024;
const MOST_DEPTH = 20;

/** Payloads that clients sign although they send `body`, each with what they did. */
export function* wrongPayloads(sent: {
  readonly query: string;
  readonly body: Uint8Array;
}): Iterable<{ readonly text: Message; readonly payload: string }> {
  const say = (en: string, zh: string, payload: string) => ({ text: { en, zh }, payload });
  yield say('You signed the query string as payload.', '您将查询字符串作为请求体签名。', sent.query);
  yield say('You signed `{}` as payload.', '您将 `{}` 作为请求体签名。', '{}');
  if (sent.body.length > MOST_PARSED_BYTES) {
    return;
  }
  const body = Buffer.from(sent.body).toString('utf8');
  yield say(
    'You signed the hash of the body, while the request is a GET or says UNSIGNED-PAYLOAD.',
    '您签名时使用了请求体的哈希，而请求是 GET 或声明了 UNSIGNED-PAYLOAD。',
    body,
  );
  yield say('You signed the payload with a newline after it.', '您签名的请求体末尾多了换行符。', `${body}\n`);
  yield say('You signed the payload without the blanks around it.', '您签名的请求体去掉了首尾空白。', body.trim());
  const value = parse(body);
  if (value === undefined) {
    return;
  }
  const again = 'You signed the payload as it was before it was serialised once more';
  const anew = '您签名的请求体与发送的序列化结果不同';
  for (const [name, text] of serialisations(value)) {
    yield say(`${again} (signed: ${name}).`, `${anew}（签名时：${name}）。`, text);
  }
}

function parse(text: string): unknown {
  try {
    return depthOf(text) > MOST_DEPTH ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** How deep a JSON text nests, told without parsing it, in one pass. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') {
        at++;
      } else if (character === '"') {
        inString = false;
      }
    } else if (character === '"') {
      inString = true;
    } else if (character === '[' || character === '{') {
      depth++;
      most = Math.max(most, depth);
    } else if (character === ']' || character === '}') {
      depth--;
    }
  }
  return most;
}

/** How JSON libraries write the same value. */
function* serialisations(value: unknown): Iterable<readonly [name: string, text: string]> {
  const compact = JSON.stringify(value);
  const spaced = toSpaced(value);
  const sorted = JSON.stringify(sortMembers(value));
  yield ['compact', compact];
  yield ['compact, ASCII', toAscii(compact)];
  yield ['compact, HTML-escaped', escapeHtml(compact)];
  yield ['blanks after commas and colons, ASCII', toAscii(spaced)];
  yield ['blanks after commas and colons', spaced];
  yield ['members sorted', sorted];
  yield ['members sorted, HTML-escaped', escapeHtml(sorted)];
  yield ['members sorted, blanks after commas and colons, ASCII', toAscii(toSpaced(sortMembers(value)))];
  yield ['indented by two', JSON.stringify(value, null, 2)];
  yield ['indented by four', JSON.stringify(value, null, 4)];
}

/** As Python's json.dumps writes by default, but for its escapes. */
function toSpaced(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(toSpaced).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${JSON.stringify(name)}: ${toSpaced(member)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sortMembers);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([name, member]) => [name, sortMembers(member)]));
  }
  return value;
}

function toAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, toEscape);
}

/** As Go's encoding/json does. */
function escapeHtml(text: string): string {
  return text.replace(/[<>&\u2028\u2029]/g, toEscape);
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
