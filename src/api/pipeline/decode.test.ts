import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../errors/api-error.ts';
import { bool, int64, list, optional, structure, text, toWireSchema, uint64 } from '../schema.ts';
import { decodeForm } from './decode-form.ts';
import { decodeJson } from './decode-json.ts';
import { readParameters } from './parameters.ts';

const filter = structure({ Name: text('.'), Values: optional(list(text('.'), '.')) });
const schema = toWireSchema(
  structure({
    Id: text('.'),
    Limit: optional(int64('.')),
    TaskId: optional(uint64('.')),
    Flag: optional(bool('.')),
    Status: optional(list(int64('.'), '.')),
    Filters: optional(list(filter, '.')),
    Policy: optional(structure({ Enabled: bool('.') })),
  }),
);

const form = (query: string) => decodeForm(schema, readParameters(query), new Set(['Action']));
const json = (value: unknown) => decodeJson(schema, value);

function assertRefused(work: () => unknown, code: string, message: string): void {
  assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual({ code: error.code, message: error.message }, { code, message });
    return true;
  });
}

describe('form', () => {
  test('flattened names become structures, in any order', () => {
    const decoded = form(
      'Status.1=-1&Filters.1.Values.0=c&Action=x&Filters.0.Values.1=b&Status.0=2&Id=crs&Filters.1.Name=n1&Filters.0.Name=n0&Filters.0.Values.0=a&Policy.Enabled=True',
    );
    assert.deepEqual(decoded, {
      Status: [2, -1],
      Filters: [
        { Name: 'n0', Values: ['a', 'b'] },
        { Name: 'n1', Values: ['c'] },
      ],
      Id: 'crs',
      Policy: { Enabled: true },
    });
  });

  test('elements are ordered by number and gaps close', () => {
    assert.deepEqual(form('Id=x&Status.10=3&Status.2=2&Status.100000000=4&Status.1=1'), { Id: 'x', Status: [1, 2, 3, 4] });
  });

  test('booleans are accepted in any case', () => {
    for (const [word, value] of [
      ['true', true],
      ['True', true],
      ['FALSE', false],
      ['False', false],
    ] as const) {
      assert.deepEqual(form(`Id=x&Flag=${word}`), { Id: 'x', Flag: value });
    }
  });

  test('a value of the wrong type is named by its path', () => {
    for (const [query, path] of [
      ['Id=x&Limit=abc', 'Limit'],
      ['Id=x&Limit=', 'Limit'],
      ['Id=x&Limit=1.5', 'Limit'],
      ['Id=x&Limit=0x10', 'Limit'],
      ['Id=x&Limit=%201', 'Limit'],
      ['Id=x&Limit=99999999999999999999', 'Limit'],
      ['Id=x&TaskId=-1', 'TaskId'],
      ['Id=x&Flag=1', 'Flag'],
      ['Id=x&Status.0=two', 'Status.0'],
      ['Id=x&Status=2', 'Status'],
      ['Id=x&Limit.0=2', 'Limit'],
      ['Id=x&Filters.0=2', 'Filters.0'],
      ['Id=x&Policy=2', 'Policy'],
    ] as const) {
      assertRefused(() => form(query), 'InvalidParameter', `The value type of parameter \`${path}\` is not valid`);
    }
  });

  test('a value that is also a structure is given twice', () => {
    for (const [query, path] of [
      ['Id=x&Status=2&Status.0=2', 'Status'],
      ['Id=x&Status.0=2&Status=2', 'Status'],
      ['Id=x&Id.0=2', 'Id'],
      ['Id=x&Filters.0.Name=a&Filters.0.Name.x=b', 'Filters.0.Name'],
    ] as const) {
      assertRefused(() => form(query), 'InvalidParameter', `Parameter \`${path}\` is given more than once.`);
    }
  });

  test('an unknown name is named by its path', () => {
    for (const [query, path] of [
      ['Id=x&Nope=1', 'Nope'],
      ['Id=x&id=1', 'id'],
      ['Id=x&Filters.0.Nope=1', 'Filters.0.Nope'],
      ['Id=x&Status.x=1', 'Status.x'],
      ['Id=x&Status.01=1', 'Status.01'],
      ['Id=x&Status.-1=1', 'Status.-1'],
      ['Id=x&__proto__=1', '__proto__'],
      ['Id=x&__proto__.a=1', '__proto__'],
      ['Id=x&constructor=1', 'constructor'],
      ['Id=x&toString.a=1', 'toString'],
      [`Id=x&${Array(11).fill('a').join('.')}=1`, Array(11).fill('a').join('.')],
    ] as const) {
      assertRefused(() => form(query), 'UnknownParameter', `The parameter \`${path}\` is not recognized.`);
    }
  });

  test('a missing member is named by its path', () => {
    assertRefused(() => form('Limit=1'), 'MissingParameter', 'The request is missing a required parameter `Id`.');
    assertRefused(
      () => form('Id=x&Filters.0.Values.0=1'),
      'MissingParameter',
      'The request is missing a required parameter `Filters.0.Name`.',
    );
  });

  test('plus is a space and percent escapes are UTF-8', () => {
    assert.deepEqual(form('Id=a+b%2B%E8%AE%A2'), { Id: 'a b+订' });
    assert.deepEqual(form('Id=*%7E~%2a%00'), { Id: '*~~*\0' });
  });

  test('an escape that is broken or gives no UTF-8 is refused, never guessed at', () => {
    const message = 'The request is not text in UTF-8, or has a percent sign or a \\u that is no escape of it.';
    for (const query of ['Id=%', 'Id=%zz', 'Id=100%25%', 'Id=%c3%28', 'Id=%ff', '%e8=x&Id=x', 'Id=%ed%a0%80']) {
      assertRefused(() => form(query), 'InvalidParameter', message);
    }
  });

  test('values are empty where nothing follows the name', () => {
    assert.deepEqual(form('Id='), { Id: '' });
    assert.deepEqual(form('Id'), { Id: '' });
    assert.deepEqual(form('&&Id=a=b&'), { Id: 'a=b' });
  });

  test('the Chinese text of a type error names the type that is wanted', () => {
    for (const [query, path, type] of [
      ['Id=x&Limit=a', 'Limit', 'int64'],
      ['Id=x&TaskId=-1', 'TaskId', 'uint64'],
      ['Id=x&Flag=1', 'Flag', 'bool'],
      ['Id=x&Status=1', 'Status', 'array'],
      ['Id=x&Policy=1', 'Policy', 'object'],
      ['Id.0=x', 'Id', 'string'],
    ] as const) {
      assert.throws(
        () => form(query),
        (error: unknown) => error instanceof ApiError && error.text.zh === `参数 \`${path}\` 取值类型错误。参数类型应为 \`${type}\`。`,
      );
    }
  });
});

