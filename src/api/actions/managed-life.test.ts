import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Answer,
  type ApiFixture,
  INSTANCE_ID,
  insertExample,
  insertManaged,
  MACHINE,
  OTHER_KEY,
  openApiFixture,
  PASSWORD,
} from '../../../test/harness/api-fixture.ts';
import { addUser } from '../../../test/harness/users.ts';

const ONLINE = 'crs-7m2k9q4d';
const ISOLATED = 'crs-3h8t5w1z';

async function openSite(options: Parameters<typeof openApiFixture>[0] = {}): Promise<ApiFixture> {
  const fixture = await openApiFixture(options);
  await insertExample(fixture.catalog);
  await insertManaged(fixture.catalog);
  return fixture;
}

function codeOf(answer: Answer): string | undefined {
  return answer.Error?.Code;
}

describe('steps in the life of a managed instance', () => {
  const steps = [
    ['DestroyPostpaidInstance', ONLINE, 'isolating', 'isolate-instance'],
    ['StartupInstance', ISOLATED, 'starting', 'start-instance'],
    ['CleanUpInstance', ISOLATED, 'cleaning', 'clean-up-instance'],
  ] as const;
  for (const [action, id, state, kind] of steps) {
    test(`${action} shows the step at once and enqueues its task`, async () => {
      await using fixture = await openSite();
      const { TaskId, ...answer } = await fixture.call(action, { InstanceId: id });
      assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
      const task = await fixture.catalog.tasks.get(Number(TaskId));
      assert.deepEqual([task?.kind, task?.instanceId, task?.requestedBy], [kind, id, '100000000001']);
      assert.equal((await fixture.catalog.instances.get(id))?.state, state);
      assert.equal(fixture.wakes(), 1);
      // The task holds the instance: no second step, and no backup.
      const again = await fixture.call(action, { InstanceId: id });
      assert.match(codeOf(again) ?? '', /^ResourceUnavailable\.Instance(StatusError|StatusAbnormal)$/);
    });

    test(`${action} waits for the task that holds the instance`, async () => {
      await using fixture = await openSite();
      await fixture.catalog.tasks.enqueue({
        accountId: '100000000001',
        region: 'ap-guangzhou',
        instanceId: id,
        kind: 'take-backup',
        subject: 'b',
        payload: '{}',
        exclusiveKey: id,
        createdAt: 1,
      });
      assert.equal(codeOf(await fixture.call(action, { InstanceId: id })), 'ResourceUnavailable.InstanceLockedError');
    });

    test(`${action} refuses ids that are malformed, unknown, another account's or another region's`, async () => {
      await using fixture = await openSite();
      const empty = action === 'DestroyPostpaidInstance' ? 'InvalidParameter.InvalidParameter' : 'InvalidParameter.EmptyParam';
      assert.equal(codeOf(await fixture.call(action, { InstanceId: '' })), empty);
      assert.equal(codeOf(await fixture.call(action, { InstanceId: 'x' })), 'InvalidParameter.InvalidParameter');
      for (const [InstanceId, options] of [
        ['crs-00000000', {}],
        [id, { key: OTHER_KEY }],
        [id, { region: 'ap-beijing' }],
      ] as const) {
        assert.equal(codeOf(await fixture.call(action, { InstanceId }, options)), 'ResourceNotFound.InstanceNotExists');
      }
    });

    test(`${action} is not for a node that runs no instances`, async () => {
      await using fixture = await openSite({ isMachine: false });
      assert.equal(codeOf(await fixture.call(action, { InstanceId: id })), 'UnsupportedOperation');
    });
  }

  test('an attached instance is not isolated, nor started or cleaned up', async () => {
    await using fixture = await openSite();
    const answer = await fixture.call('DestroyPostpaidInstance', { InstanceId: INSTANCE_ID });
    assert.equal(codeOf(answer), 'InvalidParameterValue.UnSupportedType');
    assert.match(answer.Error?.Message ?? '', /DetachInstance/);
    for (const [action, code] of [
      ['StartupInstance', 'FailedOperation.UnSupportError'],
      ['CleanUpInstance', 'ResourceUnavailable.InstanceStatusAbnormal'],
    ] as const) {
      assert.equal(codeOf(await fixture.call(action, { InstanceId: INSTANCE_ID })), code);
      assert.equal(codeOf(await fixture.call(action, { InstanceId: ONLINE })), 'ResourceUnavailable.InstanceStatusAbnormal');
    }
    assert.equal(
      codeOf(await fixture.call('DestroyPostpaidInstance', { InstanceId: ISOLATED })),
      'ResourceUnavailable.InstanceStatusError',
    );
  });

  test('an instance under protection is isolated only after that is switched off', async () => {
    await using fixture = await openSite();
    const protect = (value: number) =>
      fixture.call('ModifyInstance', {
        Operation: 'modifyDeleteProtectionSwitch',
        InstanceIds: [ONLINE],
        DeleteProtectionSwitches: [value],
      });
    assert.equal(codeOf(await protect(1)), undefined);
    const refused = await fixture.call('DestroyPostpaidInstance', { InstanceId: ONLINE });
    assert.equal(codeOf(refused), 'UnsupportedOperation');
    assert.match(refused.Error?.Message ?? '', /modifyDeleteProtectionSwitch/);
    assert.equal(codeOf(await protect(0)), undefined);
    assert.equal(codeOf(await fixture.call('DestroyPostpaidInstance', { InstanceId: ONLINE })), undefined);
  });

  test('an instance is started only where there is room for it, which others may have got meanwhile', async () => {
    const gigabyte = 2 ** 30;
    await using fixture = await openSite({
      machine: { ...MACHINE, room: async () => ({ ...(await MACHINE.room()), totalMemoryBytes: 3 * gigabyte }) },
    });
    const start = (InstanceId: string) => fixture.call('StartupInstance', { InstanceId });
    const other = (await fixture.catalog.instances.get(ISOLATED)) ?? assert.fail();
    await fixture.catalog.instances.insert({ ...other, instanceId: 'crs-other000', port: 20_003 });
    const answers = await Promise.all([start(ISOLATED), start('crs-other000')]);
    assert.deepEqual(answers.map(codeOf).sort(), ['ResourceInsufficient', undefined], 'of two at once');
    assert.match(answers.find(codeOf)?.Error?.Message ?? '', /^1024 MB of memory are ordered and 7\d\d MB are to be had/);
  });

  test('a failed instance is as good as none', async () => {
    await using fixture = await openSite();
    await fixture.catalog.instances.move(ISOLATED, 'isolated', 'starting', 1);
    await fixture.catalog.instances.move(ISOLATED, 'starting', 'failed', 1);
    assert.equal(codeOf(await fixture.call('CleanUpInstance', { InstanceId: ISOLATED })), 'ResourceNotFound.InstanceNotExists');
  });
});

