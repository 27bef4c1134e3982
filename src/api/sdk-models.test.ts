import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as sdk from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_models.js';
import type { Static } from 'typebox';
import type { DescribeInstanceBackups } from './actions/DescribeInstanceBackups.ts';
import type { DescribeInstances } from './actions/DescribeInstances.ts';
import type { DescribeTaskInfo } from './actions/DescribeTaskInfo.ts';
import type { ManualBackupInstance } from './actions/ManualBackupInstance.ts';
import type { InstanceSet } from './shapes/instance-set.ts';
import type { RedisBackupSet } from './shapes/redis-backup-set.ts';

/**
 * The official Node SDK's models against ours, at compile time: what its users can send we accept, what we answer they can read, and no
 * field of theirs is missing here. The one field that we have more is RedisBackupSet beside BackupSet.
 */
type In<Action extends { input: Parameters<typeof staticOf>[0] }> = Static<Action['input']>;
type Out<Action extends { output: Parameters<typeof staticOf>[0] }> = Static<Action['output']> & { RequestId: string };
declare function staticOf(schema: import('typebox').TSchema): void;

/** The SDK offers bigint wherever an integer may be; on the wire both are the same number. */
type Plain<T> = T extends bigint
  ? never
  : T extends Array<infer Item>
    ? Array<Plain<Item>>
    : T extends object
      ? { [Key in keyof T]: Plain<T[Key]> }
      : T;

type Assignable<From, To> = From extends To ? true : never;
type SameKeys<A, B> = [Exclude<keyof A, keyof B>, Exclude<keyof B, keyof A>] extends [never, never] ? true : never;

const checks: Record<string, true> = {
  backupsRequest: true satisfies Assignable<Plain<sdk.DescribeInstanceBackupsRequest>, In<typeof DescribeInstanceBackups>>,
  backupsRequestKeys: true satisfies SameKeys<sdk.DescribeInstanceBackupsRequest, In<typeof DescribeInstanceBackups>>,
  backupsResponse: true satisfies Assignable<Out<typeof DescribeInstanceBackups>, sdk.DescribeInstanceBackupsResponse>,
  backupsResponseKeys: true satisfies SameKeys<
    sdk.DescribeInstanceBackupsResponse,
    Omit<Out<typeof DescribeInstanceBackups>, 'RedisBackupSet'>
  >,
  backupKeys: true satisfies SameKeys<sdk.RedisBackupSet, Static<typeof RedisBackupSet>>,
  manualRequest: true satisfies Assignable<Plain<sdk.ManualBackupInstanceRequest>, In<typeof ManualBackupInstance>>,
  manualRequestKeys: true satisfies SameKeys<sdk.ManualBackupInstanceRequest, In<typeof ManualBackupInstance>>,
  manualResponse: true satisfies Assignable<Out<typeof ManualBackupInstance>, sdk.ManualBackupInstanceResponse>,
  manualResponseKeys: true satisfies SameKeys<sdk.ManualBackupInstanceResponse, Out<typeof ManualBackupInstance>>,
  taskRequest: true satisfies Assignable<Plain<sdk.DescribeTaskInfoRequest>, In<typeof DescribeTaskInfo>>,
  taskRequestKeys: true satisfies SameKeys<sdk.DescribeTaskInfoRequest, In<typeof DescribeTaskInfo>>,
  taskResponse: true satisfies Assignable<Out<typeof DescribeTaskInfo>, sdk.DescribeTaskInfoResponse>,
  taskResponseKeys: true satisfies SameKeys<sdk.DescribeTaskInfoResponse, Out<typeof DescribeTaskInfo>>,
  instancesRequest: true satisfies Assignable<Plain<sdk.DescribeInstancesRequest>, In<typeof DescribeInstances>>,
  instancesRequestKeys: true satisfies SameKeys<sdk.DescribeInstancesRequest, In<typeof DescribeInstances>>,
  instancesResponse: true satisfies Assignable<Out<typeof DescribeInstances>, sdk.DescribeInstancesResponse>,
  instancesResponseKeys: true satisfies SameKeys<sdk.DescribeInstancesResponse, Out<typeof DescribeInstances>>,
  instanceKeys: true satisfies SameKeys<sdk.InstanceSet, Static<typeof InstanceSet>>,
};

test('the compiler has accepted every pair of models', () => {
  assert.equal(Object.values(checks).length, 18);
});
