import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findRepeatedMember } from './repeated-member.ts';

test('finds a name that stands twice in one object, however it is written', () => {
  const cases: Array<[json: string, name: string | undefined]> = [
    ['{"effect":"allow","effect":"deny"}', 'effect'],
    ['{"effect":"allow","\\u0065ffect":"deny"}', 'effect'],
    ['{"\\u0065\\u0066fect":"allow","\\u0065FFECT":1,"effect" \n: "deny"}', 'effect'],
    ['[1,{"a":[{"b":1,"c":{"d":1},"b":2}]}]', 'b'],
    ['{"a":{"b":1},"a":{}}', 'a'],
    ['{"":1,"":2}', ''],
    ['{"a\\"":1,"a\\u0022":2}', 'a"'],
    ['{"\\ud83d\\ude00":1,"😀":2}', '😀'],
    ['{"/":1,"\\/":2}', '/'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"a":"a","b":"a"}', undefined],
    ['{"a":1,"b":{"a":1,"c":[{"a":1},{"a":1}]}}', undefined],
    ['{"a":"{\\"a\\":1,\\"a\\":2}","b":"\\\\","c":"}"}', undefined],
    ['["a","a"]', undefined],
    ['"a"', undefined],
    ['7', undefined],
  ];
  for (const [json, name] of cases) {
    JSON.parse(json);
    assert.equal(findRepeatedMember(json), name, json);
  }
});

/** Any character of a text, written as itself or as its escape. */
function escapeSome(text: string, choose: readonly boolean[]): string {
  const units = text.split('').map((unit, i) => {
    const plain = JSON.stringify(unit).slice(1, -1);
    return choose[i % choose.length] ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : plain;
  });
  return `"${units.join('')}"`;
}

test('finds none in what JSON writes, and always the one that is added', () => {
  const choices = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { minKeys: 1 }), choices, (object, choose) => {
      const json = JSON.stringify(object);
      assert.equal(findRepeatedMember(json), undefined);
      const [name = ''] = Object.keys(JSON.parse(json) as object);
      const repeated = `${json.slice(0, -1)},${escapeSome(name, choose)}:0}`;
      JSON.parse(repeated);
      assert.equal(findRepeatedMember(repeated), name);
    }),
  );
});