describe('ClearInstance', () => {
  test('wants the password of the instance, and enqueues the task', async () => {
    await using fixture = await openSite();
    const clear = (parameters: object) => fixture.call('ClearInstance', { InstanceId: ONLINE, ...parameters });
    assert.equal(codeOf(await clear({})), 'InvalidParameterValue.PasswordEmpty');
    assert.equal(codeOf(await clear({ Password: '' })), 'InvalidParameterValue.PasswordEmpty');
    const wrong = await clear({ Password: 'a wrong one' });
    assert.equal(codeOf(wrong), 'InvalidParameterValue.PasswordError');
    assert.ok(!(wrong.Error?.Message ?? '').includes('a wrong one'));
    assert.equal(codeOf(await clear({ Password: PASSWORD, EncryptPassword: true })), 'UnsupportedOperation');
    const { TaskId } = await clear({ Password: PASSWORD });
    assert.equal((await fixture.catalog.tasks.get(Number(TaskId)))?.kind, 'clear-instance');
    assert.equal(codeOf(await clear({ Password: PASSWORD })), 'ResourceUnavailable.InstanceLockedError');
  });

  test('is refused for an instance that does not serve, is unknown or malformed', async () => {
    await using fixture = await openSite();
    const clear = (InstanceId: string) => fixture.call('ClearInstance', { InstanceId, Password: PASSWORD });
    assert.equal(codeOf(await clear(ISOLATED)), 'ResourceUnavailable.InstanceStateError');
    assert.equal(codeOf(await clear('crs-00000000')), 'ResourceNotFound.InstanceNotExists');
    assert.equal(codeOf(await clear('')), 'InvalidParameter.InvalidParameter');
  });
});

