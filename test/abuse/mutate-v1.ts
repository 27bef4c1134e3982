import type { RawRequest } from '../../src/api/http-message.ts';
import type { SeededRandom } from '../../src/managed/seeded-random.ts';
import { OTHER_KEY, SUB_KEY } from '../harness/api-fixture.ts';
import { changeCharacter, changeText, headerOf, type Mutation, withHeader } from './mutation.ts';

type Pairs = ReadonlyArray<readonly [name: string, value: string]>;

/** One mutation for each part of a v1 request that its signature covers: method, host, path, and each name and value. */
export const V1_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a value': changePairs((pairs, random) =>
    replaceAt(pairs, random.below(pairs.length), ([name, value]) => [name, changeText(value, random)]),
  ),
  'a name': changePairs((pairs, random) =>
    replaceAt(pairs, random.below(pairs.length), ([name, value]) => [changeText(name, random), value]),
  ),
  'a parameter less': changePairs((pairs, random) => pairs.toSpliced(random.below(pairs.length), 1)),
  'a parameter more': changePairs((pairs, random) => [
    ...pairs,
    random.pick<Pairs[number]>([
      ['Offset', '0'],
      ['Token', 'x'],
      ['Language', 'zh-CN'],
      ['x', ''],
    ]),
  ]),
  'a parameter twice': changePairs((pairs, random) => [...pairs, ...pairs.slice(random.below(pairs.length)).slice(0, 1)]),
  'values of two names exchanged': changePairs((pairs, random) => {
    const [one, two] = [random.below(pairs.length), random.below(pairs.length)];
    const [first, second] = [pairs[one]?.[1] ?? '', pairs[two]?.[1] ?? ''];
    return replaceAt(
      replaceAt(pairs, one, ([name]) => [name, second]),
      two,
      ([name]) => [name, first],
    );
  }),
  'secret id': changeValue('SecretId', (id, random) => random.pick([SUB_KEY.secretId, OTHER_KEY.secretId, '', changeText(id, random)])),
  timestamp: changeValue('Timestamp', (text, random) => random.pick([String(Number(text) + 1), String(Number(text) - 1), `0${text}`, ''])),
  nonce: changeValue('Nonce', (nonce, random) => random.pick(['0', `0${nonce}`, '9223372036854775807', changeText(nonce, random)])),
  'signature method': changePairs((pairs, random) => {
    const others = pairs.filter(([name]) => name !== 'SignatureMethod');
    const given = pairs.find(([name]) => name === 'SignatureMethod')?.[1];
    const method = random.pick(['HmacSHA1', 'HmacSHA256', 'HmacMD5', 'TC3-HMAC-SHA256', '']);
    return method === given ? others : [...others, ['SignatureMethod', method]];
  }),
  signature: changeValue('Signature', changeSignature),
  host: (request, random) => {
    const host = headerOf(request, 'host');
    const changed = random.pick([
      host.replace(/:\d+$/, ''),
      host.replace(/:\d+$/, ':1'),
      `http://${host}`,
      `x.${host}`,
      '',
      changeCharacter(host, random),
    ]);
    return withHeader(request, 'host', changed);
  },
  path: (request, random) => ({ ...request, path: random.pick(['/', `${request.path}/`, changeText(request.path, random)]) }),
  method: (request) =>
    request.method === 'GET'
      ? {
          ...request,
          method: 'POST',
          query: '',
          body: Buffer.from(request.query),
          headers: { ...request.headers, 'content-type': 'application/x-www-form-urlencoded' },
        }
      : { ...request, method: 'GET', query: Buffer.from(request.body).toString(), body: Buffer.alloc(0) },
};

/** Changes the decoded parameters and encodes them again. */
function changePairs(change: (pairs: Pairs, random: SeededRandom) => Pairs): Mutation {
  return (request, random) => {
    const isGet = request.method === 'GET';
    const pairs = [...new URLSearchParams(isGet ? request.query : Buffer.from(request.body).toString())];
    const text = change(pairs as unknown as Pairs, random)
      .map((pair) => pair.map(encodeURIComponent).join('='))
      .join('&');
    return isGet ? { ...request, query: text } : { ...request, body: Buffer.from(text) };
  };
}

function changeValue(name: string, change: (value: string, random: SeededRandom) => string): Mutation {
  return changePairs((pairs, random) => pairs.map((pair) => (pair[0] === name ? [name, change(pair[1], random)] : pair)));
}

function replaceAt(pairs: Pairs, at: number, change: (pair: Pairs[number]) => Pairs[number]): Pairs {
  return pairs.map((pair, index) => (index === at ? change(pair) : pair));
}

function changeSignature(base64: string, random: SeededRandom): string {
  return random.pick([
    changeText(base64, random),
    base64.replace(/=+$/, ''),
    `${base64}=`,
    base64.toLowerCase(),
    Buffer.from(base64, 'base64').toString('hex'),
    random.bytes(20).toString('base64'),
    '',
  ]);
}

/** What a v1 request says, whatever its encoding and order. */
export function meaningOf(request: RawRequest): string {
  const text = request.method === 'GET' ? request.query : Buffer.from(request.body).toString();
  return JSON.stringify([request.method, headerOf(request, 'host'), request.path, [...new URLSearchParams(text)].sort()]);
}
