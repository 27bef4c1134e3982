import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as cam from 'tencentcloud-sdk-nodejs/tencentcloud/services/cam/v20190116/cam_models.js';
import type * as sdk from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_models.js';
import type * as region from 'tencentcloud-sdk-nodejs/tencentcloud/services/region/v20220627/region_models.js';
import type * as sts from 'tencentcloud-sdk-nodejs/tencentcloud/services/sts/v20180813/sts_models.js';
import type * as tag from 'tencentcloud-sdk-nodejs/tencentcloud/services/tag/v20180813/tag_models.js';
import type { Static } from 'typebox';
import type { CleanUpInstance } from './actions/CleanUpInstance.ts';
import type { ClearInstance } from './actions/ClearInstance.ts';
import type { CloneInstances } from './actions/CloneInstances.ts';
import type { CreateInstances } from './actions/CreateInstances.ts';
import type { AddUser } from './actions/cam/AddUser.ts';
import type { AttachUserPolicy } from './actions/cam/AttachUserPolicy.ts';
import type { AccessKeyDetail, CreateAccessKey } from './actions/cam/CreateAccessKey.ts';
import type { CreatePolicy } from './actions/cam/CreatePolicy.ts';
import type { DeleteAccessKey } from './actions/cam/DeleteAccessKey.ts';
import type { DeletePolicy } from './actions/cam/DeletePolicy.ts';
import type { DeleteUser } from './actions/cam/DeleteUser.ts';
import type { DetachUserPolicy } from './actions/cam/DetachUserPolicy.ts';
import type { GetPolicy } from './actions/cam/GetPolicy.ts';
import type { GetUser } from './actions/cam/GetUser.ts';
import type { AccessKey, ListAccessKeys } from './actions/cam/ListAccessKeys.ts';
import type { AttachedUserPolicy, ListAttachedUserAllPolicies } from './actions/cam/ListAttachedUserAllPolicies.ts';
import type { AttachPolicyInfo, ListAttachedUserPolicies } from './actions/cam/ListAttachedUserPolicies.ts';
import type { AttachEntityOfPolicy, ListEntitiesForPolicy } from './actions/cam/ListEntitiesForPolicy.ts';
import type { ListPolicies } from './actions/cam/ListPolicies.ts';
import type { ListUsers, SubAccountInfo } from './actions/cam/ListUsers.ts';
import type { UpdateAccessKey } from './actions/cam/UpdateAccessKey.ts';
import type { UpdatePolicy } from './actions/cam/UpdatePolicy.ts';
import type { UpdateUser } from './actions/cam/UpdateUser.ts';
import type { DescribeAutoBackupConfig } from './actions/DescribeAutoBackupConfig.ts';
import type { DescribeBackupDetail } from './actions/DescribeBackupDetail.ts';
import type { DescribeBackupDownloadRestriction } from './actions/DescribeBackupDownloadRestriction.ts';
import type { DescribeBackupUrl } from './actions/DescribeBackupUrl.ts';
import type { DescribeInstanceBackups } from './actions/DescribeInstanceBackups.ts';
import type { DescribeInstanceDealDetail, TradeDealDetail } from './actions/DescribeInstanceDealDetail.ts';
import type { DescribeInstanceNodeInfo, ProxyNodes, RedisNodes, TendisNodes } from './actions/DescribeInstanceNodeInfo.ts';
import type { DescribeInstanceParamRecords, InstanceParamHistory } from './actions/DescribeInstanceParamRecords.ts';
import type { DescribeInstanceShards, InstanceClusterShard } from './actions/DescribeInstanceShards.ts';
import type { DescribeInstances } from './actions/DescribeInstances.ts';
import type { DescribeInstanceZoneInfo, RedisNode, ReplicaGroup } from './actions/DescribeInstanceZoneInfo.ts';
import type { DescribeProductInfo, ProductConf, RegionConf, ZoneCapacityConf } from './actions/DescribeProductInfo.ts';
import type { CDCResource, DescribeRedisClusters, ResourceBundle } from './actions/DescribeRedisClusters.ts';
import type { DescribeTaskInfo } from './actions/DescribeTaskInfo.ts';
import type { DescribeTaskList, TaskInfoDetail } from './actions/DescribeTaskList.ts';
import type { DestroyPostpaidInstance } from './actions/DestroyPostpaidInstance.ts';
import type { ManualBackupInstance } from './actions/ManualBackupInstance.ts';
import type { ModifyAutoBackupConfig } from './actions/ModifyAutoBackupConfig.ts';
import type { ModifyBackupDownloadRestriction } from './actions/ModifyBackupDownloadRestriction.ts';
import type { ModifyInstance } from './actions/ModifyInstance.ts';
import type { ModifyNetworkConfig } from './actions/ModifyNetworkConfig.ts';
import type { ResetPassword } from './actions/ResetPassword.ts';
import type { RestoreInstance } from './actions/RestoreInstance.ts';
import type { DescribeRegions, RegionInfo } from './actions/region/DescribeRegions.ts';
import type { DescribeZones, ZoneInfo } from './actions/region/DescribeZones.ts';
import type { StartupInstance } from './actions/StartupInstance.ts';
import type { GetCallerIdentity } from './actions/sts/GetCallerIdentity.ts';
import type { Credentials, GetFederationToken } from './actions/sts/GetFederationToken.ts';
import type { DescribeResourceTagsByResourceIds, TagResource } from './actions/tag/DescribeResourceTagsByResourceIds.ts';
import type { ModifyResourceTags } from './actions/tag/ModifyResourceTags.ts';
import type { UpgradeInstance } from './actions/UpgradeInstance.ts';
import type { BackupLimitVpcItem } from './shapes/download-restriction.ts';
import type { InstanceSet } from './shapes/instance-set.ts';
import type { RedisBackupSet } from './shapes/redis-backup-set.ts';
import type { StrategyInfo, Tag } from './shapes/strategy-info.ts';

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

