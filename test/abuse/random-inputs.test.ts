import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { actions } from '../../src/api/registry.ts';
import { toWireSchema, type WireSchema } from '../../src/api/schema.ts';
import { insertExample, openApiFixture } from '../harness/api-fixture.ts';
import { bytesInUse, MB } from '../harness/bytes-in-use.ts';
import { pickSeed } from '../harness/random-seed.ts';
import { isTypeFault, sendForm, sendJson } from './send-input.ts';
import { itemsOf, typeFaultOf } from './type-fault.ts';

const RUNS = 250;

describe('made-up inputs', () => {
  for (const action of actions) {
    const schema = toWireSchema(action.input);

    test(`${action.name}: any JSON object is judged as the contract says`, async (t) => {
      await using fixture = await openApiFixture();
      await insertExample(fixture.catalog);
      const seed = pickSeed(t);
      await fc.assert(
        fc.asyncProperty(inputs(schema), async (input) => {
          const body = JSON.stringify(input);
          const fault = typeFaultOf(schema, JSON.parse(body));
          const code = await sendJson(fixture, action, body);
          assert.ok(fault === undefined ? !isTypeFault(action, code) : code === fault, `${code}, not ${fault}`);
        }),
        { seed, numRuns: RUNS },
      );
    });

    test(`${action.name}: any flattened names and texts are answered as documented`, async (t) => {
      await using fixture = await openApiFixture();
      await insertExample(fixture.catalog);
      const seed = pickSeed(t);
      await fc.assert(
        fc.asyncProperty(flattened(schema), fc.constantFrom('v1' as const, 'query' as const), async (parameters, form) => {
          await sendForm(fixture, action, parameters, form);
        }),
        { seed, numRuns: RUNS },
      );
    });
  }
});

test('memory is flat over thousands of made-up inputs', async (t) => {
  await using fixture = await openApiFixture();
  await insertExample(fixture.catalog);
  const seed = pickSeed(t);
  const readers = actions.filter(({ access }) => access.kind === 'read');
  const round = async (number: number) => {
    for (const action of readers) {
      const schema = toWireSchema(action.input);
      for (const input of fc.sample(inputs(schema), { seed: seed + number, numRuns: 200 })) {
        await sendJson(fixture, action, JSON.stringify(input));
      }
      for (const parameters of fc.sample(flattened(schema), { seed: seed + number, numRuns: 200 })) {
        await sendForm(fixture, action, parameters, 'v1');
      }
    }
  };
  await round(0);
  const before = await bytesInUse();
  for (let number = 1; number <= 4; number++) {
    await round(number);
  }
  const grown = (await bytesInUse()) - before;
  t.diagnostic(`${Math.round(grown / 1024)} KB after ${4 * 400 * readers.length} requests`);
  assert.ok(grown < 4 * MB, `${grown} bytes`);
});

/** Members of the schema, each right, wrong or absent, and now and then one that it does not name. */
function inputs(schema: WireSchema): fc.Arbitrary<unknown> {
  return fc.record(
    { ...members(schema), [EXTRA]: fc.oneof({ weight: 19, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.jsonValue() }) },
    { requiredKeys: [] },
  );
}

const EXTRA = 'Extra';

function members(schema: WireSchema): Record<string, fc.Arbitrary<unknown>> {
  const required = new Set(schema.required);
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => [
      name,
      fc.oneof(
        { weight: required.has(name) ? 1 : 20, arbitrary: fc.constant(undefined) },
        { weight: 18, arbitrary: values(property) },
        { weight: 1, arbitrary: fc.jsonValue() },
      ),
    ]),
  );
}

function values(schema: WireSchema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'string':
      return fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 300 }), fc.constantFrom('crs-5a4py64p', ''));
    case 'integer':
      return fc.oneof(fc.integer({ min: -5, max: 2_000 }), fc.maxSafeInteger(), fc.double());
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(values(itemsOf(schema)), { maxLength: 5 });
    case 'object':
      return fc.record(members(schema), { requiredKeys: [] });
  }
}

function flattened(schema: WireSchema): fc.Arbitrary<Record<string, string>> {
  const names = fc.constantFrom(...Object.keys(schema.properties ?? {}), EXTRA);
  const segments = fc.array(fc.oneof(fc.nat({ max: 3 }).map(String), names, fc.string({ maxLength: 3 })), { maxLength: 3 });
  const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer().map(String), fc.constantFrom('crs-5a4py64p', 'true', 'False', ''));
  const entries = fc.tuple(
    fc.tuple(names, segments).map(([name, rest]) => [name, ...rest].join('.')),
    texts,
  );
  return fc.array(entries, { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs));
}