describe('JSON', () => {
  test('the input is what was sent', () => {
    const value = { Id: 'x', Limit: -5, Flag: true, Status: [1, -1], Filters: [{ Name: 'n', Values: ['v'] }] };
    assert.equal(json(value), value);
  });

  test('an empty array counts as absent, an empty string and an empty structure do not', () => {
    assert.deepEqual(json({ Id: '', Status: [], Filters: [{ Name: 'n', Values: [] }] }), { Id: '', Filters: [{ Name: 'n' }] });
    assertRefused(() => json({ Id: 'x', Limit: [] }), 'InvalidParameter', 'The value type of parameter `Limit` is not valid');
    assertRefused(() => json({ Id: 'x', Policy: {} }), 'MissingParameter', 'The request is missing a required parameter `Policy.Enabled`.');
    const strict = toWireSchema(structure({ Names: list(text('.'), '.') }));
    assertRefused(() => decodeJson(strict, { Names: [] }), 'MissingParameter', 'The request is missing a required parameter `Names`.');
  });

  test('a null member counts as absent, a null element does not', () => {
    assert.deepEqual(json({ Id: 'x', Limit: null, Filters: [{ Name: 'n', Values: null }] }), { Id: 'x', Filters: [{ Name: 'n' }] });
    assertRefused(() => json({ Id: null }), 'MissingParameter', 'The request is missing a required parameter `Id`.');
    assertRefused(() => json({ Id: 'x', Status: [null] }), 'InvalidParameter', 'The value type of parameter `Status.0` is not valid');
  });

  test('an escape of half a character is refused at any depth, since no store would keep it', () => {
    const message = 'The request is not text in UTF-8, or has a percent sign or a \\u that is no escape of it.';
    for (const body of ['{"Id":"\\ud800"}', '{"Id":"a\\udc00b"}', '{"Id":"x","Filters":[{"Name":"n","Values":["ok","\\udfff\\ud800"]}]}']) {
      assertRefused(() => json(JSON.parse(body)), 'InvalidParameter', message);
    }
    assert.deepEqual(json(JSON.parse('{"Id":"\\ud83d\\ude00"}')), { Id: '😀' });
  });

  test('types are strict', () => {
    for (const [value, path] of [
      [{ Id: 1 }, 'Id'],
      [{ Id: 'x', Limit: '1' }, 'Limit'],
      [{ Id: 'x', Limit: 1.5 }, 'Limit'],
      [{ Id: 'x', Limit: 1e30 }, 'Limit'],
      [{ Id: 'x', TaskId: -1 }, 'TaskId'],
      [{ Id: 'x', Flag: 'true' }, 'Flag'],
      [{ Id: 'x', Flag: 1 }, 'Flag'],
      [{ Id: 'x', Status: 2 }, 'Status'],
      [{ Id: 'x', Status: { 0: 2 } }, 'Status'],
      [{ Id: 'x', Status: [2, '2'] }, 'Status.1'],
      [{ Id: 'x', Filters: [[]] }, 'Filters.0'],
      [{ Id: 'x', Policy: [] }, 'Policy'],
      [{ Id: {} }, 'Id'],
    ] as const) {
      assertRefused(() => json(structuredClone(value)), 'InvalidParameter', `The value type of parameter \`${path}\` is not valid`);
    }
  });

  test('an unknown member is named by its path, inherited names included', () => {
    for (const [body, path] of [
      ['{"Id":"x","Nope":null}', 'Nope'],
      ['{"Id":"x","Filters":[{"Name":"n"},{"$schema":1}]}', 'Filters.1.$schema'],
      ['{"Id":"x","__proto__":{}}', '__proto__'],
      ['{"Id":"x","constructor":1}', 'constructor'],
    ] as const) {
      assertRefused(() => json(JSON.parse(body)), 'UnknownParameter', `The parameter \`${path}\` is not recognized.`);
    }
  });
});

