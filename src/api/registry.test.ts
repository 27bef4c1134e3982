import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { Check } from 'typebox/value';
import { ACCOUNT, at, INSTANCE_ID, insertExample, insertManaged, openApiFixture } from '../../test/harness/api-fixture.ts';
import { apiErrorCodes } from './errors/codes.ts';
import { COMMON_PARAMETERS } from './pipeline/validate.ts';
import { actions } from './registry.ts';
import { toWireSchema } from './schema.ts';
import { PRODUCT_VERSIONS } from './versions.ts';

describe('examples', () => {
  for (const action of actions) {
    test(`${action.name} answers its example as documented`, async () => {
      await using fixture = await openApiFixture();
      await insertExample(fixture.catalog);
      await insertManaged(fixture.catalog);
      await fixture.catalog.tasks.enqueue({
        accountId: ACCOUNT,
        region: 'ap-guangzhou',
        instanceId: INSTANCE_ID,
        kind: 'take-backup',
        subject: '2e4127f8-affe-11e8-941e-4846fb00c75d',
        payload: '{}',
        createdAt: at('2018-09-04 12:51:21'),
      });
      await fixture.catalog.tasks.enqueue({
        accountId: ACCOUNT,
        region: 'ap-guangzhou',
        instanceId: INSTANCE_ID,
        kind: 'restore-instance',
        subject: '',
        payload: JSON.stringify({ backupId: '2e4127f8-affe-11e8-941e-4846fb00c75d', dryRun: false }),
        createdAt: at('2018-09-04 12:52:00'),
      });
      const answer = await fixture.call(action.name, action.example.input, { version: PRODUCT_VERSIONS[action.product] });
      const { RequestId, ...output } = answer;
      assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
      assert.ok(Check(action.output, output));
      assert.deepEqual(Object.keys(output), Object.keys(action.example.output));
      if (action.access.kind === 'read') {
        assert.deepEqual(output, action.example.output);
      }
    });
  }
});

test('each action has a file of its own, and each file of an action is registered', () => {
  const files = readdirSync(new URL('./actions/', import.meta.url), { recursive: true, encoding: 'utf8' }).map((file) => basename(file));
  const named = files.filter((name) => /^[A-Z]\w+\.ts$/.test(name)).map((name) => name.slice(0, -3));
  assert.deepEqual(named.sort(), actions.map((action) => action.name).sort());
});

test('every code of the list is raised by a step or declared by an action', () => {
  const sources = ['./errors/common-errors.ts', './pipeline/authorize.ts'].map((path) =>
    readFileSync(new URL(path, import.meta.url), 'utf8'),
  );
  const declared = new Set<string>(actions.flatMap((action) => action.errors));
  for (const code of Object.keys(apiErrorCodes)) {
    assert.ok(declared.has(code) || sources.some((source) => source.includes(`'${code}'`)), code);
  }
});

test('no parameter of an action has the name of a common one, which would hide it in the v1 form', () => {
  for (const action of actions) {
    for (const name of Object.keys(action.input.properties)) {
      assert.ok(!COMMON_PARAMETERS.has(name), `${action.name}.${name}`);
    }
  }
});

test('every action says what it is, and its parameters say what they mean', () => {
  for (const action of actions) {
    assert.match(action.summary, /^[A-Z].*\.$/, action.name);
    assert.match(action.description, /\.$/, action.name);
    for (const [name, schema] of Object.entries(toWireSchema(action.input).properties ?? {})) {
      assert.ok(schema.description, `${action.name}.${name}`);
    }
  }
});

test('DescribeInstanceBackups declares the six codes of the contract and has its limit of 20', () => {
  const action = actions.find(({ name }) => name === 'DescribeInstanceBackups');
  assert.equal(action?.ratePerSecond, 20);
  for (const code of [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'ResourceNotFound.InstanceNotExists',
    'UnauthorizedOperation.NoCAMAuthed',
  ] as const) {
    assert.ok(action?.errors.includes(code), code);
  }
});
