import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTextCache } from './text-cache.ts';

function openCache(bounds: { mostEntries: number; mostLength: number }) {
  const cache = createTextCache<string>(bounds);
  const made: string[] = [];
  return {
    /** Which of the texts had to be made. */
    ask(...texts: string[]): string[] {
      made.length = 0;
      for (const text of texts) {
        const value = cache.get(text, () => {
          made.push(text);
          return `value of ${text}`;
        });
        assert.equal(value, `value of ${text}`);
      }
      return [...made];
    },
    cache,
  };
}

test('makes each text once, and lets the oldest go past the number of entries', () => {
  const { ask } = openCache({ mostEntries: 2, mostLength: 100 });
  assert.deepEqual(ask('a', 'b', 'a', 'b'), ['a', 'b']);
  assert.deepEqual(ask('c', 'b', 'c'), ['c']);
  assert.deepEqual(ask('a'), ['a']);
});

test('lets as many of the oldest go as a long text needs room', () => {
  const { ask } = openCache({ mostEntries: 100, mostLength: 10 });
  const long = 'x'.repeat(8);
  assert.deepEqual(ask('aaa', 'bbb', 'ccc', long), ['aaa', 'bbb', 'ccc', long]);
  assert.deepEqual(ask(long), []);
  assert.deepEqual(ask('d', 'e', long), ['d', 'e']);
  assert.deepEqual(ask('aaa', 'd', 'e', 'ccc', 'bbb'), ['aaa', 'ccc', 'bbb']);
});

test('does not keep what alone is too long, and lets nothing go for it', () => {
  const { ask } = openCache({ mostEntries: 100, mostLength: 4 });
  const long = 'x'.repeat(5);
  assert.deepEqual(ask('aaaa', long, long, 'aaaa'), ['aaaa', long, long]);
});

test('keeps nothing of what throws', () => {
  const { ask, cache } = openCache({ mostEntries: 1, mostLength: 4 });
  assert.throws(() =>
    cache.get('a', () => {
      throw new Error('unreadable');
    }),
  );
  assert.deepEqual(ask('a', 'a'), ['a']);
});
