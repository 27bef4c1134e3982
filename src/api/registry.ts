import type { AnyAction } from './action.ts';
import { AttachInstance } from './actions/AttachInstance.ts';
import { CleanUpInstance } from './actions/CleanUpInstance.ts';
import { ClearInstance } from './actions/ClearInstance.ts';
import { CloneInstances } from './actions/CloneInstances.ts';
import { ConfirmClock } from './actions/ConfirmClock.ts';
import { CreateInstances } from './actions/CreateInstances.ts';
import { AddUser } from './actions/cam/AddUser.ts';
import { AttachUserPolicy } from './actions/cam/AttachUserPolicy.ts';
import { CreateAccessKey } from './actions/cam/CreateAccessKey.ts';
import { CreatePolicy } from './actions/cam/CreatePolicy.ts';
import { DeleteAccessKey } from './actions/cam/DeleteAccessKey.ts';
import { DeletePolicy } from './actions/cam/DeletePolicy.ts';
import { DeleteUser } from './actions/cam/DeleteUser.ts';
import { DetachUserPolicy } from './actions/cam/DetachUserPolicy.ts';
import { GetPolicy } from './actions/cam/GetPolicy.ts';
import { GetUser } from './actions/cam/GetUser.ts';
import { ListAccessKeys } from './actions/cam/ListAccessKeys.ts';
import { ListAttachedUserAllPolicies } from './actions/cam/ListAttachedUserAllPolicies.ts';
import { ListAttachedUserPolicies } from './actions/cam/ListAttachedUserPolicies.ts';
import { ListEntitiesForPolicy } from './actions/cam/ListEntitiesForPolicy.ts';
import { ListPolicies } from './actions/cam/ListPolicies.ts';
import { ListUsers } from './actions/cam/ListUsers.ts';
import { UpdateAccessKey } from './actions/cam/UpdateAccessKey.ts';
import { UpdatePolicy } from './actions/cam/UpdatePolicy.ts';
import { UpdateUser } from './actions/cam/UpdateUser.ts';
import { DeleteBackup } from './actions/DeleteBackup.ts';
import { DescribeAutoBackupConfig } from './actions/DescribeAutoBackupConfig.ts';
import { DescribeBackup } from './actions/DescribeBackup.ts';
import { DescribeBackupDetail } from './actions/DescribeBackupDetail.ts';
import { DescribeBackupDownloadRestriction } from './actions/DescribeBackupDownloadRestriction.ts';
import { DescribeBackupProofs } from './actions/DescribeBackupProofs.ts';
import { DescribeBackupUrl } from './actions/DescribeBackupUrl.ts';
import { DescribeEvents } from './actions/DescribeEvents.ts';
import { DescribeInstanceBackups } from './actions/DescribeInstanceBackups.ts';
import { DescribeInstanceDealDetail } from './actions/DescribeInstanceDealDetail.ts';
import { DescribeInstanceNodeInfo } from './actions/DescribeInstanceNodeInfo.ts';
import { DescribeInstanceParamRecords } from './actions/DescribeInstanceParamRecords.ts';
import { DescribeInstanceShards } from './actions/DescribeInstanceShards.ts';
import { DescribeInstances } from './actions/DescribeInstances.ts';
import { DescribeInstanceZoneInfo } from './actions/DescribeInstanceZoneInfo.ts';
import { DescribeProductInfo } from './actions/DescribeProductInfo.ts';
import { DescribeRedisClusters } from './actions/DescribeRedisClusters.ts';
import { DescribeRestore } from './actions/DescribeRestore.ts';
import { DescribeTaskInfo } from './actions/DescribeTaskInfo.ts';
import { DescribeTaskList } from './actions/DescribeTaskList.ts';
import { DestroyPostpaidInstance } from './actions/DestroyPostpaidInstance.ts';
import { DetachInstance } from './actions/DetachInstance.ts';
import { LockBackup } from './actions/LockBackup.ts';
import { ManualBackupInstance } from './actions/ManualBackupInstance.ts';
import { ModifyAutoBackupConfig } from './actions/ModifyAutoBackupConfig.ts';
import { ModifyBackupDownloadRestriction } from './actions/ModifyBackupDownloadRestriction.ts';
import { ModifyInstance } from './actions/ModifyInstance.ts';
import { ModifyNetworkConfig } from './actions/ModifyNetworkConfig.ts';
import { ResetPassword } from './actions/ResetPassword.ts';
import { RestoreBackup } from './actions/RestoreBackup.ts';
import { RestoreInstance } from './actions/RestoreInstance.ts';
import { ResumeExpiry } from './actions/ResumeExpiry.ts';
import { DescribeRegions } from './actions/region/DescribeRegions.ts';
import { DescribeZones } from './actions/region/DescribeZones.ts';
import { SimulatePolicy } from './actions/SimulatePolicy.ts';
import { StartupInstance } from './actions/StartupInstance.ts';
import { StopAutoBackup } from './actions/StopAutoBackup.ts';
import { GetCallerIdentity } from './actions/sts/GetCallerIdentity.ts';
import { GetFederationToken } from './actions/sts/GetFederationToken.ts';
import { DescribeResourceTagsByResourceIds } from './actions/tag/DescribeResourceTagsByResourceIds.ts';
import { ModifyResourceTags } from './actions/tag/ModifyResourceTags.ts';
import { UnlockBackup } from './actions/UnlockBackup.ts';
import { UpgradeInstance } from './actions/UpgradeInstance.ts';
import { VerifyBackup } from './actions/VerifyBackup.ts';

/** Every action that is served. An action that is not in this list does not exist. */
export const actions: readonly AnyAction[] = [
  DescribeInstanceBackups,
  DescribeInstances,
  DescribeTaskInfo,
  ManualBackupInstance,
  DescribeBackupDetail,
  DescribeBackupUrl,
  DescribeBackupDownloadRestriction,
  ModifyBackupDownloadRestriction,
  DescribeAutoBackupConfig,
  ModifyAutoBackupConfig,
  RestoreInstance,
  CloneInstances,
  CreateInstances,
  DestroyPostpaidInstance,
  StartupInstance,
  CleanUpInstance,
  ClearInstance,
  ModifyInstance,
  UpgradeInstance,
  ModifyNetworkConfig,
  ResetPassword,
  DescribeTaskList,
  DescribeInstanceDealDetail,
  DescribeProductInfo,
  DescribeInstanceParamRecords,
  DescribeInstanceShards,
  DescribeInstanceZoneInfo,
  DescribeInstanceNodeInfo,
  DescribeRedisClusters,
  DescribeRegions,
  DescribeZones,
  DescribeResourceTagsByResourceIds,
  ModifyResourceTags,
  AttachInstance,
  DetachInstance,
  DescribeBackup,
  DescribeBackupProofs,
  DescribeEvents,
  LockBackup,
  UnlockBackup,
  DeleteBackup,
  StopAutoBackup,
  VerifyBackup,
  RestoreBackup,
  DescribeRestore,
  ResumeExpiry,
  ConfirmClock,
  SimulatePolicy,
  AddUser,
  AttachUserPolicy,
  CreateAccessKey,
  CreatePolicy,
  DeleteAccessKey,
  DeletePolicy,
  DeleteUser,
  DetachUserPolicy,
  GetPolicy,
  GetUser,
  ListAccessKeys,
  ListAttachedUserAllPolicies,
  ListAttachedUserPolicies,
  ListEntitiesForPolicy,
  ListPolicies,
  ListUsers,
  UpdateAccessKey,
  UpdatePolicy,
  UpdateUser,
  GetCallerIdentity,
  GetFederationToken,
];
