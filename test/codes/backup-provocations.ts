import { INSTANCE_ID, instanceRow, MACHINE } from '../harness/api-fixture.ts';
import { ISOLATED, NO_INSTANCE, ONLINE, type Provocation, type Provocations, withBackup } from './provocation.ts';

const GIGABYTE = 2 ** 30;
const BACKUP = '2e4127f8-affe-11e8-941e-4846fb00c75d';

const ofState = (state: 'running' | 'expired' | 'deleted'): Provocation => ({
  input: { BackupId: 'other' },
  ...withBackup({ backupId: 'other', state }),
});

const machineWith = (changes: object): Provocation => ({
  site: { machine: { ...MACHINE, room: async () => ({ ...(await MACHINE.room()), ...changes }) } },
});

/** As many instances as a machine may have, and memory for more. */
const fullMachine: Provocation = {
  ...machineWith({ totalMemoryBytes: 1000 * GIGABYTE, freeMemoryBytes: 1000 * GIGABYTE, freeDiskBytes: 1000 * GIGABYTE }),
  prepare: async ({ catalog }) => {
    // The examples' site has one that counts.
    for (let count = 1; count < 100; count++) {
      const instanceId = `crs-full${String(count).padStart(4, '0')}`;
      await catalog.instances.insert(instanceRow({ instanceId, kind: 'managed', maxMemoryBytes: GIGABYTE, port: 30_000 + count }));
    }
  },
};

/** What an order may say wrong, whether it creates or clones. */
const orders: Provocations[string] = {
  LimitExceeded: fullMachine,
  ResourceInsufficient: { input: { VPort: 20_001 } },
  UnsupportedOperation: { input: { BillingMode: 1 } },
  'InvalidParameterValue.InstanceNameRuleError': { input: { InstanceName: 'a b' } },
  'InvalidParameterValue.InvalidSubnetId': { input: { SubnetId: 'subnet-1' } },
  'InvalidParameterValue.PasswordEmpty': { input: { Password: '' } },
  'InvalidParameterValue.PasswordFreeDenied': { input: { NoAuth: true } },
  'InvalidParameterValue.PasswordRuleError': { input: { Password: 'short' } },
  'InvalidParameterValue.SecurityGroupIdsNotExists': { input: { SecurityGroupIdList: ['sg-1'] } },
  'InvalidParameterValue.UnVpcIdNotExists': { input: { VpcId: 'vpc-1' } },
  'LimitExceeded.InvalidParameterGoodsNumNotInRange': { input: { GoodsNum: 11 } },
  'LimitExceeded.PeriodExceedMaxLimit': { input: { Period: 37 } },
  'LimitExceeded.PeriodLessThanMinLimit': { input: { Period: 0 } },
};

const restores: Provocations[string] = {
  'ResourceUnavailable.BackupLockedError': ofState('running'),
  'ResourceUnavailable.BackupStatusAbnormal': ofState('expired'),
  'ResourceUnavailable.InstanceStatusAbnormal': { input: { InstanceId: ISOLATED } },
};
const tooLarge = {
  input: { InstanceId: ONLINE, BackupId: 'large' },
  ...withBackup({ backupId: 'large', instanceId: ONLINE, sizeBytes: 2 * GIGABYTE }),
};
const noMachine: Provocation = { site: { isMachine: false } };
const tag = (TagKey: string, TagValue = ''): Provocation => ({ input: { ReplaceTags: [{ TagKey, TagValue }] } });

