import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileWildcard } from './wildcard.ts';

/** The plainest matcher there is, which tries every length for each star. */
function matchNaively(pattern: string, text: string): boolean {
  if (pattern === '') {
    return text === '';
  }
  if (pattern[0] === '*') {
    return matchNaively(pattern.slice(1), text) || (text !== '' && matchNaively(pattern, text.slice(1)));
  }
  return text[0] === pattern[0] && matchNaively(pattern.slice(1), text.slice(1));
}

test('matches as the plainest matcher does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 10 });
  fc.assert(
    fc.property(text, text, (pattern, subject) => {
      assert.equal(compileWildcard(pattern)(subject), matchNaively(pattern, subject));
    }),
    { numRuns: 5000 },
  );
});

test('takes every character but * for itself', () => {
  for (const text of ['.', '[a-z]', '(a+)+$', '\\d', 'a?b', '^', '$&', '|']) {
    assert.equal(compileWildcard(text)(text), true);
    assert.equal(compileWildcard(text)('abc'), false);
  }
  assert.equal(compileWildcard('redis:Describe*')('redis:DescribeInstances'), true);
  assert.equal(compileWildcard('redis:Describe*')('redis:ModifyInstance'), false);
  assert.equal(compileWildcard('a*a')('a'), false);
});

test('does not go back however many stars a pattern has', () => {
  const matches = compileWildcard(`${'a*'.repeat(1500)}b`);
  assert.equal(matches('a'.repeat(100_000)), false);
  assert.equal(matches(`${'a'.repeat(100_000)}b`), true);
});
