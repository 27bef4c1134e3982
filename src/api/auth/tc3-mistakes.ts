import { createHmac } from 'node:crypto';
import { equalSignatures, hostCandidates, pathCandidates } from './candidates.ts';
import { type Attempt, type Finding, instead, MOST_TRIED_LENGTH, wrongHosts, wrongKeys, wrongTimestamps } from './mistake.ts';
import {
  deriveKeys,
  deriveSigningKey,
  EMPTY_PAYLOAD_HASH,
  hashCanonicalRequest,
  hashPayload,
  signTc3,
  type Tc3Scope,
  UNSIGNED_PAYLOAD_HASH,
  utcDay,
} from './tc3.ts';
import { trimSlashes } from './trim-slashes.ts';
import { LOWERINGS, type Tc3Claim } from './verify.ts';
import { wrongPayloads } from './wrong-payloads.ts';
import { wrongQueries } from './wrong-queries.ts';

/** Everything that goes into a TC3 signature, free to be wrong. Lists hold what the verifier accepts as equally right. */
interface Draft {
  readonly method: string;
  readonly paths: readonly string[];
  readonly query: string;
  readonly hosts: readonly string[];
  readonly headerValue: (name: string) => string;
  /** In the order of their lines. */
  readonly names: readonly string[];
  readonly formatLine: (name: string, value: string) => string;
  /** Ends the last line; the empty line after it is the canonical request's. */
  readonly lastLineEnd: string;
  readonly signedHeaders: string;
  readonly payloadHash: string;
  readonly timestamp: string;
  readonly scope: Tc3Scope;
  readonly signingKey: Uint8Array;
  readonly encode: (hex: string) => string;
}

/** What the claim does not hold of the request. */
export interface SentParts {
  /** As sent, of a POST too. */
  readonly query: string;
  readonly body: Uint8Array;
}

/**
 * The first well-known mistake that gives the signature of `claim`. A match is certain, since nobody makes a
 * signature without the key; so the order is only that of cost. Tries some hundred signatures.
 */
export function findTc3Mistake(claim: Tc3Claim, secretKey: string, sent: SentParts): Finding {
  const { authorization, timestamp } = claim;
  const day = utcDay(Number(timestamp));
  if (authorization.date !== day) {
    return {
      part: 'scope',
      text: {
        en: `The date in Credential is \`${authorization.date}\`; the UTC day of X-TC-Timestamp ${timestamp} is \`${day}\`.`,
        zh: `Credential 中的日期是 \`${authorization.date}\`，而 X-TC-Timestamp ${timestamp} 对应的 UTC 日期是 \`${day}\`。`,
      },
    };
  }
  const draft = toDraft(claim, secretKey);
  // The query of a POST is tried as well.
  if (joinLines(draft, claim.host, () => false).length + sent.query.length + claim.path.length > MOST_TRIED_LENGTH) {
    return 'untried';
  }
  for (const list of [methods, hosts, paths, queries, headers, scopes, timestamps, keys, encodings, payloads]) {
    for (const { part, text, change } of list({ claim, secretKey, sent })) {
      if (matches({ ...draft, ...change }, authorization.signature)) {
        return { part, text };
      }
    }
  }
  return 'unknown';
}

function toDraft(claim: Tc3Claim, secretKey: string): Draft {
  const { authorization } = claim;
  return {
    ...claim,
    paths: pathCandidates(claim.path),
    hosts: hostCandidates(claim.host),
    names: authorization.signedHeaders.split(';'),
    formatLine: (name, value) => `${name}:${value}\n`,
    lastLineEnd: '\n',
    signedHeaders: authorization.signedHeaders,
    scope: authorization,
    signingKey: deriveSigningKey(secretKey, authorization),
    encode: (hex) => hex,
  };
}

function matches(draft: Draft, signature: string): boolean {
  const { method, query, signedHeaders, payloadHash } = draft;
  for (const path of draft.paths) {
    for (const host of draft.hosts) {
      for (const lowers of LOWERINGS) {
        const headerLines = joinLines(draft, host, lowers);
        const canonicalHash = hashCanonicalRequest({ method, path, query, headerLines, signedHeaders, payloadHash });
        if (equalSignatures(signature, draft.encode(signTc3(draft.signingKey, draft.timestamp, draft.scope, canonicalHash)))) {
          return true;
        }
      }
    }
  }
  return false;
}

function joinLines(draft: Draft, host: string, lowers: (name: string) => boolean): string {
  const lines = draft.names.map((name) => {
    const value = name === 'host' ? host : draft.headerValue(name);
    return draft.formatLine(name, name !== 'host' && lowers(name) ? value.toLowerCase() : value);
  });
  return lines.join('').replace(/\n$/, draft.lastLineEnd);
}

