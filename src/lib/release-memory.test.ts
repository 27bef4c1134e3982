import assert from 'node:assert/strict';
import { it } from 'node:test';
import { releaseMemory } from './release-memory.ts';

it('empties a large buffer', () => {
  const large = Buffer.alloc(1 << 20);
  releaseMemory(large);
  assert.equal(large.length, 0);
});

it('leaves small buffers alone, whose memory others share', () => {
  const neighbour = Buffer.from('neighbour');
  const small = Buffer.from('small');
  releaseMemory(small);
  assert.equal(small.toString(), 'small');
  assert.equal(neighbour.toString(), 'neighbour');
});
