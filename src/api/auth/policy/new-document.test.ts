import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openTempCatalog } from '../../../../test/harness/temp-catalog.ts';
import { createActionIndex } from '../../action-index.ts';
import { actions } from '../../registry.ts';
import { parseNewDocument } from './new-document.ts';
import { PolicyError } from './policy-error.ts';

const OWNER = '100000000001';
const { names } = createActionIndex(actions);

/** `ok`, or the part that is wrong and why. */
function outcome(change: object): string {
  const statement = [
    { effect: 'allow', action: '*', resource: '*' },
    { effect: 'deny', action: '*', resource: '*', ...change },
  ];
  try {
    parseNewDocument(JSON.stringify({ version: '2.0', statement }), OWNER, names);
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof PolicyError);
    assert.match(error.text.zh, /[\u4e00-\u9fff]/);
    return `${error.part}: ${error.message}`;
  }
}

describe('a new document', () => {
  test('may name every action of the products here, built or not, in any case', () => {
    for (const action of [
      '*',
      'name/*',
      'redis:*',
      'REDIS:describeInstances',
      'redis:RenewInstance',
      'cam:CreateRole',
      'cam:DeleteApiKey',
      'sts:AssumeRole',
      'redkeep:AttachInstance',
      'name/redis:Describe*',
      '*:Describe*',
      'r*:*Backups',
    ]) {
      assert.equal(outcome({ action }), 'ok', action);
    }
  });

  test('is refused with an action that matches none', () => {
    assert.equal(
      outcome({ action: 'redis:DescribeInstanceBackup' }),
      'action: statement 2: the action "redis:DescribeInstanceBackup" matches no action of redis, redkeep, cam, sts, region, tag; ' +
        'write one of those, such as redis:DescribeInstanceBackups or redis:Describe*.',
    );
    for (const action of [
      'reddis:*',
      'redis:Descibe*',
      'redkeep:ManualBackupInstance',
      'cos:PutObject',
      '*:Frobnicate',
      ['*', 'redis:A'],
    ]) {
      assert.match(outcome({ action }), /^action: /, String(action));
    }
  });

  test('may name instances, all of a service, and whatever another product has', () => {
    for (const resource of [
      'qcs::redis:::*',
      'qcs::redis:::instance/*',
      'qcs::REDIS:gz::instance/crs-5a4py64p',
      'qcs::redis:ap-*::instance/crs-5a*',
      'qcs::redis:*-fsi::instance/*64p',
      'qcs::redis:::instance/c*',
      'qcs::redkeep:ap-guangzhou::*',
      'qcs::cam:::*',
      'qcs::sts:*:*:*',
      'qcs::*:ap-guangzhou::*',
      'qcs::*:::bucket/x',
      'qcs::cos:ap-beijing-1:uid/1250000000:prefix//1250000000/bucket/a:b',
    ]) {
      assert.equal(outcome({ resource }), 'ok', resource);
    }
  });

  test('is refused with a resource that can be none', () => {
    assert.equal(
      outcome({ resource: 'qcs::redis:::Instance/crs-5a4py64p' }),
      'resource: statement 2: the resource is "qcs::redis:::Instance/crs-5a4py64p"; the last segment must be *, instance/* or instance/<id>, ' +
        'where an id is crs- and eight lower-case letters or digits and may have * for some of them.',
    );
    assert.equal(
      outcome({ resource: 'qcs::Cam::uin/100000000001:uin/7' }),
      'resource: statement 2: the resource is "qcs::Cam::uin/100000000001:uin/7"; of cam the last segment must be *.',
    );
    for (const name of [
      'task/*',
      'instance',
      'inst*',
      'crs-5a4py64p',
      'instance/',
      'instance/crs-5a4py64',
      'instance/crs-5a4py64p7',
      'instance/CRS-5a4py64p',
      'instance/crs-5A*',
      'instance/redis-*',
      'instance/crs-*123456789',
      'instance/crs-5a4py64p/*',
    ]) {
      assert.match(outcome({ resource: ['*', `qcs::redis:::${name}`] }), /^resource: /, name);
    }
    for (const resource of ['qcs::redkeep:::task/1', 'qcs::sts:::role/x', 'qcs::Redis:::Instance/*']) {
      assert.match(outcome({ resource }), /^resource: /, resource);
    }
  });

  test('is refused with a region that matches none, or where there are no regions', () => {
    assert.equal(
      outcome({ resource: 'qcs::redis:ap-guangzou*::*' }),
      'resource-region: statement 2: the region in the resource "qcs::redis:ap-guangzou*::*" matches no region; ' +
        'write one such as ap-guangzhou or ap-*, or leave it empty for all.',
    );
    for (const resource of [
      'qcs::redis:AP-*::*',
      'qcs::redkeep:x*::*',
      'qcs::*:ap-guangzou::*',
      'qcs::re*:mars::*',
      'qcs::Redis:mars::*',
    ]) {
      assert.match(outcome({ resource }), /^resource-region: /, resource);
    }
    assert.equal(
      outcome({ resource: 'qcs::cam:ap-guangzhou::*' }),
      'resource-region: statement 2: the resource is "qcs::cam:ap-guangzhou::*"; cam has no regions, so its region must be empty.',
    );
  });
});

test('a new document that names another account in a service with * is refused', () => {
  for (const resource of ['qcs::*::uin/7:*', 'qcs::re*::uid/1250000000:*']) {
    assert.equal(
      outcome({ resource }),
      `resource-account: statement 2: the resource "${resource}" names another account; its account must be empty or uin/${OWNER}.`,
    );
  }
  assert.equal(outcome({ resource: ['qcs::*::uin/*:*', `qcs::*::uin/${OWNER}:*`] }), 'ok');
});

test('what preset policies say can be written by anybody', async () => {
  await using temporary = await openTempCatalog();
  const { total, policies } = await temporary.catalog.policies.list({ accountId: OWNER, kind: 'preset', limit: 100, offset: 0 });
  assert.equal(total, 4);
  for (const { document } of policies) {
    parseNewDocument(document, OWNER, names);
  }
});
