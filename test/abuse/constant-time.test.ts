import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const sources = globSync('src/{api,http}/**/*.ts', { cwd: ROOT })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: stripComments(readFileSync(join(ROOT, path), 'utf8')) }));

function stripComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** How often a pattern is found, by file. */
function found(pattern: RegExp): Record<string, number> {
  return Object.fromEntries(
    sources.map(({ path, text }) => [path, text.match(pattern)?.length ?? 0] as const).filter(([, count]) => count > 0),
  );
}

test('there is one function that compares signatures, and it compares in constant time', () => {
  assert.deepEqual(found(/timingSafeEqual\(/g), { 'src/api/auth/candidates.ts': 1 });
  const { text = '' } = sources.find(({ path }) => path === 'src/api/auth/candidates.ts') ?? {};
  const [, body = ''] = /export function equalSignatures\(given: string, expected: string\): boolean \{([^}]*)\}/.exec(text) ?? [];
  assert.match(body, /return a\.length === b\.length && timingSafeEqual\(a, b\);\s*$/);
});

test('every signature that is computed for a caller’s goes straight into that function', () => {
  // The client signs its own requests, and the two files of the arithmetic define the functions.
  const own = new Set(['src/api/client.ts', 'src/api/auth/tc3.ts', 'src/api/auth/v1.ts']);
  const computing = /(?:signTc3|signV1)\(|\.digest\(digest\)/g;
  let compared = 0;
  for (const { path, text } of sources) {
    for (const line of own.has(path) ? [] : text.split('\n').filter((candidate) => candidate.match(computing))) {
      assert.match(line, /equalSignatures\(/, `${path}: ${line}`);
      compared++;
    }
  }
  assert.ok(compared >= 4, `${compared} comparisons`);
});

test('nothing compares a signature or a secret by operator or method', () => {
  const word = String.raw`(?:signature|Signature'\]|secretKey|signingKey|hmac|expected)`;
  const comparing = new RegExp(
    String.raw`${word}\)? *[!=]==? *(?!undefined|''|null)|[!=]==? *[\w.?]*${word}\b|${word}\.(?:equals|localeCompare|startsWith|includes)\(`,
    'g',
  );
  assert.deepEqual(found(comparing), {
    // Both sides are the server's own: is the kept key still the one of that secret?
    'src/api/auth/signing-keys.ts': 2,
  });
});