interface Case {
  readonly claim: Tc3Claim;
  readonly secretKey: string;
  readonly sent: SentParts;
}
type Attempts = Iterable<Attempt<Draft>>;

function* methods({ claim, sent }: Case): Attempts {
  const bodyHash = hashPayload(sent.body);
  for (const method of ['GET', 'POST', 'get', 'post']) {
    if (method !== claim.method) {
      const mistake = instead('method', method, claim.method);
      yield { ...mistake, change: { method } };
      yield { ...mistake, change: { method, query: sent.query, payloadHash: EMPTY_PAYLOAD_HASH } };
      yield { ...mistake, change: { method, query: '', payloadHash: bodyHash } };
    }
  }
}

function* hosts({ claim }: Case): Attempts {
  for (const host of wrongHosts(claim.host, claim.headerValue('x-tc-region'))) {
    yield { ...instead('host', host, claim.host), change: { hosts: [host] } };
  }
}

function* paths({ claim, sent }: Case): Attempts {
  const target = sent.query === '' ? claim.path : `${claim.path}?${sent.query}`;
  for (const path of ['', target, '/?', `${claim.path}/`, trimSlashes(claim.path), '/v2/index.php']) {
    // The query may hold what must not be shown.
    yield { ...instead('path', path === target && sent.query !== '' ? `${claim.path}?…` : path, '/'), change: { paths: [path] } };
  }
}

function* queries({ claim, sent }: Case): Attempts {
  if (claim.method === 'GET') {
    for (const { text, query } of wrongQueries(sent.query)) {
      yield { part: 'query', text, change: { query } };
    }
  } else if (sent.query !== '') {
    const text = {
      en: 'You signed the query string; that of a POST is not signed.',
      zh: '您对查询字符串进行了签名，而 POST 请求的查询字符串不参与签名。',
    };
    yield { part: 'query', text, change: { query: sent.query } };
  }
}

const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-8',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'multipart/form-data',
  '',
];

function* headers({ claim }: Case): Attempts {
  const { signedHeaders } = claim.authorization;
  const names = signedHeaders.split(';');
  const sorted = [...names].sort();
  const contentType = claim.headerValue('content-type');
  for (const value of CONTENT_TYPES) {
    if (value !== contentType) {
      const headerValue = (name: string) => (name === 'content-type' ? value : claim.headerValue(name));
      yield { ...instead('headers', `content-type:${value}`, `content-type:${contentType}`), change: { headerValue } };
    }
  }
  const say = (en: string, zh: string, change: Partial<Draft>) => ({ part: 'headers', text: { en, zh }, change }) as const;
  yield say('The newline after the last header line is missing.', '最后一行头部之后缺少换行符。', { lastLineEnd: '' });
  yield say('There is a blank after the colon of the header lines.', '头部各行的冒号之后多了空格。', {
    formatLine: (n, v) => `${n}: ${v}\n`,
  });
  yield say('The header names are not in lower case.', '头部名称没有转换为小写。', { formatLine: (n, v) => `${toTitle(n)}:${v}\n` });
  yield say('The header lines end with a carriage return.', '头部各行以回车符结尾。', { formatLine: (n, v) => `${n}:${v}\r\n` });
  yield say('The header lines are in another order than SignedHeaders.', '头部各行的顺序与 SignedHeaders 不一致。', { names: sorted });
  yield say('SignedHeaders was signed in another order than it is sent.', '签名时 SignedHeaders 的顺序与发送时不一致。', {
    signedHeaders: sorted.join(';'),
    names: sorted,
  });
  for (const other of ['content-type;host', 'content-type;host;x-tc-action', 'host']) {
    if (other !== signedHeaders) {
      yield { ...instead('headers', other, signedHeaders), change: { signedHeaders: other, names: other.split(';') } };
      yield { ...instead('headers', other, signedHeaders), change: { names: other.split(';') } };
    }
  }
}

