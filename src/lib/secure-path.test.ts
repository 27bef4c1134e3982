import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isDomainError } from './errors.ts';
import { assertObjectPrefix, isObjectName, toSecurePath } from './secure-path.ts';

test('accepts names of letters, digits, dot, dash and underscore', () => {
  for (const name of ['a', 'repository.json', 'backups/2e4127f8-affe-11e8-941e-4846fb00c75d/3/data-0000-00000', '_a/B.c']) {
    assert.equal(isObjectName(name), true, name);
  }
});

test('rejects names that could leave the root, hide, or confuse a file system', () => {
  const tricks = [
    '',
    '.',
    '..',
    '/',
    '/a',
    'a/',
    'a//b',
    'a/../b',
    '../a',
    'a/.',
    '.tmp/x',
    'a/.b',
    '-rf',
    'a\\b',
    'a\0b',
    'a b',
    'ä',
    'a\n',
    '%2e',
    '~',
  ];
  for (const name of [...tricks, 'a'.repeat(201), 'ab/'.repeat(301).concat('a')]) {
    assert.equal(isObjectName(name), false, JSON.stringify(name));
    assert.throws(
      () => toSecurePath('/root', name),
      (error) => isDomainError(error, 'object-name-invalid'),
    );
  }
});

test('accepts as a prefix only the beginning of a legal name', () => {
  for (const prefix of ['', 'a', 'a/', 'a/b', 'a/b/', 'a.']) {
    assertObjectPrefix(prefix);
  }
  for (const prefix of ['/', '..', '../', 'a//', 'a/../', '.']) {
    assert.throws(
      () => assertObjectPrefix(prefix),
      (error) => isDomainError(error, 'object-name-invalid'),
      prefix,
    );
  }
});

test('keeps every path that it makes inside the root', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '.', '/', '-', '_', '\0', '\\', '9') }), (name) => {
      if (isObjectName(name)) {
        assert.ok(toSecurePath('/root', name).startsWith('/root/'));
        assert.ok(!toSecurePath('/root', name).includes('..'.concat('/')) || /[^/]\.\.\//.test(name));
      }
    }),
  );
});