/** Of the products redis, region, tag and redkeep: what `provokeCommon` does not bring about. */
export const backupProvocations: Provocations = {
  DescribeInstanceBackups: { MissingParameter: { input: { InstanceId: undefined } } },
  DescribeInstances: { 'InvalidParameter.InvalidParameter': { input: { Limit: 0 } } },
  DescribeTaskInfo: { 'InvalidParameter.InvalidParameter': { input: { TaskId: 99 } } },
  ManualBackupInstance: { 'ResourceUnavailable.InstanceStatusAbnormal': { input: { InstanceId: ISOLATED } } },
  DescribeBackupUrl: { 'ResourceUnavailable.BackupStatusInvalid': ofState('running') },
  ModifyBackupDownloadRestriction: { 'InvalidParameter.InvalidParameter': { input: { LimitIp: ['10.0.0.0/33'] } } },
  ModifyAutoBackupConfig: {
    'InvalidParameter.NotSupported': { input: { AutoBackupType: 2 } },
    'InvalidParameter.Period': { input: { TimePeriod: '01:30-02:30' } },
    'InvalidParameterValue.WeekDaysIsInvalid': { input: { WeekDays: ['Someday'] } },
  },
  RestoreInstance: {
    ...restores,
    'ResourceUnavailable.BackupSpecError': tooLarge,
    'InvalidParameterValue.PasswordError': { input: { Password: 'a wrong one' } },
  },
  CloneInstances: {
    ...orders,
    'InvalidParameterValue.CheckNotPass': { input: { BackupId: 'none' } },
    'InvalidParameterValue.SpecNotExist': { input: { BackupId: 'huge' }, ...withBackup({ backupId: 'huge', sizeBytes: 40 * GIGABYTE }) },
    'ResourceUnavailable.NoRedisService': { input: { BackupId: 'newer' }, ...withBackup({ backupId: 'newer', serverVersion: '99.0.0' }) },
  },
  CreateInstances: {
    ...orders,
    'InvalidParameter.InvalidParameter': { input: { ZoneId: 200_001 } },
    'InvalidParameterValue.InvalidInstanceTypeId': { input: { TypeId: 1 } },
    'InvalidParameterValue.SpecNotExist': { input: { RedisShardNum: 3 } },
    'LimitExceeded.InvalidMemSize': { input: { MemSize: 1000 } },
  },
  DestroyPostpaidInstance: {
    UnsupportedOperation: noMachine,
    'InvalidParameterValue.UnSupportedType': { input: { InstanceId: INSTANCE_ID } },
    'ResourceUnavailable.InstanceStatusError': { input: { InstanceId: ISOLATED } },
  },
  StartupInstance: {
    LimitExceeded: fullMachine,
    ResourceInsufficient: machineWith({ freeMemoryBytes: GIGABYTE - 1 }),
    UnsupportedOperation: noMachine,
    'FailedOperation.UnSupportError': { input: { InstanceId: INSTANCE_ID } },
    'ResourceUnavailable.InstanceStatusAbnormal': { input: { InstanceId: ONLINE } },
  },
  CleanUpInstance: {
    UnsupportedOperation: noMachine,
    'ResourceUnavailable.InstanceStatusAbnormal': { input: { InstanceId: ONLINE } },
  },
  ClearInstance: {
    UnsupportedOperation: { input: { EncryptPassword: true } },
    'InvalidParameterValue.PasswordEmpty': { input: { Password: undefined } },
    'InvalidParameterValue.PasswordError': { input: { Password: 'a wrong one' } },
  },
  UpgradeInstance: {
    UnsupportedOperation: { input: { SwitchOption: 1 } },
    'InvalidParameterValue.MemSizeNotInRange': { input: { MemSize: 0 } },
    'InvalidParameterValue.SpecNotExist': { input: { RedisReplicasNum: 2 } },
    'InvalidParameterValue.UnSupportedType': { input: { InstanceId: INSTANCE_ID } },
    'LimitExceeded.InvalidMemSize': { input: { MemSize: 1500 } },
    ResourceInsufficient: { input: { MemSize: 65_536 } },
    'ResourceUnavailable.InstanceStatusAbnormal': { input: { InstanceId: ISOLATED } },
  },
  ModifyNetworkConfig: {
    UnsupportedOperation: noMachine,
    'InvalidParameter.NotSupported': { input: { Operation: 'changeVip' } },
    'InvalidParameterValue.CheckNotPass': { input: { VPort: 20_001 } },
    'ResourceUnavailable.InstanceStatusError': { input: { InstanceId: ISOLATED } },
  },
  ResetPassword: {
    UnsupportedOperation: noMachine,
    'FailedOperation.UnSupportError': { input: { InstanceId: INSTANCE_ID } },
    'InvalidParameterValue.PasswordFreeDenied': { input: { NoAuth: true } },
    'InvalidParameterValue.PasswordRuleError': { input: { Password: 'short' } },
    'ResourceUnavailable.InstanceStatusAbnormal': { input: { InstanceId: ISOLATED } },
  },
  ModifyInstance: {
    'InvalidParameter.InvalidParameter': { input: { Operation: 'grow' } },
    'InvalidParameterValue.InstanceNameRuleError': { input: { InstanceNames: ['a b'] } },
    'UnsupportedOperation.IsAutoRenewError': { input: { Operation: 'modifyAutoRenew', AutoRenews: [1] } },
  },
  DescribeInstanceDealDetail: { 'InvalidParameter.InvalidParameter': { input: { DealIds: [] } } },
  DescribeRedisClusters: { 'InvalidParameter.InvalidParameter': { input: { Status: [4] } } },
  DescribeRegions: { InvalidParameter: { input: { Product: 'cvm' } } },
  DescribeZones: { InvalidParameter: { input: { Product: 'cvm' } } },
  DescribeResourceTagsByResourceIds: {
    InvalidParameter: { input: { Limit: 0 } },
    'InvalidParameterValue.OffsetInvalid': { input: { Offset: 1 } },
    'InvalidParameterValue.RegionInvalid': { input: { ResourceRegion: 'mars' } },
    'InvalidParameterValue.ResourceIdInvalid': { input: { ResourceIds: ['ins-1'] } },
  },
  ModifyResourceTags: {
    'InvalidParameter.ReservedTagKey': tag('qcs:owner'),
    'InvalidParameter.Tag': { input: { ReplaceTags: undefined, DeleteTags: undefined } },
    'InvalidParameterValue.DeleteTagsParamError': { input: { DeleteTags: [{ TagKey: 'stage' }] } },
    'InvalidParameterValue.ResourceDescriptionError': { input: { Resource: ONLINE } },
    'InvalidParameterValue.ResourceIdInvalid': { input: { Resource: `qcs::redis:ap-guangzhou:uin/:instance/${NO_INSTANCE}` } },
    'InvalidParameterValue.TagKeyCharacterIllegal': tag('a&b'),
    'InvalidParameterValue.TagKeyEmpty': tag(''),
    'InvalidParameterValue.TagKeyLengthExceeded': tag('k'.repeat(128)),
    'InvalidParameterValue.TagValueCharacterIllegal': tag('k', '\n'),
    'InvalidParameterValue.TagValueLengthExceeded': tag('k', 'v'.repeat(256)),
    'LimitExceeded.ResourceAttachedTags': {
      input: { DeleteTags: undefined },
      prepare: async ({ catalog }) => {
        for (let count = 1; count < 50; count++) {
          await catalog.tags.set({ instanceId: ONLINE, key: `full-${count}`, value: '' });
        }
      },
    },
  },
  AttachInstance: { 'InvalidParameter.InvalidParameter': { input: { Port: 0 } } },
  LockBackup: { 'ResourceUnavailable.BackupStatusAbnormal': ofState('expired') },
  UnlockBackup: { 'ResourceUnavailable.BackupStatusAbnormal': ofState('expired') },
  VerifyBackup: { 'ResourceUnavailable.BackupStatusAbnormal': ofState('running') },
  DeleteBackup: {
    'OperationDenied.BackupKept': { input: { BackupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d' } },
    'ResourceUnavailable.BackupLockedError': { prepare: async ({ catalog }) => catalog.lifecycle.lock(BACKUP) },
    'ResourceUnavailable.BackupStatusAbnormal': ofState('running'),
  },
  RestoreBackup: {
    ...restores,
    'ResourceUnavailable.BackupSpecError': {
      ...tooLarge,
      input: { ...tooLarge.input, KeyPattern: undefined, Types: undefined, Replace: undefined },
    },
  },
  DescribeRestore: { 'InvalidParameter.InvalidParameter': { input: { TaskId: 99 } } },
  SimulatePolicy: {
    'InvalidParameter.InvalidParameter': { input: { PolicyAction: 'redis:Nothing' } },
    'ResourceNotFound.UserNotExist': { input: { UserName: 'nobody' } },
  },
};
