import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFault, Named, namedIn, OneOf, renderShape, type Shape } from './json-shape.ts';

const ROW = new Named('Row', { Id: 'string', 'Note?': new OneOf('string', 'null') });
const SHAPE: Shape = { Total: 'int', Rows: [ROW], Share: 'number', Done: 'bool', More: 'any' };

test('a document is of its shape, or the first difference is told', () => {
  const good = { Total: 2, Rows: [{ Id: 'a' }, { Id: 'b', Note: null }], Share: 0.5, Done: false, More: [1] };
  assert.equal(findFault(good, SHAPE), undefined);
  for (const [bad, fault] of [
    [{ ...good, Total: 1.5 }, '$.Total is 1.5, no int'],
    [{ ...good, Total: '2' }, '$.Total is "2", no int'],
    [{ ...good, Rows: {} }, '$.Rows is no list'],
    [{ ...good, Rows: [{ Id: 'a' }, {}] }, '$.Rows[1] lacks Id'],
    [{ ...good, Rows: [{ Id: 'a', Extra: 1 }] }, '$.Rows[0] has Extra, which is not documented'],
    [{ ...good, Rows: [null] }, '$.Rows[0] is no object'],
    [{ ...good, Rows: [{ Id: 'a', Note: 1 }] }, '$.Rows[0].Note is 1, no string and $.Rows[0].Note is 1, no null'],
    [{ ...good, Done: 0 }, '$.Done is 0, no bool'],
    [[good], '$ is no object'],
  ] as const) {
    assert.equal(findFault(bad, SHAPE), fault);
  }
});

test('a shape is one line, with structures by their names', () => {
  assert.equal(renderShape(SHAPE), '{ Total: int, Rows: [Row], Share: number, Done: bool, More: any }');
  assert.deepEqual(
    namedIn(SHAPE).map(({ name, shape }) => [name, renderShape(shape)]),
    [['Row', '{ Id: string, Note?: string or null }']],
  );
  assert.equal(renderShape({}), '{}');
  const spread = { Task: 'int', '...': ROW } as const;
  assert.equal(renderShape(spread), '{ Task: int, ...Row }');
  assert.equal(findFault({ Task: 1, Id: 'a' }, spread), undefined);
  assert.equal(findFault({ Task: 1 }, spread), '$ lacks Id');
});