/** Flattens as the SDKs do: arrays count from 0. */
function flatten(value: unknown, prefix: string, into: Array<[string, string]>): Array<[string, string]> {
  if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      flatten(member, prefix === '' ? name : `${prefix}.${name}`, into);
    }
  } else {
    into.push([prefix, String(value)]);
  }
  return into;
}

describe('properties', () => {
  const value = fc.record(
    {
      Id: fc.string({ unit: 'binary' }),
      Limit: fc.maxSafeInteger(),
      TaskId: fc.maxSafeNat(),
      Flag: fc.boolean(),
      Status: fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 20 }),
      Filters: fc.array(
        fc.record(
          { Name: fc.string(), Values: fc.array(fc.string(), { minLength: 1, maxLength: 12 }) },
          { requiredKeys: ['Name'], noNullPrototype: true },
        ),
        { minLength: 1, maxLength: 12 },
      ),
      Policy: fc.record({ Enabled: fc.boolean() }, { noNullPrototype: true }),
    },
    { requiredKeys: ['Id'], noNullPrototype: true },
  );

  test('what is flattened and encoded in any order decodes to what it was', () => {
    fc.assert(
      fc.property(value, fc.infiniteStream(fc.nat()), (original, order) => {
        const pairs = flatten(original, '', [])
          .map((pair) => ({ pair, rank: order.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ pair }) => pair);
        assert.deepEqual(form(new URLSearchParams(pairs).toString()), original);
      }),
    );
  });

  test('any text decodes or is refused with a code of the contract, never another error', () => {
    const codes = new Set(['InvalidParameter', 'UnknownParameter', 'MissingParameter']);
    const segment = fc.constantFrom('Id', 'Limit', 'Status', 'Filters', 'Values', 'Name', '0', '1', '__proto__', '', 'Policy');
    const name = fc.array(segment, { minLength: 1, maxLength: 12 }).map((segments) => segments.join('.'));
    const query = fc.array(fc.tuple(name, fc.string({ maxLength: 5 }))).map((pairs) => pairs.map(([k, v]) => `${k}=${v}`).join('&'));
    fc.assert(
      fc.property(fc.oneof(query, fc.string()), (textual) => {
        try {
          form(textual);
        } catch (error) {
          assert.ok(error instanceof ApiError && codes.has(error.code), String(error));
        }
      }),
    );
  });

  test('any JSON decodes or is refused with a code of the contract, never another error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (anything) => {
        try {
          json(anything);
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error));
        }
      }),
    );
  });
});
