import { createHmac } from 'node:crypto';
import { equalSignatures, hostCandidates, pathCandidates } from './candidates.ts';
import { type Attempt, type Finding, instead, MOST_TRIED_LENGTH, wrongHosts, wrongKeys, wrongTimestamps } from './mistake.ts';
import { trimSlashes } from './trim-slashes.ts';
import { joinV1Parameters, type V1Method } from './v1.ts';
import type { V1Claim } from './verify.ts';

/** Parameters of which leaving out each one is tried. */
const MOST_LEFT_OUT = 50;

type Parameters = Readonly<Record<string, string>>;

/** Everything that goes into a v1 signature, free to be wrong. Lists hold what the verifier accepts as equally right. */
interface Draft {
  readonly method: string;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly mark: string;
  readonly joined: string;
  readonly secretKey: string;
  readonly hash: V1Method;
  readonly digest: 'base64' | 'hex';
  /** The signature as the request has it, or as it was before it was damaged. */
  readonly signature: string;
}

interface Case {
  readonly claim: V1Claim;
  readonly secretKey: string;
}
type Attempts = Iterable<Attempt<Draft>>;

/** The first well-known mistake that gives the signature of `claim`. Tries some hundred signatures. */
export function findV1Mistake(claim: V1Claim, secretKey: string): Finding {
  const draft: Draft = {
    method: claim.method,
    hosts: hostCandidates(claim.host),
    paths: pathCandidates(claim.path),
    mark: '?',
    joined: joinV1Parameters(claim.parameters),
    secretKey,
    hash: claim.signatureMethod,
    digest: 'base64',
    signature: claim.parameters['Signature'] ?? '',
  };
  if (draft.joined.length + claim.path.length > MOST_TRIED_LENGTH) {
    return 'untried';
  }
  for (const list of [methods, hosts, paths, parameters, timestamps, keys, encodings]) {
    for (const { part, text, change } of list({ claim, secretKey })) {
      if (matches({ ...draft, ...change })) {
        return { part, text };
      }
    }
  }
  return 'unknown';
}

function matches({ method, hosts, paths, mark, joined, secretKey, hash, digest, signature }: Draft): boolean {
  return hosts.some((host) =>
    paths.some((path) => {
      const hmac = createHmac(hash === 'HmacSHA1' ? 'sha1' : 'sha256', secretKey);
      return equalSignatures(signature, hmac.update(`${method}${host}${path}${mark}${joined}`).digest(digest));
    }),
  );
}

function* methods({ claim }: Case): Attempts {
  for (const method of ['GET', 'POST', 'get', 'post', '']) {
    if (method !== claim.method) {
      yield { ...instead('method', method, claim.method), change: { method } };
    }
  }
}

function* hosts({ claim }: Case): Attempts {
  for (const host of wrongHosts(claim.host, claim.parameters['Region'] ?? '')) {
    yield { ...instead('host', host, claim.host), change: { hosts: [host] } };
  }
}

function* paths({ claim }: Case): Attempts {
  for (const path of ['', '/v2/index.php', `${claim.path}/`, trimSlashes(claim.path)]) {
    yield { ...instead('path', path, '/'), change: { paths: [path] } };
  }
  const text = { en: 'The question mark before the parameters is missing.', zh: '参数之前缺少问号。' };
  yield { part: 'path', text, change: { mark: '' } };
}

function* parameters({ claim }: Case): Attempts {
  const pairs = Object.entries(claim.parameters).filter(([name]) => name !== 'Signature');
  const say = (en: string, zh: string, joined: string) => ({ part: 'parameters', text: { en, zh }, change: { joined } }) as const;
  yield say(
    'You signed the parameters in the order in which they are sent; they must be sorted.',
    '您按发送顺序对参数签名，应先排序。',
    join(pairs),
  );
  yield say(
    'You sorted the parameters without regard to case; they must be sorted by bytes.',
    '您排序参数时忽略了大小写，应按字节排序。',
    join([...pairs].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))),
  );
  const encoded = (encode: (value: string) => string) => joinV1Parameters(mapValues(claim.parameters, encode));
  const encodedEn = 'You signed URL-encoded values; values are signed as they are before they are encoded.';
  const encodedZh = '您对 URL 编码后的值签名，应使用编码前的值。';
  yield say(encodedEn, encodedZh, encoded(encodeURIComponent));
  yield say(
    encodedEn,
    encodedZh,
    encoded((value) => new URLSearchParams([['', value]]).toString().slice(1)),
  );
  yield say(
    'You signed a value with `+` where a blank is sent.',
    '您签名时使用了 `+`，而发送的是空格。',
    encoded((value) => value.replaceAll(' ', '+')),
  );
  yield say(
    'You left out parameters that are sent with an empty value.',
    '您遗漏了值为空的参数。',
    joinV1Parameters(withoutEmpty(claim.parameters)),
  );
  for (const [name] of pairs.slice(0, MOST_LEFT_OUT)) {
    const { [name]: _, ...rest } = claim.parameters;
    yield say(`You left out the parameter \`${name}\`.`, `您遗漏了参数 \`${name}\`。`, joinV1Parameters(rest));
  }
  const hash = claim.signatureMethod === 'HmacSHA1' ? 'HmacSHA256' : 'HmacSHA1';
  const wrongHash = instead('parameters', hash, claim.signatureMethod);
  yield { ...wrongHash, change: { hash } };
  yield { ...wrongHash, change: { hash, joined: joinV1Parameters({ ...claim.parameters, SignatureMethod: hash }) } };
}

function* timestamps({ claim }: Case): Attempts {
  const sent = claim.parameters['Timestamp'] ?? '';
  for (const timestamp of wrongTimestamps(sent)) {
    yield { ...instead('timestamp', timestamp, sent), change: { joined: joinV1Parameters({ ...claim.parameters, Timestamp: timestamp }) } };
  }
}

function* keys({ claim, secretKey }: Case): Attempts {
  for (const [text, key] of wrongKeys(secretKey)) {
    yield { part: 'key', text, change: { secretKey: key } };
  }
  const text = { en: 'You signed with the SecretId.', zh: '您使用了 SecretId 作为密钥签名。' };
  yield { part: 'key', text, change: { secretKey: claim.parameters['SecretId'] ?? '' } };
}

function* encodings({ claim }: Case): Attempts {
  const signature = claim.parameters['Signature'] ?? '';
  const say = (en: string, zh: string, change: Partial<Draft>) => ({ part: 'signature', text: { en, zh }, change }) as const;
  yield say('A `+` in Signature was sent unencoded, which means a blank.', 'Signature 中的 `+` 未经编码，被解释为空格。', {
    signature: signature.replaceAll(' ', '+'),
  });
  yield say('Signature was encoded twice.', 'Signature 被重复编码。', { signature: signature.replace(/%(2B|2F|3D)/gi, toCharacter) });
  yield say('Signature is hex; it must be base64.', 'Signature 为十六进制，应为 base64 编码。', { digest: 'hex' });
}

function toCharacter(escaped: string): string {
  return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
}

function join(pairs: ReadonlyArray<readonly [string, string]>): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function mapValues(parameters: Parameters, change: (value: string) => string): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, change(value)]));
}

function withoutEmpty(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''));
}
