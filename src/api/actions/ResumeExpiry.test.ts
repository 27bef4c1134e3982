import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_ID, instanceRow, OTHER_KEY, openApiFixture, SUB_KEY } from '../../../test/harness/api-fixture.ts';
import { CLOCK_CONFIRMED, expiryConfirmed } from '../../catalog/confirmations.ts';

const REDKEEP = { version: '2026-11-24' };

test('ResumeExpiry notes for one instance when somebody has let its backups go', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  const resume = async (InstanceId: string, more: object = {}) =>
    (await fixture.call('ResumeExpiry', { InstanceId }, { ...REDKEEP, ...more })).Error?.Code;
  assert.equal(await resume('crs-1'), 'InvalidParameter.InvalidParameter');
  assert.equal(await resume('crs-00000000'), 'ResourceNotFound.InstanceNotExists');
  assert.equal(await resume(INSTANCE_ID, { key: OTHER_KEY }), 'ResourceNotFound.InstanceNotExists');
  assert.equal(await resume(INSTANCE_ID, { key: SUB_KEY }), 'AuthFailure.UnauthorizedOperation');
  assert.equal(await fixture.catalog.settings.get(expiryConfirmed(INSTANCE_ID)), undefined);
  assert.equal(await resume(INSTANCE_ID), undefined);
  assert.equal(await fixture.catalog.settings.get(expiryConfirmed(INSTANCE_ID)), String(fixture.clock.now()));
});

test('ConfirmClock notes when somebody has seen that the clock is right, and shows what it shows', async () => {
  await using fixture = await openApiFixture();
  const refused = await fixture.call('ConfirmClock', {}, { ...REDKEEP, key: SUB_KEY });
  assert.equal(refused.Error?.Code, 'AuthFailure.UnauthorizedOperation');
  assert.equal(await fixture.catalog.settings.get(CLOCK_CONFIRMED), undefined);
  assert.equal((await fixture.call('ConfirmClock', {}, REDKEEP))['ServerTime'], '2026-11-24 12:00:00');
  assert.equal(await fixture.catalog.settings.get(CLOCK_CONFIRMED), String(fixture.clock.now()));
});