describe('UpgradeInstance and ResetPassword', () => {
  const GIGABYTE = 2 ** 30;
  const upgrade = (fixture: ApiFixture, parameters: object) => fixture.call('UpgradeInstance', { InstanceId: ONLINE, ...parameters });
  const reset = (fixture: ApiFixture, parameters: object) => fixture.call('ResetPassword', { InstanceId: ONLINE, ...parameters });

  test('UpgradeInstance shows Status 1 at once, and its deal and task tell how it goes', async () => {
    await using fixture = await openSite();
    // What Terraform sends: the two numbers that stay beside the one that changes.
    const { DealId, DealName } = await upgrade(fixture, { MemSize: 2048, RedisShardNum: 1, RedisReplicasNum: 1 });
    assert.equal(DealId, DealName);
    const [task] = await fixture.catalog.tasks.allOfSubject(String(DealId));
    assert.deepEqual([task?.kind, task?.payload], ['resize-instance', JSON.stringify({ maxMemoryBytes: 2 * GIGABYTE })]);
    const { InstanceSet } = await fixture.call('DescribeInstances', { InstanceId: ONLINE });
    const [shown] = InstanceSet as Array<{ Status: number; RedisShardSize: number }>;
    assert.deepEqual([shown?.Status, shown?.RedisShardSize], [1, 1024]);
    const { DealDetails } = await fixture.call('DescribeInstanceDealDetail', { DealIds: [DealId] });
    const [deal] = DealDetails as Array<{ Status: number; InstanceIds: string[] }>;
    assert.deepEqual([deal?.Status, deal?.InstanceIds], [3, [ONLINE]]);
    assert.equal(fixture.wakes(), 1);
    for (const again of [await upgrade(fixture, { MemSize: 1024 }), await reset(fixture, { Password: PASSWORD })]) {
      assert.equal(codeOf(again), 'ResourceUnavailable.InstanceLockedError');
    }
    const backup = await fixture.call('ManualBackupInstance', { InstanceId: ONLINE });
    assert.equal(codeOf(backup), 'ResourceUnavailable.InstanceLockedError');
  });

  test('more memory must be there, what other instances were promised taken into account; less needs none', async () => {
    await using fixture = await openSite();
    // 16 GB, of which nine tenths may be used up; this instance has one.
    assert.equal(codeOf(await upgrade(fixture, { MemSize: 15 * 1024 })), 'ResourceInsufficient');
    assert.equal(codeOf(await upgrade(fixture, { MemSize: 13 * 1024 })), undefined);
    await using full = await openSite({
      machine: { ...MACHINE, room: async () => ({ totalMemoryBytes: GIGABYTE, freeMemoryBytes: 0, freeDiskBytes: 0 }) },
    });
    assert.equal(codeOf(await upgrade(full, { MemSize: 2048 })), 'ResourceInsufficient');
    assert.equal(codeOf(await upgrade(full, { MemSize: 1024 })), undefined);
  });

  test('of two that want more at once the second is refused what the first is about to have', async () => {
    await using fixture = await openSite();
    const row = await fixture.catalog.instances.get(ONLINE);
    assert.ok(row);
    await fixture.catalog.instances.insert({ ...row, instanceId: 'crs-00000009', name: 'other', port: 20_009 });
    // Each has one of the 14 GB that may be used up.
    assert.equal(codeOf(await upgrade(fixture, { MemSize: 9 * 1024 })), undefined);
    assert.equal(codeOf(await upgrade(fixture, { MemSize: 9 * 1024, InstanceId: 'crs-00000009' })), 'ResourceInsufficient');
    assert.equal(codeOf(await upgrade(fixture, { MemSize: 5 * 1024, InstanceId: 'crs-00000009' })), undefined);
  });

  test('ResetPassword seals the new password for its task, and leaves the row as it is until the server has it', async () => {
    await using fixture = await openSite();
    const before = await fixture.catalog.instances.get(ONLINE);
    const { TaskId } = await reset(fixture, { Password: 'battery-staple-8' });
    const task = await fixture.catalog.tasks.get(Number(TaskId));
    assert.equal(task?.kind, 'reset-password');
    assert.ok(!(task?.payload ?? '').includes('battery'));
    assert.deepEqual(fixture.sealed.get(ONLINE), { password: 'battery-staple-8' });
    const after = await fixture.catalog.instances.get(ONLINE);
    assert.equal(after?.state, 'changing');
    assert.deepEqual(after?.sealedSecrets, before?.sealedSecrets);
  });

  const refused: Array<[action: typeof upgrade, parameters: object, code: string, message: RegExp]> = [
    [upgrade, { MemSize: 0 }, 'InvalidParameterValue.MemSizeNotInRange', /MemSize is 0; it must be 1024 to 65536/],
    [upgrade, { MemSize: 66_560 }, 'InvalidParameterValue.MemSizeNotInRange', /MemSize is 66560/],
    [upgrade, { MemSize: 1025 }, 'LimitExceeded.InvalidMemSize', /multiple of 1024/],
    [upgrade, { MemSize: 1024, RedisShardNum: 2 }, 'InvalidParameterValue.SpecNotExist', /2 shards/],
    [upgrade, { MemSize: 1024, RedisReplicasNum: 3 }, 'InvalidParameterValue.SpecNotExist', /3 replicas/],
    [upgrade, { MemSize: 1024, NodeSet: [{ NodeType: 1 }] }, 'InvalidParameterValue.SpecNotExist', /no NodeSet/],
    [upgrade, { MemSize: 1024, SwitchOption: 1 }, 'UnsupportedOperation', /SwitchOption/],
    [upgrade, { MemSize: 1024, SwitchOption: 3 }, 'InvalidParameter.InvalidParameter', /SwitchOption is 3/],
    [upgrade, { MemSize: 1024, InstanceId: INSTANCE_ID }, 'InvalidParameterValue.UnSupportedType', /set maxmemory in its server/],
    [upgrade, { MemSize: 1024, InstanceId: ISOLATED }, 'ResourceUnavailable.InstanceStatusAbnormal', /is isolated/],
    [reset, {}, 'InvalidParameterValue.PasswordRuleError', /8 to 64/],
    [reset, { Password: 'onlylower' }, 'InvalidParameterValue.PasswordRuleError', /two kinds/],
    [reset, { Password: '/starts-with-7' }, 'InvalidParameterValue.PasswordRuleError', /must not start with/],
    [reset, { Password: `a1${'x'.repeat(63)}` }, 'InvalidParameterValue.PasswordRuleError', /8 to 64/],
    [reset, { NoAuth: true }, 'InvalidParameterValue.PasswordFreeDenied', /give a Password/],
    [reset, { Password: PASSWORD, EncryptPassword: true }, 'UnsupportedOperation', /EncryptPassword/],
    [reset, { Password: PASSWORD, InstanceId: INSTANCE_ID }, 'FailedOperation.UnSupportError', /attach it again/],
    [reset, { Password: PASSWORD, InstanceId: ISOLATED }, 'ResourceUnavailable.InstanceStatusAbnormal', /is isolated/],
  ];
  for (const [action, parameters, code, message] of refused) {
    test(`${action === upgrade ? 'UpgradeInstance' : 'ResetPassword'} refuses ${JSON.stringify(parameters).slice(0, 60)} with ${code}`, async () => {
      await using fixture = await openSite();
      const answer = await action(fixture, parameters);
      assert.equal(codeOf(answer), code);
      assert.match(answer.Error?.Message ?? '', message);
      assert.equal(fixture.wakes(), 0);
    });
  }
});

