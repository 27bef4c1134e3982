import assert from 'node:assert/strict';
import { it } from 'node:test';
import { trimSlashes } from './trim-slashes.ts';

it('takes slashes from the end only', () => {
  assert.equal(trimSlashes('/a//'), '/a');
  assert.equal(trimSlashes('//'), '');
  assert.equal(trimSlashes(`${'/'.repeat(60_000)}x`).length, 60_001);
});
