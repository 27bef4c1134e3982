import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDomainError } from '../lib/errors.ts';
import { readParameters } from './read-parameters.ts';

test('words become parameters, with what lies inside lists and objects', () => {
  for (const [words, expected] of [
    [[], {}],
    [['--InstanceId', 'crs-1', '--Limit', '5'], { InstanceId: 'crs-1', Limit: 5 }],
    [['--Limit=5', '--Remark=a=b', '--Empty='], { Limit: 5, Remark: 'a=b', Empty: '' }],
    [['--Value', '--Other'], { Value: '--Other' }],
    [['--Status.0', '2', '--Status.1', '4'], { Status: [2, 4] }],
    [
      ['--Tags.0.TagKey', 'team', '--Tags.0.TagValue', 'x', '--Tags.1.TagKey', 'y'],
      { Tags: [{ TagKey: 'team', TagValue: 'x' }, { TagKey: 'y' }] },
    ],
    [['--A.B.C', 'true'], { A: { B: { C: true } } }],
    [['--Tags', '[{"TagKey":"team"}]'], { Tags: [{ TagKey: 'team' }] }],
    [
      ['--Name', '"123"', '--Uin', '100000000001', '--Long', '12345678901234567890', '--Half', '0.5'],
      { Name: '123', Uin: 100000000001, Long: '12345678901234567890', Half: 0.5 },
    ],
    [['--Broken', '[a', '--Text', '[a]', '--Quote', '"'], { Broken: '[a', Text: '[a]', Quote: '"' }],
    [['--__proto__', 'x'], undefined],
  ] as const) {
    if (expected === undefined) {
      assert.throws(() => readParameters(words), { code: 'usage-error' });
    } else {
      assert.deepEqual(readParameters(words), expected, words.join(' '));
    }
  }
});

test('words that are no parameters are told, with what to write', () => {
  for (const [words, message] of [
    [['Limit', '5'], /"Limit" is no parameter; .*--Limit value/],
    [['--limit', '5'], /"--limit" is no parameter; .*--Limit value/],
    [['--Limit'], /--Limit has no value; write --Limit VALUE/],
    [['--Remark', 'two', 'words'], /"words" is no parameter; .*in quotes/],
    [['--A', '1', '--A', '2'], /--A is given twice/],
    [['--A.0', '1', '--A.0', '2'], /--A\.0 is given twice/],
    [['--A', '1', '--A.0', '2'], /--A\.0 does not fit what was given of --A before/],
    [['--A.0', '1', '--A.B', '2'], /--A\.B does not fit/],
    [['--A.1', 'x'], /--A\.0 is missing; lists are counted from 0/],
    [['--A.0.B', 'x', '--A.2.B', 'x'], /--A\.1 is missing/],
    [['--A..B', 'x'], /is no parameter/],
    [['--A.constructor.prototype', 'x'], /is no parameter/],
  ] as const) {
    assert.throws(
      () => readParameters(words),
      (error) => isDomainError(error, 'usage-error') && message.test(`${error.message}; ${error.hint ?? ''}`),
      words.join(' '),
    );
  }
});
