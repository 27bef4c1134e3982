import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNear } from './find-near.ts';

test('finds the candidate that a slip was meant to be, and none that is far off', () => {
  const names = ['demo', 'shop', 'crs-5a4py64p', 'ap-guangzhou', 'DescribeInstances', 'DescribeInstanceBackups'];
  for (const [text, near] of [
    ['dmeo', 'demo'],
    ['dem', 'demo'],
    ['DEMO', 'demo'],
    ['shopp', 'shop'],
    ['crs-5a4py46p', 'crs-5a4py64p'],
    ['ap-guangzou', 'ap-guangzhou'],
    ['describeinstances', 'DescribeInstances'],
    ['DescribeInstanceBackup', 'DescribeInstanceBackups'],
    ['warehouse', undefined],
    ['', undefined],
    ['x', undefined],
  ] as const) {
    assert.equal(findNear(text, names), near, text);
  }
  assert.equal(findNear('demo', []), undefined);
});