/** What its users can send we accept, and no member is missing. One failing part makes the whole `never`. */
type Request<Model, Action extends { input: Parameters<typeof staticOf>[0] }> = Assignable<Plain<Model>, In<Action>> &
  SameKeys<Model, In<Action>>;
/** What we answer its users can read, and no member is missing. */
type Response<Model, Action extends { output: Parameters<typeof staticOf>[0] }> = Assignable<Out<Action>, Model> &
  SameKeys<Model, Out<Action>>;

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
  describeAutoBackupRequest: true satisfies Request<sdk.DescribeAutoBackupConfigRequest, typeof DescribeAutoBackupConfig>,
  describeAutoBackupResponse: true satisfies Response<sdk.DescribeAutoBackupConfigResponse, typeof DescribeAutoBackupConfig>,
  modifyAutoBackupRequest: true satisfies Request<sdk.ModifyAutoBackupConfigRequest, typeof ModifyAutoBackupConfig>,
  modifyAutoBackupResponse: true satisfies Response<sdk.ModifyAutoBackupConfigResponse, typeof ModifyAutoBackupConfig>,
  taskRequest: true satisfies Assignable<Plain<sdk.DescribeTaskInfoRequest>, In<typeof DescribeTaskInfo>>,
  taskRequestKeys: true satisfies SameKeys<sdk.DescribeTaskInfoRequest, In<typeof DescribeTaskInfo>>,
  taskResponse: true satisfies Assignable<Out<typeof DescribeTaskInfo>, sdk.DescribeTaskInfoResponse>,
  taskResponseKeys: true satisfies SameKeys<sdk.DescribeTaskInfoResponse, Out<typeof DescribeTaskInfo>>,
  instancesRequest: true satisfies Assignable<Plain<sdk.DescribeInstancesRequest>, In<typeof DescribeInstances>>,
  instancesRequestKeys: true satisfies SameKeys<sdk.DescribeInstancesRequest, In<typeof DescribeInstances>>,
  instancesResponse: true satisfies Assignable<Out<typeof DescribeInstances>, sdk.DescribeInstancesResponse>,
  instancesResponseKeys: true satisfies SameKeys<sdk.DescribeInstancesResponse, Out<typeof DescribeInstances>>,
  instanceKeys: true satisfies SameKeys<sdk.InstanceSet, Static<typeof InstanceSet>>,
  backupUrlRequest: true satisfies Request<sdk.DescribeBackupUrlRequest, typeof DescribeBackupUrl>,
  backupUrlResponse: true satisfies Response<sdk.DescribeBackupUrlResponse, typeof DescribeBackupUrl>,
  backupDownloadInfoKeys: true satisfies SameKeys<sdk.BackupDownloadInfo, Out<typeof DescribeBackupUrl>['BackupInfos'][number]>,
  backupDetailRequest: true satisfies Request<sdk.DescribeBackupDetailRequest, typeof DescribeBackupDetail>,
  backupDetailResponse: true satisfies Response<sdk.DescribeBackupDetailResponse, typeof DescribeBackupDetail>,
  restrictionResponse: true satisfies Response<sdk.DescribeBackupDownloadRestrictionResponse, typeof DescribeBackupDownloadRestriction>,
  modifyRestrictionRequest: true satisfies Request<sdk.ModifyBackupDownloadRestrictionRequest, typeof ModifyBackupDownloadRestriction>,
  modifyRestrictionResponse: true satisfies Response<sdk.ModifyBackupDownloadRestrictionResponse, typeof ModifyBackupDownloadRestriction>,
  limitVpcItemKeys: true satisfies SameKeys<sdk.BackupLimitVpcItem, Static<typeof BackupLimitVpcItem>>,
  cleanUpInstanceRequest: true satisfies Request<sdk.CleanUpInstanceRequest, typeof CleanUpInstance>,
  cleanUpInstanceResponse: true satisfies Response<sdk.CleanUpInstanceResponse, typeof CleanUpInstance>,
  clearInstanceRequest: true satisfies Request<sdk.ClearInstanceRequest, typeof ClearInstance>,
  clearInstanceResponse: true satisfies Response<sdk.ClearInstanceResponse, typeof ClearInstance>,
  createInstancesRequest: true satisfies Request<sdk.CreateInstancesRequest, typeof CreateInstances>,
  createInstancesResponse: true satisfies Response<sdk.CreateInstancesResponse, typeof CreateInstances>,
  describeInstanceDealDetailRequest: true satisfies Request<sdk.DescribeInstanceDealDetailRequest, typeof DescribeInstanceDealDetail>,
  describeInstanceDealDetailResponse: true satisfies Response<sdk.DescribeInstanceDealDetailResponse, typeof DescribeInstanceDealDetail>,
  describeTaskListRequest: true satisfies Request<sdk.DescribeTaskListRequest, typeof DescribeTaskList>,
  describeTaskListResponse: true satisfies Response<sdk.DescribeTaskListResponse, typeof DescribeTaskList>,
  destroyPostpaidInstanceRequest: true satisfies Request<sdk.DestroyPostpaidInstanceRequest, typeof DestroyPostpaidInstance>,
  destroyPostpaidInstanceResponse: true satisfies Response<sdk.DestroyPostpaidInstanceResponse, typeof DestroyPostpaidInstance>,
  modifyInstanceRequest: true satisfies Request<sdk.ModifyInstanceRequest, typeof ModifyInstance>,
  modifyInstanceResponse: true satisfies Response<sdk.ModifyInstanceResponse, typeof ModifyInstance>,
  upgradeInstanceRequest: true satisfies Request<sdk.UpgradeInstanceRequest, typeof UpgradeInstance>,
  upgradeInstanceResponse: true satisfies Response<sdk.UpgradeInstanceResponse, typeof UpgradeInstance>,
  modifyNetworkConfigRequest: true satisfies Request<sdk.ModifyNetworkConfigRequest, typeof ModifyNetworkConfig>,
  modifyNetworkConfigResponse: true satisfies Response<sdk.ModifyNetworkConfigResponse, typeof ModifyNetworkConfig>,
  resetPasswordRequest: true satisfies Request<sdk.ResetPasswordRequest, typeof ResetPassword>,
  resetPasswordResponse: true satisfies Response<sdk.ResetPasswordResponse, typeof ResetPassword>,
  startupInstanceRequest: true satisfies Request<sdk.StartupInstanceRequest, typeof StartupInstance>,
  startupInstanceResponse: true satisfies Response<sdk.StartupInstanceResponse, typeof StartupInstance>,
  describeProductInfoResponse: true satisfies Response<sdk.DescribeProductInfoResponse, typeof DescribeProductInfo>,
  describeRegionsRequest: true satisfies Request<region.DescribeRegionsRequest, typeof DescribeRegions>,
  describeRegionsResponse: true satisfies Response<region.DescribeRegionsResponse, typeof DescribeRegions>,
  describeZonesRequest: true satisfies Request<region.DescribeZonesRequest, typeof DescribeZones>,
  describeZonesResponse: true satisfies Response<region.DescribeZonesResponse, typeof DescribeZones>,
  describeResourceTagsByResourceIdsRequest: true satisfies Request<
    tag.DescribeResourceTagsByResourceIdsRequest,
    typeof DescribeResourceTagsByResourceIds
  >,
  describeResourceTagsByResourceIdsResponse: true satisfies Response<
    tag.DescribeResourceTagsByResourceIdsResponse,
    typeof DescribeResourceTagsByResourceIds
  >,
  modifyResourceTagsRequest: true satisfies Request<tag.ModifyResourceTagsRequest, typeof ModifyResourceTags>,
  modifyResourceTagsResponse: true satisfies Response<tag.ModifyResourceTagsResponse, typeof ModifyResourceTags>,
  tradeDealDetailKeys: true satisfies SameKeys<sdk.TradeDealDetail, Static<typeof TradeDealDetail>>,
  productConfKeys: true satisfies SameKeys<sdk.ProductConf, Static<typeof ProductConf>>,
  regionConfKeys: true satisfies SameKeys<sdk.RegionConf, Static<typeof RegionConf>>,
  zoneCapacityConfKeys: true satisfies SameKeys<sdk.ZoneCapacityConf, Static<typeof ZoneCapacityConf>>,
  taskInfoDetailKeys: true satisfies SameKeys<sdk.TaskInfoDetail, Static<typeof TaskInfoDetail>>,
  describeInstanceParamRecordsRequest: true satisfies Request<sdk.DescribeInstanceParamRecordsRequest, typeof DescribeInstanceParamRecords>,
  describeInstanceParamRecordsResponse: true satisfies Response<
    sdk.DescribeInstanceParamRecordsResponse,
    typeof DescribeInstanceParamRecords
  >,
  describeInstanceShardsRequest: true satisfies Request<sdk.DescribeInstanceShardsRequest, typeof DescribeInstanceShards>,
  describeInstanceShardsResponse: true satisfies Response<sdk.DescribeInstanceShardsResponse, typeof DescribeInstanceShards>,
  describeInstanceZoneInfoRequest: true satisfies Request<sdk.DescribeInstanceZoneInfoRequest, typeof DescribeInstanceZoneInfo>,
  describeInstanceZoneInfoResponse: true satisfies Response<sdk.DescribeInstanceZoneInfoResponse, typeof DescribeInstanceZoneInfo>,
  describeInstanceNodeInfoRequest: true satisfies Request<sdk.DescribeInstanceNodeInfoRequest, typeof DescribeInstanceNodeInfo>,
  describeInstanceNodeInfoResponse: true satisfies Response<sdk.DescribeInstanceNodeInfoResponse, typeof DescribeInstanceNodeInfo>,
  describeRedisClustersRequest: true satisfies Request<sdk.DescribeRedisClustersRequest, typeof DescribeRedisClusters>,
  describeRedisClustersResponse: true satisfies Response<sdk.DescribeRedisClustersResponse, typeof DescribeRedisClusters>,
  instanceParamHistoryKeys: true satisfies SameKeys<sdk.InstanceParamHistory, Static<typeof InstanceParamHistory>>,
  instanceClusterShardKeys: true satisfies SameKeys<sdk.InstanceClusterShard, Static<typeof InstanceClusterShard>>,
  replicaGroupKeys: true satisfies SameKeys<sdk.ReplicaGroup, Static<typeof ReplicaGroup>>,
  redisNodeKeys: true satisfies SameKeys<sdk.RedisNode, Static<typeof RedisNode>>,
  proxyNodesKeys: true satisfies SameKeys<sdk.ProxyNodes, Static<typeof ProxyNodes>>,
  redisNodesKeys: true satisfies SameKeys<sdk.RedisNodes, Static<typeof RedisNodes>>,
  tendisNodesKeys: true satisfies SameKeys<sdk.TendisNodes, Static<typeof TendisNodes>>,
  cdcResourceKeys: true satisfies SameKeys<sdk.CDCResource, Static<typeof CDCResource>>,
  resourceBundleKeys: true satisfies SameKeys<sdk.ResourceBundle, Static<typeof ResourceBundle>>,
  regionInfoKeys: true satisfies SameKeys<region.RegionInfo, Static<typeof RegionInfo>>,
  zoneInfoKeys: true satisfies SameKeys<region.ZoneInfo, Static<typeof ZoneInfo>>,
  tagResourceKeys: true satisfies SameKeys<tag.TagResource, Static<typeof TagResource>>,
  cloneRequest: true satisfies Request<sdk.CloneInstancesRequest, typeof CloneInstances>,
  cloneResponse: true satisfies Response<sdk.CloneInstancesResponse, typeof CloneInstances>,
  restoreRequest: true satisfies Request<sdk.RestoreInstanceRequest, typeof RestoreInstance>,
  restoreResponse: true satisfies Response<sdk.RestoreInstanceResponse, typeof RestoreInstance>,
  addUserRequest: true satisfies Request<cam.AddUserRequest, typeof AddUser>,
  addUserResponse: true satisfies Response<cam.AddUserResponse, typeof AddUser>,
  attachUserPolicyRequest: true satisfies Request<cam.AttachUserPolicyRequest, typeof AttachUserPolicy>,
  attachUserPolicyResponse: true satisfies Response<cam.AttachUserPolicyResponse, typeof AttachUserPolicy>,
  createAccessKeyRequest: true satisfies Request<cam.CreateAccessKeyRequest, typeof CreateAccessKey>,
  createAccessKeyResponse: true satisfies Response<cam.CreateAccessKeyResponse, typeof CreateAccessKey>,
  createPolicyRequest: true satisfies Request<cam.CreatePolicyRequest, typeof CreatePolicy>,
  createPolicyResponse: true satisfies Response<cam.CreatePolicyResponse, typeof CreatePolicy>,
  deleteAccessKeyRequest: true satisfies Request<cam.DeleteAccessKeyRequest, typeof DeleteAccessKey>,
  deleteAccessKeyResponse: true satisfies Response<cam.DeleteAccessKeyResponse, typeof DeleteAccessKey>,
  deletePolicyRequest: true satisfies Request<cam.DeletePolicyRequest, typeof DeletePolicy>,
  deletePolicyResponse: true satisfies Response<cam.DeletePolicyResponse, typeof DeletePolicy>,
  deleteUserRequest: true satisfies Request<cam.DeleteUserRequest, typeof DeleteUser>,
  deleteUserResponse: true satisfies Response<cam.DeleteUserResponse, typeof DeleteUser>,
  detachUserPolicyRequest: true satisfies Request<cam.DetachUserPolicyRequest, typeof DetachUserPolicy>,
  detachUserPolicyResponse: true satisfies Response<cam.DetachUserPolicyResponse, typeof DetachUserPolicy>,
  getPolicyRequest: true satisfies Request<cam.GetPolicyRequest, typeof GetPolicy>,
  getPolicyResponse: true satisfies Response<cam.GetPolicyResponse, typeof GetPolicy>,
  getUserRequest: true satisfies Request<cam.GetUserRequest, typeof GetUser>,
  getUserResponse: true satisfies Response<cam.GetUserResponse, typeof GetUser>,
  listAccessKeysRequest: true satisfies Request<cam.ListAccessKeysRequest, typeof ListAccessKeys>,
  listAccessKeysResponse: true satisfies Response<cam.ListAccessKeysResponse, typeof ListAccessKeys>,
  listAttachedUserAllPoliciesRequest: true satisfies Request<cam.ListAttachedUserAllPoliciesRequest, typeof ListAttachedUserAllPolicies>,
  listAttachedUserAllPoliciesResponse: true satisfies Response<cam.ListAttachedUserAllPoliciesResponse, typeof ListAttachedUserAllPolicies>,
  listAttachedUserPoliciesRequest: true satisfies Request<cam.ListAttachedUserPoliciesRequest, typeof ListAttachedUserPolicies>,
  listAttachedUserPoliciesResponse: true satisfies Response<cam.ListAttachedUserPoliciesResponse, typeof ListAttachedUserPolicies>,
  listEntitiesForPolicyRequest: true satisfies Request<cam.ListEntitiesForPolicyRequest, typeof ListEntitiesForPolicy>,
  listEntitiesForPolicyResponse: true satisfies Response<cam.ListEntitiesForPolicyResponse, typeof ListEntitiesForPolicy>,
  listPoliciesRequest: true satisfies Request<cam.ListPoliciesRequest, typeof ListPolicies>,
  listPoliciesResponse: true satisfies Response<cam.ListPoliciesResponse, typeof ListPolicies>,
  listUsersResponse: true satisfies Response<cam.ListUsersResponse, typeof ListUsers>,
  updateAccessKeyRequest: true satisfies Request<cam.UpdateAccessKeyRequest, typeof UpdateAccessKey>,
  updateAccessKeyResponse: true satisfies Response<cam.UpdateAccessKeyResponse, typeof UpdateAccessKey>,
  updatePolicyRequest: true satisfies Request<cam.UpdatePolicyRequest, typeof UpdatePolicy>,
  updatePolicyResponse: true satisfies Response<cam.UpdatePolicyResponse, typeof UpdatePolicy>,
  updateUserRequest: true satisfies Request<cam.UpdateUserRequest, typeof UpdateUser>,
  updateUserResponse: true satisfies Response<cam.UpdateUserResponse, typeof UpdateUser>,
  getCallerIdentityResponse: true satisfies Response<sts.GetCallerIdentityResponse, typeof GetCallerIdentity>,
  getFederationTokenRequest: true satisfies Request<sts.GetFederationTokenRequest, typeof GetFederationToken>,
  getFederationTokenResponse: true satisfies Response<sts.GetFederationTokenResponse, typeof GetFederationToken>,
  accessKeyDetailKeys: true satisfies SameKeys<cam.AccessKeyDetail, Static<typeof AccessKeyDetail>>,
  accessKeyKeys: true satisfies SameKeys<cam.AccessKey, Static<typeof AccessKey>>,
  attachedUserPolicyKeys: true satisfies SameKeys<cam.AttachedUserPolicy, Static<typeof AttachedUserPolicy>>,
  attachPolicyInfoKeys: true satisfies SameKeys<cam.AttachPolicyInfo, Static<typeof AttachPolicyInfo>>,
  attachEntityOfPolicyKeys: true satisfies SameKeys<cam.AttachEntityOfPolicy, Static<typeof AttachEntityOfPolicy>>,
  subAccountInfoKeys: true satisfies SameKeys<cam.SubAccountInfo, Static<typeof SubAccountInfo>>,
  strategyInfoKeys: true satisfies SameKeys<cam.StrategyInfo, Static<typeof StrategyInfo>>,
  tagKeys: true satisfies SameKeys<cam.Tag, Static<typeof Tag>>,
  credentialsKeys: true satisfies SameKeys<sts.Credentials, Static<typeof Credentials>>,
};

test('the compiler has accepted every pair of models', () => {
  assert.equal(Object.values(checks).length, 142);
});