describe('ModifyNetworkConfig', () => {
  const change = (fixture: ApiFixture, parameters: object) =>
    fixture.call('ModifyNetworkConfig', { InstanceId: ONLINE, Operation: 'changeVPort', VPort: 20_101, ...parameters });

  test('shows Status 1 at once and enqueues the move, which leaves the row as it is until the server listens there', async () => {
    await using fixture = await openSite();
    const { TaskId, Vip } = await change(fixture, {});
    const task = await fixture.catalog.tasks.get(Number(TaskId));
    assert.deepEqual([task?.kind, task?.payload, Vip], ['move-port', '{"port":20101}', '127.0.0.1']);
    const row = await fixture.catalog.instances.get(ONLINE);
    assert.deepEqual([row?.state, row?.port], ['changing', 20_001]);
    assert.equal(codeOf(await change(fixture, { VPort: 20_102 })), 'ResourceUnavailable.InstanceStatusError');
  });

  const refused: Array<[parameters: object, code: string, message: RegExp]> = [
    [{ Operation: 'grow' }, 'InvalidParameter.InvalidParameter', /Operation is "grow"/],
    [{ Operation: 'changeVpc' }, 'InvalidParameter.NotSupported', /only its port can change/],
    [{ Recycle: 1 }, 'InvalidParameter.NotSupported', /Recycle 1/],
    [{ VPort: undefined }, 'InvalidParameter.InvalidParameter', /VPort is absent/],
    [{ VPort: 1023 }, 'InvalidParameter.InvalidParameter', /VPort is 1023/],
    [{ VPort: 65_536 }, 'InvalidParameter.InvalidParameter', /VPort is 65536/],
    [{ VPort: 20_001 }, 'InvalidParameterValue.CheckNotPass', /VPort 20001 is taken/],
    [{ InstanceId: INSTANCE_ID }, 'InvalidParameter.NotSupported', /is attached/],
    [{ InstanceId: ISOLATED }, 'ResourceUnavailable.InstanceStatusError', /is isolated/],
  ];
  for (const [parameters, code, message] of refused) {
    test(`refuses ${JSON.stringify(parameters)} with ${code}`, async () => {
      await using fixture = await openSite();
      const answer = await change(fixture, parameters);
      assert.equal(codeOf(answer), code);
      assert.match(answer.Error?.Message ?? '', message);
      assert.equal(fixture.wakes(), 0);
    });
  }

  test('a port that somebody else listens on is refused', async () => {
    await using fixture = await openSite({ machine: { ...MACHINE, isPortFree: async () => false } });
    assert.equal(codeOf(await change(fixture, {})), 'InvalidParameterValue.CheckNotPass');
  });
});

