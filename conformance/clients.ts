import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Form } from './call.ts';
import type { Language } from './installed-programs.ts';

/** An official client and the forms in which it can send. */
export interface Client {
  /** Name of its program. */
  readonly program: string;
  readonly language: Language;
  readonly name: string;
  readonly version: string;
  readonly forms: ReadonlyArray<{ readonly name: string; readonly form: Form }>;
  /** How many fields of a list element its models know: the first so many of `ELEMENT_FIELDS`. */
  readonly elementFields: 6 | 9 | 15 | 16;
  /** Its models are older than CloneInstances and the restriction of downloads. */
  readonly isOlderThanClones?: true;
  /** It retries by itself where a limit was exceeded (RateLimitExceededMaxRetries). */
  readonly retriesLimit?: true;
  /** It starts a process for each call and cannot reach a limit alone. */
  readonly isSlow?: true;
}

const SIX: Client['forms'] = (['TC3-HMAC-SHA256', 'HmacSHA256', 'HmacSHA1'] as const).flatMap((sign) =>
  (['POST', 'GET'] as const).map((method) => ({ name: `${sign} ${method}`, form: { sign, method } })),
);
const TC3 = { sign: 'TC3-HMAC-SHA256', method: 'POST' } as const;
const V1 = { sign: 'HmacSHA256', method: 'POST' } as const;

export const CLIENTS: readonly Client[] = [
  {
    program: 'node',
    language: 'node',
    name: 'Node SDK',
    version: npmVersion('tencentcloud-sdk-nodejs'),
    forms: SIX,
    elementFields: 16,
  },
  {
    program: 'node-intl',
    language: 'node',
    name: 'Node SDK, international',
    version: npmVersion('tencentcloud-sdk-nodejs-intl-en'),
    forms: SIX,
    elementFields: 15,
  },
  {
    program: 'python',
    language: 'python',
    name: 'Python SDK',
    version: versionIn('python/requirements.txt', /^tencentcloud-sdk-python==(\S+)/m),
    forms: [
      ...SIX,
      { name: 'TC3-HMAC-SHA256 POST, endpoint a URL', form: { ...TC3, isUrl: true } },
      { name: 'HmacSHA256 POST, endpoint a URL', form: { ...V1, isUrl: true } },
    ],
    elementFields: 16,
  },
  {
    program: 'tccli',
    language: 'python',
    name: 'tccli',
    version: versionIn('python/requirements.txt', /^tccli==(\S+)/m),
    forms: [
      { name: 'parameters as JSON', form: TC3 },
      { name: '--cli-unfold-argument', form: { ...TC3, unfold: true } },
    ],
    elementFields: 16,
    isSlow: true,
  },
  {
    program: 'go',
    language: 'go',
    name: 'Go SDK, common client',
    version: versionIn('go/go.mod', /tencentcloud\/common (v\S+)/),
    forms: SIX,
    elementFields: 16,
    retriesLimit: true,
  },
  {
    program: 'go-redis',
    language: 'go',
    name: 'Go SDK, redis client',
    version: versionIn('go/redis/go.mod', /tencentcloud-sdk-go (v\S+)/),
    forms: SIX,
    elementFields: 6,
    isOlderThanClones: true,
  },
  {
    program: 'java',
    language: 'java',
    name: 'Java SDK',
    version: `${versionIn('java/pom.xml', /java-redis<\/artifactId>\s*<version>([^<]+)/)}, common ${versionIn('java/pom.xml', /java-common<\/artifactId>\s*<version>([^<]+)/)}`,
    forms: SIX,
    elementFields: 9,
    isOlderThanClones: true,
  },
];

function npmVersion(name: string): string {
  return versionIn('../package.json', new RegExp(`"${name}": "([^"]+)"`));
}

function versionIn(file: string, pattern: RegExp): string {
  const version = pattern.exec(readFileSync(join(import.meta.dirname, file), 'utf8'))?.[1];
  if (version === undefined) {
    throw new Error(`${file} pins no version that matches ${pattern}`);
  }
  return version;
}
