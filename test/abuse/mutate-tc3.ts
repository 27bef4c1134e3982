import type { RawRequest } from '../../src/api/http-message.ts';
import type { SeededRandom } from '../../src/managed/seeded-random.ts';
import { OTHER_KEY, SUB_KEY } from '../harness/api-fixture.ts';
import { changeCharacter, changeText, headerOf, type Mutation, withHeader } from './mutation.ts';

/** The parts of an Authorization header, each to be replaced. */
interface Parts {
  algorithm: string;
  secretId: string;
  date: string;
  service: string;
  end: string;
  signedHeaders: string;
  signature: string;
}

/** One mutation for each part of a TC3 request that its signature covers. */
export const TC3_MUTATIONS: Readonly<Record<string, Mutation>> = {
  algorithm: replacePart('algorithm', (_, random) =>
    random.pick(['tc3-hmac-sha256', 'TC3-HMAC-SHA1', 'TC3-HMAC-SM3', 'AWS4-HMAC-SHA256', 'none', '']),
  ),
  'secret id': replacePart('secretId', (id, random) =>
    random.pick([SUB_KEY.secretId, OTHER_KEY.secretId, id.toLowerCase(), '', changeText(id, random)]),
  ),
  date: replacePart('date', (date, random) => random.pick(['2026-11-23', '2026-11-25', '1970-01-01', '', changeCharacter(date, random)])),
  service: replacePart('service', (service, random) => random.pick(['cvm', 'cam', '', service.toUpperCase(), changeText(service, random)])),
  'end of the scope': replacePart('end', (end, random) => random.pick(['aws4_request', 'TC3_REQUEST', '', changeText(end, random)])),
  'signed headers': replacePart('signedHeaders', changeNames),
  signature: replacePart('signature', changeSignature),
  'a character of Authorization': (request, random) => {
    const text = headerOf(request, 'authorization');
    const places = [...text.matchAll(/\S/g)].map(({ index }) => index);
    const start = places[random.below(places.length)] ?? 0;
    return withHeader(request, 'authorization', text.slice(0, start) + changeCharacter(text[start] ?? '', random) + text.slice(start + 1));
  },
  'no Authorization': (request, random) => withHeader(request, 'authorization', random.pick([undefined, '', 'SKIP', 'Bearer x'] as const)),
  timestamp: (request, random) => {
    const seconds = Number(headerOf(request, 'x-tc-timestamp'));
    const shifted = String(seconds + random.pick([1, -1, 1 + random.below(86_400), -1 - random.below(86_400)]));
    return withHeader(request, 'x-tc-timestamp', random.pick([shifted, `0${seconds}`, `${seconds}0`]));
  },
  action: changeHeader('x-tc-action', (_, random) => random.pick(['DescribeTaskInfo', 'ManualBackupInstance', 'DescribeInstance', ''])),
  version: changeHeader('x-tc-version', (_, random) => random.pick(['2026-11-24', '2018-08-13', '2019-01-16', ''])),
  region: changeHeader('x-tc-region', (region, random) => random.pick(['ap-beijing', 'ap-shanghai-fsi', '', changeText(region, random)])),
  'content type': changeHeader('content-type', (type, random) =>
    random.pick(['application/json; charset=utf-8', 'application/x-www-form-urlencoded; x', 'text/plain', '', changeText(type, random)]),
  ),
  'payload said to be unsigned': (request) => withHeader(request, 'x-tc-content-sha256', 'UNSIGNED-PAYLOAD'),
  host: changeHeader('host', (host, random) =>
    random.pick([
      host.replace(/:\d+$/, ''),
      host.replace(/:\d+$/, ':1'),
      `http://${host}`,
      `x.${host}`,
      'redis.tencentcloudapi.com',
      '',
      changeCharacter(host, random),
    ]),
  ),
  method: (request, random) => ({
    ...request,
    method: random.pick([request.method === 'GET' ? 'POST' : 'GET', 'PUT', 'HEAD', 'get', 'post', '']),
  }),
  path: (request, random) => ({
    ...request,
    path: random.pick(['/', `${request.path}/`, '/proxy/%72edis', changeText(request.path, random)]),
  }),
  'query or body': (request, random) =>
    request.method === 'GET'
      ? { ...request, query: changeQuery(request.query, random) }
      : { ...request, body: changeBody(request, random) },
};

function replacePart(name: keyof Parts, change: (part: string, random: SeededRandom) => string): Mutation {
  return (request, random) => {
    const parts = readParts(headerOf(request, 'authorization'));
    return withHeader(request, 'authorization', writeParts({ ...parts, [name]: change(parts[name], random) }));
  };
}

function changeHeader(name: string, change: (value: string, random: SeededRandom) => string): Mutation {
  return (request, random) => withHeader(request, name, change(headerOf(request, name), random));
}

function readParts(authorization: string): Parts {
  const [, algorithm = '', secretId = '', date = '', service = '', end = '', signedHeaders = '', signature = ''] =
    /^(\S+) Credential=([^/]+)\/([^/]+)\/([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(.+)$/.exec(authorization) ?? [];
  return { algorithm, secretId, date, service, end, signedHeaders, signature };
}

function writeParts({ algorithm, secretId, date, service, end, signedHeaders, signature }: Parts): string {
  return `${algorithm} Credential=${secretId}/${date}/${service}/${end}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

function changeNames(signedHeaders: string, random: SeededRandom): string {
  const names = signedHeaders.split(';');
  const at = random.below(names.length);
  const name = names[at] ?? '';
  return random.pick([
    names.toSpliced(at, 1).join(';'),
    names.toSpliced(at, 0, random.pick(['x-tc-language', 'x-tc-nothing', 'constructor', '', name])).join(';'),
    names.with(at, name.toUpperCase()).join(';'),
    names.toReversed().join(';'),
    'content-type;host',
    `${signedHeaders};`,
  ]);
}

function changeSignature(hex: string, random: SeededRandom): string {
  return random.pick([
    changeCharacter(hex, random),
    changeText(hex, random),
    hex.toUpperCase(),
    [...hex].reverse().join(''),
    Buffer.from(hex, 'hex').toString('base64'),
    '0'.repeat(64),
    random.bytes(32).toString('hex'),
    '',
  ]);
}

function changeQuery(query: string, random: SeededRandom): string {
  return random.pick([
    `${query}&Offset=0`,
    `${query}&`,
    `&${query}`,
    query.split('&').toReversed().join('&'),
    query.replace('+', '%20'),
    '',
    changeText(query, random),
  ]);
}

function changeBody({ body }: RawRequest, random: SeededRandom): Uint8Array {
  const bytes = Buffer.from(body);
  const at = random.below(bytes.length);
  const flipped = Buffer.from(bytes);
  flipped[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return random.pick([
    flipped,
    flipped,
    Buffer.concat([bytes, Buffer.from(' ')]),
    bytes.subarray(0, at),
    Buffer.concat([bytes.subarray(0, at), Buffer.from(' '), bytes.subarray(at)]),
    Buffer.from('{}'),
    Buffer.alloc(0),
  ]);
}