describe('ModifyInstance', () => {
  const change = (fixture: ApiFixture, parameters: object) => fixture.call('ModifyInstance', parameters);

  test('renames several, each to its own name', async () => {
    await using fixture = await openSite();
    const answer = await change(fixture, { Operation: 'rename', InstanceIds: [ONLINE, INSTANCE_ID], InstanceNames: ['one', '二-2_b'] });
    assert.equal(answer.Error, undefined, JSON.stringify(answer.Error));
    assert.deepEqual(
      [(await fixture.catalog.instances.get(ONLINE))?.name, (await fixture.catalog.instances.get(INSTANCE_ID))?.name],
      ['one', '二-2_b'],
    );
    const found = await fixture.call('DescribeInstances', { SearchKey: '2_B' });
    assert.equal(found['TotalCount'], 1, 'the search knows the new name');
  });

  test('takes the deprecated single parameters', async () => {
    await using fixture = await openSite();
    assert.equal(codeOf(await change(fixture, { Operation: 'rename', InstanceId: ONLINE, InstanceName: 'renamed' })), undefined);
    assert.equal((await fixture.catalog.instances.get(ONLINE))?.name, 'renamed');
    assert.equal(codeOf(await change(fixture, { Operation: 'modifyAutoRenew', InstanceId: ONLINE, AutoRenew: 0 })), undefined);
  });

  test('moves to a project', async () => {
    await using fixture = await openSite();
    assert.equal(
      codeOf(await change(fixture, { Operation: 'modifyProject', InstanceIds: [ONLINE, INSTANCE_ID], ProjectId: 7 })),
      undefined,
    );
    assert.equal((await fixture.call('DescribeInstances', { ProjectIds: [7] }))['TotalCount'], 2);
  });

  test('keeps the largest project id that comes back as it was given', async () => {
    await using fixture = await openSite();
    const ProjectId = Number.MAX_SAFE_INTEGER;
    assert.equal(codeOf(await change(fixture, { Operation: 'modifyProject', InstanceId: ONLINE, ProjectId })), undefined);
    assert.equal((await fixture.call('DescribeInstances', { ProjectIds: [ProjectId] }))['TotalCount'], 1);
  });

  test('more instances than it takes are not decided on, one by one', async () => {
    await using fixture = await openSite();
    const user = await addUser(fixture, { action: 'redis:*', resource: `qcs::redis:::instance/${ONLINE}` });
    const rename = (InstanceIds: readonly string[]) =>
      fixture.call('ModifyInstance', { Operation: 'rename', InstanceIds }, { key: user.key });
    assert.equal(codeOf(await rename(Array(11).fill(INSTANCE_ID))), 'InvalidParameter.InvalidParameter');
    assert.equal(codeOf(await rename([INSTANCE_ID])), 'UnauthorizedOperation.NoCAMAuthed');
  });

  test('changes all of them or none', async () => {
    await using fixture = await openSite();
    const answer = await change(fixture, { Operation: 'rename', InstanceIds: [ONLINE, 'crs-00000000'], InstanceNames: ['one', 'two'] });
    assert.equal(codeOf(answer), 'ResourceNotFound.InstanceNotExists');
    assert.equal((await fixture.catalog.instances.get(ONLINE))?.name, 'sessions');
  });

  const refused: Array<[parameters: object, code: string, message: RegExp]> = [
    [{ Operation: 'grow', InstanceIds: [ONLINE] }, 'InvalidParameter.InvalidParameter', /Operation is "grow"/],
    [{ Operation: 'rename', InstanceNames: ['a'] }, 'InvalidParameter.InvalidParameter', /InstanceIds has 0 elements/],
    [{ Operation: 'rename', InstanceIds: Array(11).fill(ONLINE) }, 'InvalidParameter.InvalidParameter', /has 11 elements/],
    [{ Operation: 'rename', InstanceIds: [ONLINE, ONLINE], InstanceNames: ['a', 'b'] }, 'InvalidParameter.InvalidParameter', /each once/],
    [{ Operation: 'rename', InstanceIds: ['x'], InstanceNames: ['a'] }, 'InvalidParameter.InvalidParameter', /InstanceId is "x"/],
    [{ Operation: 'rename', InstanceIds: [ONLINE], InstanceNames: ['a', 'b'] }, 'InvalidParameter.InvalidParameter', /InstanceNames has 2/],
    [
      { Operation: 'rename', InstanceIds: [ONLINE], InstanceNames: [''] },
      'InvalidParameterValue.InstanceNameRuleError',
      /InstanceNames\.0 is ""/,
    ],
    [{ Operation: 'modifyProject', InstanceIds: [ONLINE] }, 'InvalidParameter.InvalidParameter', /ProjectId is absent/],
    [{ Operation: 'modifyProject', InstanceIds: [ONLINE], ProjectId: -1 }, 'InvalidParameter.InvalidParameter', /ProjectId is -1/],
    [
      { Operation: 'modifyProject', InstanceIds: [ONLINE], ProjectId: 2 ** 53 },
      'InvalidParameter.InvalidParameter',
      /ProjectId is 9007199254740992; it must be 0 to/,
    ],
    [{ Operation: 'modifyAutoRenew', InstanceIds: [ONLINE], AutoRenews: [1] }, 'UnsupportedOperation.IsAutoRenewError', /can only be 0/],
    [{ Operation: 'modifyAutoRenew', InstanceIds: [ONLINE] }, 'InvalidParameter.InvalidParameter', /AutoRenews has 0/],
    [
      { Operation: 'modifyDeleteProtectionSwitch', InstanceIds: [ONLINE], DeleteProtectionSwitches: [2] },
      'InvalidParameter.InvalidParameter',
      /DeleteProtectionSwitches\.0 is 2/,
    ],
  ];
  for (const [parameters, code, message] of refused) {
    test(`refuses ${JSON.stringify(parameters).slice(0, 90)}`, async () => {
      await using fixture = await openSite();
      const answer = await change(fixture, parameters);
      assert.equal(codeOf(answer), code);
      assert.match(answer.Error?.Message ?? '', message);
    });
  }
});