function toTitle(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function* scopes({ claim, secretKey }: Case): Attempts {
  const { date, service } = claim.authorization;
  const [label = ''] = claim.host.split('.');
  for (const other of new Set(['redis', 'redkeep', 'cam', 'sts', 'cvm', '127', label, ''])) {
    if (other !== service) {
      const mistake = instead('scope', other, service);
      const scope = { date, service: other };
      yield { ...mistake, change: { scope, signingKey: deriveSigningKey(secretKey, scope) } };
      yield { ...mistake, change: { scope } };
      yield { ...mistake, change: { signingKey: deriveSigningKey(secretKey, scope) } };
    }
  }
  for (const days of [-1, 1]) {
    const other = utcDay(Number(claim.timestamp) + days * 86_400);
    const mistake = instead('scope', other, date);
    const scope = { date: other, service };
    yield { ...mistake, change: { scope, signingKey: deriveSigningKey(secretKey, scope) } };
    yield { ...mistake, change: { scope } };
    yield { ...mistake, change: { signingKey: deriveSigningKey(secretKey, scope) } };
  }
}

function* timestamps({ claim }: Case): Attempts {
  for (const timestamp of wrongTimestamps(claim.timestamp)) {
    yield { ...instead('timestamp', timestamp, claim.timestamp), change: { timestamp } };
  }
}

function* keys({ claim, secretKey }: Case): Attempts {
  const scope = claim.authorization;
  for (const [text, key] of wrongKeys(secretKey)) {
    yield { part: 'key', text, change: { signingKey: deriveSigningKey(key, scope) } };
  }
  const say = (en: string, zh: string, key: string | Uint8Array) =>
    ({ part: 'key', text: { en, zh }, change: { signingKey: Buffer.from(key) } }) as const;
  const hmac = (key: string | Uint8Array, text: string) => createHmac('sha256', key).update(text);
  const chain = (first: string) => hmac(hmac(hmac(first, scope.date).digest(), scope.service).digest(), 'tc3_request').digest();
  yield say('`TC3` is missing before the secret key.', '密钥之前缺少 `TC3`。', chain(secretKey));
  yield say('You signed with the SecretId.', '您使用了 SecretId 作为密钥签名。', chain(`TC3${claim.authorization.secretId}`));
  yield say('You signed with the secret key itself; a key must be derived from it.', '您直接使用了密钥签名，应先派生签名密钥。', secretKey);
  const hexChain = hmac(hmac(hmac(`TC3${secretKey}`, scope.date).digest('hex'), scope.service).digest('hex'), 'tc3_request');
  yield say(
    'The derived keys went on as hex text; they must go on as bytes.',
    '派生密钥以十六进制文本传递，应以字节传递。',
    hexChain.digest('hex'),
  );
  const { dateKey, serviceKey, signingKey } = deriveKeys(secretKey, scope);
  yield say(
    'The last derived key was used as hex text; it must be bytes.',
    '最后一级派生密钥以十六进制文本使用，应为字节。',
    signingKey.toString('hex'),
  );
  yield say(
    'You signed with the key of the service; `tc3_request` is still to come.',
    '您使用了服务级密钥签名，还需用 `tc3_request` 派生。',
    serviceKey,
  );
  yield say(
    'You signed with the key of the date; service and `tc3_request` are still to come.',
    '您使用了日期级密钥签名，还需用服务名和 `tc3_request` 派生。',
    dateKey,
  );
}

function* encodings(): Attempts {
  const say = (en: string, zh: string, encode: Draft['encode']) => ({ part: 'signature', text: { en, zh }, change: { encode } }) as const;
  yield say('The signature is in upper case; it must be in lower case.', '签名为大写，应为小写。', (hex) => hex.toUpperCase());
  yield say('The signature is base64; it must be hex.', '签名为 base64 编码，应为十六进制。', (hex) =>
    Buffer.from(hex, 'hex').toString('base64'),
  );
}

function* payloads({ claim, sent }: Case): Attempts {
  const say = (en: string, zh: string, payloadHash: string) => ({ part: 'payload', text: { en, zh }, change: { payloadHash } }) as const;
  yield say(
    'You signed the hash of UNSIGNED-PAYLOAD without the header X-TC-Content-SHA256 that says so.',
    '您签名时使用了 UNSIGNED-PAYLOAD 的哈希，但没有发送对应的 X-TC-Content-SHA256 头部。',
    UNSIGNED_PAYLOAD_HASH,
  );
  yield say(
    'You signed the word UNSIGNED-PAYLOAD; its hash must be signed.',
    '您签名时使用了 UNSIGNED-PAYLOAD 本身，应使用其哈希。',
    'UNSIGNED-PAYLOAD',
  );
  yield say(
    'The payload hash is in upper case; it must be in lower case.',
    '请求体哈希为大写，应为小写。',
    claim.payloadHash.toUpperCase(),
  );
  yield say('You signed an empty payload.', '您签名时使用了空的请求体。', EMPTY_PAYLOAD_HASH);
  for (const { text, payload } of wrongPayloads(sent)) {
    yield { part: 'payload', text, change: { payloadHash: hashPayload(payload) } };
  }
}
