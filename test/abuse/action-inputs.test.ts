import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AnyAction } from '../../src/api/action.ts';
import { actions } from '../../src/api/registry.ts';
import { toWireSchema, type WireSchema } from '../../src/api/schema.ts';
import { INSTANCE_ID, insertExample, insertManaged, openApiFixture } from '../harness/api-fixture.ts';
import { boundValues, leastOf, mostOf, ODD_VALUES, place, type Slot, sampleOf, slotsOf } from './input-cases.ts';
import { isTypeFault, sendForm, sendJson } from './send-input.ts';
import { itemsOf, typeFaultOf } from './type-fault.ts';

/**
 * What is refused has changed nothing, which `sendJson` and `sendForm` see. Each action's own schema makes its cases: every place of the input gets every odd value and the surroundings of every bound that its
 * description names, in JSON and in forms. An action that is added to the registry is tested from then on.
 */
for (const action of actions) {
  describe(action.name, () => {
    const schema = toWireSchema(action.input);
    const slots = [...slotsOf(schema)];

    test('JSON: every place with every odd value answers as documented', async () => {
      await using fixture = await openApiFixture();
      await insertExample(fixture.catalog);
      await insertManaged(fixture.catalog);
      for (const slot of slots) {
        for (const value of [...ODD_VALUES, ...boundValues(slot)]) {
          await checkJson(fixture, action, place(schema, action.example.input, slot.path, value));
        }
      }
    });

    test('JSON: a member that the schema does not name is UnknownParameter at every depth', async () => {
      await using fixture = await openApiFixture();
      const objects: Slot[] = [{ path: [], schema }, ...slots.filter((slot) => slot.schema.type === 'object')];
      for (const { path, schema: object } of objects) {
        for (const name of ['Extra', '', '__proto__', 'constructor', 'toString', '0', 'instanceid', '订', 'x'.repeat(100_000)]) {
          // A computed __proto__ is a member, where a written one would set the prototype.
          const value = Object.defineProperty({ ...(sampleOf(object) as object) }, name, { value: 1, enumerable: true });
          assert.equal(
            await sendJson(fixture, action, JSON.stringify(place(schema, action.example.input, path, value))),
            'UnknownParameter',
          );
        }
      }
    });

    test('forms: every place with every odd text answers as documented', async () => {
      await using fixture = await openApiFixture();
      await insertExample(fixture.catalog);
      await insertManaged(fixture.catalog);
      for (const slot of slots) {
        const base = flatten(without(action.example.input, slot.path));
        for (const text of formTexts(slot)) {
          await checkForm(fixture, action, base, slot, text);
        }
        for (const suffix of ODD_SUFFIXES) {
          await sendForm(fixture, action, { ...base, [slot.path.join('.') + suffix]: '1' }, 'v1');
        }
      }
    });

    for (const slot of slots.filter((candidate) => leastOf(candidate) !== undefined)) {
      test(`${slot.path.join('.')}: what is under its documented bound is refused`, async () => {
        await using fixture = await openApiFixture();
        await insertExample(fixture.catalog);
        await insertManaged(fixture.catalog);
        const value = ofSize(slot.schema, (leastOf(slot) ?? 0) - 1, 'a');
        assert.match(await sendJson(fixture, action, JSON.stringify(place(schema, action.example.input, slot.path, value))), REFUSED);
      });
    }

    for (const slot of slots.filter((candidate) => mostOf(candidate) !== undefined)) {
      test(`${slot.path.join('.')}: what is at its documented bound passes, what is over it is refused`, async () => {
        const most = mostOf(slot) ?? 0;
        // Each time on a catalog of its own: what is made twice may be refused for that.
        const send = async (value: unknown) => {
          await using fixture = await openApiFixture();
          await insertExample(fixture.catalog);
          await insertManaged(fixture.catalog);
          return await sendJson(fixture, action, JSON.stringify(place(schema, action.example.input, slot.path, value)));
        };
        const fill = await fillOf(slot.schema, send);
        if (slot.schema.type === 'string') {
          assert.equal(fill === undefined, FORMED.has(`${action.name} ${slot.path.join('.')}`), 'FORMED names what cannot be made up');
        }
        assert.match(await send(ofSize(slot.schema, most + 1, fill ?? 'a')), REFUSED);
        if (fill !== undefined) {
          assert.doesNotMatch(await send(ofSize(slot.schema, most, fill)), REFUSED);
        }
      });
    }
  });
}

/** Texts of a form that nothing made up has, so that their length decides nothing here: tests of the actions try their bounds. */
const FORMED: ReadonlySet<string> = new Set([
  'CloneInstances Password',
  'CreateInstances Password',
  'GetFederationToken Policy',
  'ResetPassword Password',
]);

