/**
 * Why a code that the vendor documents is never answered here: by code, or by `Action code` where it depends on the action. A test compares
 * this with what the actions declare.
 */
export const ABSENT_CODES: Readonly<Record<string, string>> = {
  FailedOperation: 'the failures that there are have codes of their own',
  'FailedOperation.CommitFlowError': 'task and row are written in one transaction: `InternalError.DbOperationFailed`',
  'FailedOperation.PayFailed': 'nothing is paid',
  'FailedOperation.SystemError': '`InternalError.InternalError` says it',
  'FailedOperation.Unknown': '`InternalError.InternalError` says it',
  'DescribeInstanceNodeInfo FailedOperation.UnSupportError': 'the node of any instance can be told',
  'DescribeInstanceZoneInfo FailedOperation.UnSupportError': 'the node of any instance can be told',
  InternalError: '`InternalError.InternalError` says it',
  'CreateInstances InvalidParameter.EmptyParam': 'no text is required; an empty one counts as absent, an empty password has its own code',
  'DescribeInstances InvalidParameter.EmptyParam':
    'an empty id is `InvalidParameter.InvalidParameter`, any other empty text counts as absent',
  'DescribeProductInfo InvalidParameter.EmptyParam': 'there are no parameters',
  'InvalidParameter.OnlyVPCOnSpecZoneId': 'there are no VPCs',
  'InvalidParameterValue.BaseNetWorkAccessDeny': 'there are no VPCs',
  'CloneInstances InvalidParameterValue.InvalidInstanceTypeId':
    'a clone has the type of its source; `ResourceUnavailable.NoRedisService` where no server has',
  'InvalidParameterValue.ReduceCapacityNotAllowed': 'only the server knows what it holds: the task says so',
  'InvalidParameterValue.ResourcePrefixInvalid': 'another prefix has no resources here, which is an empty list',
  'InvalidParameterValue.ServiceTypeInvalid': 'another service has no resources here, which is an empty list',
  'DescribeInstanceShards InvalidParameterValue.UnSupportedType': 'any instance is one shard, not those of cluster architecture alone',
  'InvalidParameterValue.UinInvalid': 'the account is that of the caller',
  'CloneInstances LimitExceeded.InvalidMemSize': 'a clone has the memory of its source',
  'UpgradeInstance LimitExceeded': 'no instance is added',
  'LimitExceeded.Quota': 'tags have no quota but the fifty of an instance',
  'LimitExceeded.ReachTheAmountLimit': '`LimitExceeded` says it, as for a new instance',
  'LimitExceeded.TagKey': 'tags have no quota but the fifty of an instance',
  'LimitExceeded.TagValue': 'tags have no quota but the fifty of an instance',
  ResourceNotFound: 'what is not there is not listed',
  'ResourceNotFound.AccountDoesNotExists': 'whoever calls has an account',
  'CreateInstances ResourceNotFound.InstanceNotExists': 'an order names no instance',
  'ResourceUnavailable.AccountBalanceNotEnough': 'nothing is paid',
  'ResourceUnavailable.InstanceConfError': 'a deal reads no configuration',
  'ResourceUnavailable.InstanceDeleted': 'the backups of an instance that is gone can be cloned',
  'DescribeInstanceParamRecords ResourceUnavailable.InstanceStatusError': 'the records of an instance can be read whatever its state is',
  'UpgradeInstance ResourceUnavailable.InstanceStatusError': '`ResourceUnavailable.InstanceStatusAbnormal` says it, whatever the state is',
  'ResourceUnavailable.InstanceUnLockedError': '`ResourceUnavailable.InstanceLockedError` says it',
  'ResourceUnavailable.NoEnoughVipInVPC': 'there are no VPCs',
  'CreateInstances ResourceUnavailable.NoRedisService':
    '`InvalidParameterValue.InvalidInstanceTypeId` says it, which Terraform does not repeat for minutes',
  'ResourceUnavailable.NoServiceAvailableForThisZoneId': 'a zone only names a place',
  'ResourceUnavailable.NoTypeIdRedisService':
    '`InvalidParameterValue.InvalidInstanceTypeId` says it, which Terraform does not repeat for minutes',
  'ResourceUnavailable.SaleOut': 'nothing is sold; `ResourceInsufficient` where the machine is full',
  UnauthorizedOperation: '`UnauthorizedOperation.NoCAMAuthed` says it',
  'UnauthorizedOperation.UserNotInWhiteList': 'there are no white lists',
  'DescribeInstanceBackups UnsupportedOperation': 'every instance has backups',
  'DescribeInstances UnsupportedOperation': 'every account may list',
  'DescribeResourceTagsByResourceIds UnsupportedOperation': 'every account may list',
  'DescribeZones UnsupportedOperation': 'redis is in every region',
  'UnsupportedOperation.ClusterInstanceAccessedDeny': 'a source in cluster mode is refused before it becomes an instance',
  'DescribeBackupUrl UnsupportedOperation.IsAutoRenewError': 'a download renews nothing',
  'UnsupportedOperation.LowVersion': 'every server can be given another limit',
  'UnsupportedOperation.OnlyClusterInstanceCanExportBackup': 'the backup of any instance can be downloaded',
};

/** What the pipeline answers before any action sees its input, so that no action declares it. */
export const GATEWAY_CODES: ReadonlySet<string> = new Set(['InvalidParameter', 'RequestLimitExceeded']);
