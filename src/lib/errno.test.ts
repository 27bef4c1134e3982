import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { it } from 'node:test';
import { errnoOf } from './errno.ts';

it('names the errno of a failed system call', async () => {
  assert.equal(await stat('/no/such/file').catch(errnoOf), 'ENOENT');
});

it('is empty for anything without a textual code', () => {
  for (const thrown of [new Error('x'), Object.assign(new Error('x'), { code: 2 }), 'ENOENT', undefined, { code: 'ENOENT' }]) {
    assert.equal(errnoOf(thrown), '');
  }
});