/** What to fill a place with: the first of a letter, a digit, both, or an id (of a list) that it takes; undefined where it takes none. */
async function fillOf(schema: WireSchema, send: (value: unknown) => Promise<string>): Promise<string | undefined> {
  for (const fill of ['a', '1', 'a1', INSTANCE_ID]) {
    if (schema.type === 'integer' || !REFUSED.test(await send(ofSize(schema, 1, fill)))) {
      return fill;
    }
  }
  return undefined;
}

const REFUSED = /^(InvalidParameter(?!\.PermissionDenied)|LimitExceeded)/;

async function checkJson(fixture: Parameters<typeof sendJson>[0], action: AnyAction, input: unknown): Promise<void> {
  const body = JSON.stringify(input);
  const fault = typeFaultOf(toWireSchema(action.input), JSON.parse(body));
  const code = await sendJson(fixture, action, body);
  if (fault !== undefined) {
    assert.equal(code, fault, body.slice(0, 500));
  } else {
    assert.ok(!isTypeFault(action, code), `${code} for ${body.slice(0, 500)}`);
  }
}

async function checkForm(
  fixture: Parameters<typeof sendJson>[0],
  action: AnyAction,
  base: Readonly<Record<string, string>>,
  slot: Slot,
  text: string,
): Promise<void> {
  const parameters = { ...base, [slot.path.join('.')]: text };
  for (const form of ['v1', 'query'] as const) {
    if (form === 'query' && text.length > 2_000) {
      continue;
    }
    const code = await sendForm(fixture, action, parameters, form);
    if (!isFormValue(slot.schema, text)) {
      assert.ok(code === 'InvalidParameter' || code === 'MissingParameter', `${code} for ${JSON.stringify(parameters).slice(0, 500)}`);
    }
  }
}

/** Whether a flattened text can be a value of that type, written apart from the decoder. */
function isFormValue({ type, minimum }: WireSchema, text: string): boolean {
  switch (type) {
    case 'string':
      return true;
    case 'boolean':
      return ['true', 'false'].includes(text.toLowerCase());
    case 'integer':
      return (
        /^-?[0-9]+$/.test(text) &&
        BigInt(text) >= (minimum === 0 ? 0n : -(2n ** 63n)) &&
        BigInt(text) <= (minimum === 0 ? 2n ** 64n : 2n ** 63n)
      );
    default:
      return false;
  }
}

const ODD_SUFFIXES = [
  ...['.', '..', '.0', '.00', '.-1', '.1e1', '.999999999', '.1000000000', '.4294967296', '.0.0', '.0.', '.x', '.0.x'],
  ...['.__proto__', '.0.__proto__', '.constructor.prototype', '[0]', '[]', '.0'.repeat(9), '.0'.repeat(50), ' ', '\0'],
];
const NUMBER_TEXTS = [
  '01',
  '+1',
  '1e3',
  '0x10',
  '１',
  '1 ',
  '9'.repeat(20),
  '9'.repeat(21),
  '-9223372036854775808',
  'NaN',
  'Infinity',
  '-0',
];

/** The odd values that are texts, and numbers and words as texts. Half a surrogate has no form in UTF-8. */
function formTexts(slot: Slot): readonly string[] {
  return [...ODD_VALUES, ...boundValues(slot), ...NUMBER_TEXTS, 'TRUE', 'False']
    .filter((value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    .map((value) => (typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : String(value)))
    .filter((text) => text.isWellFormed());
}

function without(input: object, [name]: Slot['path']): object {
  return Object.fromEntries(Object.entries(input).filter(([member]) => member !== name));
}

function flatten(value: unknown, name = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null) {
    return { [name]: String(value) };
  }
  const entries = Object.entries(value).map(([key, member]) => flatten(member, name === '' ? key : `${name}.${key}`));
  return Object.assign({}, ...entries) as Record<string, string>;
}

function ofSize(schema: WireSchema, size: number, fill: string): unknown {
  switch (schema.type) {
    case 'integer':
      return size;
    case 'array':
      return Array.from({ length: size }, (_, index) =>
        itemsOf(schema).type === 'string' ? fill : numbered(sampleOf(itemsOf(schema)), index),
      );
    default:
      return fill.repeat(size).slice(0, size);
  }
}

/** The texts of a structure with a number each, since the keys of a list may have to differ. */
function numbered(sample: unknown, index: number): unknown {
  return typeof sample === 'object' && sample !== null
    ? Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, typeof value === 'string' ? `${value}${index}` : value]))
    : sample;
}
