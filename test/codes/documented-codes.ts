/**
 * The codes that the vendor documents for the official actions that are served, beside those of its gateway. Source: the comments of the
 * official Go SDK's clients, redis v1.3.166, region 2022-06-27 and tag 2018-08-13; for DescribeInstanceBackups also the vendor's page of 2019,
 * whose six codes are among these.
 */
export const DOCUMENTED_CODES: Readonly<Record<string, readonly string[]>> = parse(`
  DescribeInstanceBackups FailedOperation.SystemError InternalError.{DbOperationFailed,InternalError}
    InvalidParameter.{InvalidParameter,PermissionDenied} ResourceNotFound.InstanceNotExists UnauthorizedOperation.NoCAMAuthed UnsupportedOperation
  ManualBackupInstance FailedOperation.{CommitFlowError,SystemError} InternalError.InternalError InvalidParameter.{InvalidParameter,PermissionDenied}
    ResourceNotFound.InstanceNotExists ResourceUnavailable.{InstanceLockedError,InstanceStateError,InstanceStatusAbnormal}
    UnauthorizedOperation.NoCAMAuthed
  DescribeBackupUrl FailedOperation.SystemError InternalError.{DbOperationFailed,InternalError} InvalidParameter.{InvalidParameter,PermissionDenied}
    InvalidParameterValue.BackupNotExists ResourceNotFound.InstanceNotExists ResourceUnavailable.BackupStatusInvalid
    UnauthorizedOperation.{NoCAMAuthed,UserNotInWhiteList}
    UnsupportedOperation.{ClusterInstanceAccessedDeny,IsAutoRenewError,OnlyClusterInstanceCanExportBackup}
  DescribeBackupDetail FailedOperation.SystemError InternalError.{DbOperationFailed,InternalError} InvalidParameter.PermissionDenied
    InvalidParameterValue.BackupNotExists ResourceNotFound.InstanceNotExists UnauthorizedOperation.NoCAMAuthed
  DescribeAutoBackupConfig FailedOperation.SystemError InternalError.InternalError InvalidParameter.{InvalidParameter,PermissionDenied}
    ResourceNotFound.InstanceNotExists UnauthorizedOperation.NoCAMAuthed
  ModifyAutoBackupConfig FailedOperation.Unknown InternalError.InternalError InvalidParameter.{InvalidParameter,NotSupported,Period,PermissionDenied}
    InvalidParameterValue.WeekDaysIsInvalid ResourceNotFound.InstanceNotExists UnauthorizedOperation.NoCAMAuthed
  RestoreInstance FailedOperation.SystemError InternalError.InternalError InvalidParameter.{InvalidParameter,PermissionDenied}
    InvalidParameterValue.{BackupNotExists,PasswordError} ResourceNotFound.InstanceNotExists
    ResourceUnavailable.{BackupLockedError,BackupSpecError,BackupStatusAbnormal,InstanceLockedError,InstanceStateError,InstanceStatusAbnormal}
    UnauthorizedOperation.NoCAMAuthed
  CloneInstances FailedOperation.{PayFailed,SystemError,Unknown} InternalError.InternalError
    InvalidParameter.{EmptyParam,OnlyVPCOnSpecZoneId,PermissionDenied}
    InvalidParameterValue.{BaseNetWorkAccessDeny,CheckNotPass,InvalidInstanceTypeId,InvalidSubnetId,PasswordEmpty,PasswordFreeDenied}
    InvalidParameterValue.{PasswordRuleError,SecurityGroupIdsNotExists,UnVpcIdNotExists} LimitExceeded
    LimitExceeded.{InvalidMemSize,InvalidParameterGoodsNumNotInRange,PeriodLessThanMinLimit,ReachTheAmountLimit} ResourceInsufficient
    ResourceNotFound.{AccountDoesNotExists,InstanceNotExists}
    ResourceUnavailable.{InstanceDeleted,NoEnoughVipInVPC,NoRedisService,NoServiceAvailableForThisZoneId,SaleOut}
    UnauthorizedOperation.{NoCAMAuthed,UserNotInWhiteList} UnsupportedOperation
  DescribeBackupDownloadRestriction FailedOperation.SystemError InternalError.{DbOperationFailed,InternalError} InvalidParameter.PermissionDenied
    UnauthorizedOperation.NoCAMAuthed
  ModifyBackupDownloadRestriction FailedOperation.SystemError InternalError.DbOperationFailed InvalidParameter.{InvalidParameter,PermissionDenied}
    UnauthorizedOperation.NoCAMAuthed
  DescribeTaskInfo FailedOperation.SystemError InvalidParameter.{InvalidParameter,PermissionDenied}
  DescribeTaskList FailedOperation.SystemError InternalError.{DbOperationFailed,InternalError} InvalidParameter.PermissionDenied
  DescribeInstances FailedOperation.{SystemError,Unknown} InternalError.DbOperationFailed InvalidParameter
    InvalidParameter.{EmptyParam,InvalidParameter,PermissionDenied} UnauthorizedOperation.NoCAMAuthed UnsupportedOperation
  CreateInstances FailedOperation.{PayFailed,SystemError,Unknown} InternalError.InternalError
    InvalidParameter.{EmptyParam,OnlyVPCOnSpecZoneId,PermissionDenied}
    InvalidParameterValue.{BaseNetWorkAccessDeny,InvalidInstanceTypeId,InvalidSubnetId,PasswordEmpty,PasswordFreeDenied,PasswordRuleError}
    InvalidParameterValue.{SecurityGroupIdsNotExists,SpecNotExist,UnVpcIdNotExists} LimitExceeded
    LimitExceeded.{InvalidMemSize,InvalidParameterGoodsNumNotInRange,PeriodExceedMaxLimit,PeriodLessThanMinLimit} ResourceInsufficient
    ResourceNotFound.{AccountDoesNotExists,InstanceNotExists}
    ResourceUnavailable.{InstanceDeleted,NoEnoughVipInVPC,NoRedisService,NoTypeIdRedisService,SaleOut}
    UnauthorizedOperation.{NoCAMAuthed,UserNotInWhiteList} UnsupportedOperation
  ModifyInstance FailedOperation.SystemError InvalidParameter.PermissionDenied UnauthorizedOperation
    UnauthorizedOperation.{NoCAMAuthed,UserNotInWhiteList}
    UnsupportedOperation.{ClusterInstanceAccessedDeny,IsAutoRenewError,OnlyClusterInstanceCanExportBackup}
  ClearInstance FailedOperation.SystemError InvalidParameter.{InvalidParameter,PermissionDenied}
    InvalidParameterValue.{PasswordEmpty,PasswordError} UnauthorizedOperation.NoCAMAuthed
  DestroyPostpaidInstance FailedOperation.SystemError InternalError.{DbOperationFailed,InternalError} InvalidParameter
    InvalidParameter.PermissionDenied InvalidParameterValue.UnSupportedType ResourceNotFound.InstanceNotExists
    ResourceUnavailable.InstanceStatusError UnauthorizedOperation UnauthorizedOperation.{NoCAMAuthed,UserNotInWhiteList}
  CleanUpInstance FailedOperation.SystemError InternalError.InternalError InvalidParameter.{EmptyParam,PermissionDenied}
    ResourceUnavailable.InstanceStatusAbnormal
  StartupInstance FailedOperation.{PayFailed,SystemError,UnSupportError,Unknown} InternalError.InternalError
    InvalidParameter.{EmptyParam,PermissionDenied} ResourceNotFound.InstanceNotExists
    ResourceUnavailable.{InstanceLockedError,InstanceStatusAbnormal}
  UpgradeInstance FailedOperation.{PayFailed,SystemError,Unknown} InvalidParameter.{InvalidParameter,PermissionDenied}
    InvalidParameterValue.{MemSizeNotInRange,ReduceCapacityNotAllowed,SpecNotExist,UnSupportedType} LimitExceeded LimitExceeded.InvalidMemSize
    ResourceInsufficient ResourceNotFound.InstanceNotExists
    ResourceUnavailable.{AccountBalanceNotEnough,InstanceStatusAbnormal,InstanceStatusError,SaleOut} UnauthorizedOperation.NoCAMAuthed
    UnsupportedOperation.LowVersion
  ModifyNetworkConfig FailedOperation.{SystemError,Unknown} InternalError.{DbOperationFailed,InternalError}
    InvalidParameter.{NotSupported,PermissionDenied} InvalidParameterValue.CheckNotPass ResourceNotFound.InstanceNotExists
    ResourceUnavailable.{InstanceLockedError,InstanceStatusError,InstanceUnLockedError} UnauthorizedOperation.{NoCAMAuthed,UserNotInWhiteList}
  ResetPassword FailedOperation.{SystemError,UnSupportError,Unknown} InternalError.DbOperationFailed InvalidParameter
    InvalidParameter.PermissionDenied InvalidParameterValue.{PasswordFreeDenied,PasswordRuleError} ResourceUnavailable.InstanceStatusAbnormal
    UnauthorizedOperation.NoCAMAuthed
  DescribeInstanceDealDetail FailedOperation.SystemError InvalidParameter.PermissionDenied ResourceUnavailable.InstanceConfError
  DescribeProductInfo FailedOperation.SystemError InternalError.InternalError InvalidParameter InvalidParameter.{EmptyParam,PermissionDenied}
  DescribeInstanceParamRecords FailedOperation.SystemError InternalError.{DbOperationFailed,InternalError} InvalidParameter.PermissionDenied
    ResourceNotFound.InstanceNotExists ResourceUnavailable.InstanceStatusError UnauthorizedOperation.{NoCAMAuthed,UserNotInWhiteList}
    UnsupportedOperation.ClusterInstanceAccessedDeny
  DescribeInstanceShards FailedOperation.SystemError InvalidParameter.PermissionDenied InvalidParameterValue.UnSupportedType
  DescribeInstanceZoneInfo FailedOperation.{SystemError,UnSupportError,Unknown} InternalError.DbOperationFailed InvalidParameter
    InvalidParameter.{EmptyParam,InvalidParameter,PermissionDenied} UnauthorizedOperation.NoCAMAuthed
  DescribeInstanceNodeInfo FailedOperation.{SystemError,UnSupportError} InternalError.InternalError InvalidParameter.PermissionDenied
    ResourceNotFound.InstanceNotExists
  DescribeRedisClusters InternalError InvalidParameter ResourceNotFound
  DescribeRegions InvalidParameter RequestLimitExceeded
  DescribeZones InvalidParameter UnsupportedOperation
  DescribeResourceTagsByResourceIds FailedOperation
    InvalidParameterValue.{RegionInvalid,ResourceIdInvalid,ResourcePrefixInvalid,ServiceTypeInvalid,UinInvalid} UnsupportedOperation
  ModifyResourceTags FailedOperation InvalidParameter.{ReservedTagKey,Tag}
    InvalidParameterValue.{DeleteTagsParamError,ResourceDescriptionError,TagKeyCharacterIllegal,TagKeyEmpty,TagKeyLengthExceeded}
    InvalidParameterValue.{TagValueCharacterIllegal,TagValueLengthExceeded} LimitExceeded.{Quota,ResourceAttachedTags,TagKey,TagValue}
`);

/** Words of four spaces of indent go on with the action above; `A.{B,C}` is A.B and A.C. */
function parse(text: string): Record<string, readonly string[]> {
  const actions = text
    .trim()
    .split(/\n {2}(?! )/)
    .map((entry) => entry.trim().split(/\s+/));
  return Object.fromEntries(actions.map(([action = '', ...words]) => [action, words.flatMap(expand)]));
}

function expand(word: string): string[] {
  const [prefix = '', list] = word.split('{');
  return list === undefined
    ? [word]
    : list
        .slice(0, -1)
        .split(',')
        .map((name) => prefix + name);
}
