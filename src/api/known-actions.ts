import { camActions } from './known-cam-actions.ts';

/** An official product and the actions that exist in its version, each with what it does. Source: the official Node SDK's clients. */
export interface KnownProduct {
  readonly product: string;
  readonly version: string;
  readonly actions: Readonly<Record<string, string>>;
  /** Actions that are called without a key, with `Authorization: SKIP` or none at all (the vendor's STS pages). */
  readonly unsigned: readonly string[];
}

const redis: KnownProduct = {
  product: 'redis',
  version: '2018-04-12',
  unsigned: [],
  actions: {
    // backups
    CloneInstances: 'create instances out of a backup',
    DescribeAutoBackupConfig: 'read the schedule of automatic backups',
    DescribeBackupDetail: 'one backup with the size of its instance',
    DescribeBackupDownloadRestriction: 'read from where backups may be downloaded',
    DescribeBackupUrl: 'links to the files of a backup',
    DescribeInstanceBackups: 'list backups',
    DescribeSecondLevelBackupInfo: 'which seconds can be restored',
    ManualBackupInstance: 'start a backup',
    ModifyAutoBackupConfig: 'set the schedule of automatic backups',
    ModifyBackupDownloadRestriction: 'set from where backups may be downloaded',
    ModifyInstanceBackupMode: 'switch between second-level and ordinary backups',
    RestoreInstance: 'overwrite an instance with a backup',

    // life of an instance
    CleanUpInstance: 'empty one place of the recycle bin',
    ClearInstance: 'remove all keys',
    CreateInstances: 'buy instances',
    DescribeCommonDBInstances: 'list instances, old form',
    DescribeInstanceDTSInfo: 'state of a data transfer',
    DescribeInstanceEvents: 'planned maintenance of instances',
    DescribeInstanceNodeInfo: 'proxies and nodes',
    DescribeInstanceShards: 'shards of a cluster',
    DescribeInstanceSupportFeature: 'whether an instance has a feature',
    DescribeInstanceZoneInfo: 'replica groups by zone',
    DescribeInstances: 'list instances',
    DescribeMaintenanceWindow: 'read the hours for maintenance',
    DestroyPostpaidInstance: 'give a pay-as-you-go instance back',
    DestroyPrepaidInstance: 'give a prepaid instance back',
    ModifyInstance: 'rename, move between projects, renewal, protection',
    ModifyInstanceAvailabilityZones: 'add or move zones',
    ModifyInstanceChargeType: 'change how an instance is paid for',
    ModifyInstanceEvent: 'move planned maintenance',
    ModifyMaintenanceWindow: 'set the hours for maintenance',
    RenewInstance: 'prolong a prepaid instance',
    StartupInstance: 'bring an isolated instance back',
    SwitchAccessNewInstance: 'finish a waiting upgrade',
    UpgradeInstance: 'change memory, shards, replicas',
    UpgradeInstanceVersion: 'change engine version or architecture',
    UpgradeProxyVersion: 'upgrade the proxy',
    UpgradeSmallVersion: 'patch the engine',
    UpgradeVersionToMultiAvailabilityZones: 'spread over zones, old form',

    // tasks and orders
    DescribeInstanceDealDetail: 'orders',
    DescribeTaskInfo: 'one task',
    DescribeTaskList: 'list tasks',
    InquiryPriceCreateInstance: 'price of a purchase',
    InquiryPriceRenewInstance: 'price of a renewal',
    InquiryPriceUpgradeInstance: 'price of an upgrade',

    // accounts
    CreateInstanceAccount: 'add an account',
    DeleteInstanceAccount: 'remove an account',
    DescribeInstanceAccount: 'list accounts',
    DescribeInstancePasswordPolicy: 'read the rule for passwords',
    ModfiyInstancePassword: 'change the password, misspelt and still served',
    ModifyInstanceAccount: 'change an account',
    ModifyInstancePassword: 'change the password',
    ModifyInstancePasswordPolicy: 'set the rule for passwords',
    ResetPassword: 'set a new password without the old one',

    // parameters
    ApplyParamsTemplate: 'apply a template',
    CreateParamTemplate: 'add a template',
    DeleteParamTemplate: 'remove a template',
    DescribeInstanceParamRecords: 'history of parameter changes',
    DescribeInstanceParams: 'read parameters',
    DescribeParamTemplateInfo: 'one template',
    DescribeParamTemplates: 'list templates',
    ModifyInstanceParams: 'set parameters',
    ModifyParamTemplate: 'change a template',

    // logs and monitoring; the vendor has taken the big-key and source-address ones out of service
    CloseLog: 'audit log off',
    CreateExportTask: 'export the audit log',
    DeleteExportTask: 'remove an export',
    DescribeExportTasks: 'list exports',
    DescribeInstanceLogDelivery: 'read the delivery of logs',
    DescribeInstanceMonitorBigKey: 'big keys',
    DescribeInstanceMonitorBigKeySizeDist: 'big keys by size',
    DescribeInstanceMonitorBigKeyTypeDist: 'big keys by type',
    DescribeInstanceMonitorHotKey: 'hot keys',
    DescribeInstanceMonitorSIP: 'source addresses',
    DescribeInstanceMonitorTookDist: 'latencies',
    DescribeInstanceMonitorTopNCmd: 'commands by count',
    DescribeInstanceMonitorTopNCmdTook: 'commands by time',
    DescribeLogInstanceList: 'instances with an audit log',
    DescribeLogs: 'read the audit log',
    DescribeProxySlowLog: 'slow commands at the proxy',
    DescribeSlowLog: 'slow commands',
    DescribeTendisSlowLog: 'slow commands of Tendis',
    ModifyInstanceLogDelivery: 'set the delivery of logs',
    ModifyLog: 'change the audit log',
    OpenLog: 'audit log on',

    // network
    AllocateWanAddress: 'public address on',
    AssociateSecurityGroups: 'bind a security group',
    CloseSSL: 'TLS off',
    DescribeBandwidthRange: 'read bandwidth',
    DescribeDBSecurityGroups: 'security groups of an instance',
    DescribeInstanceSecurityGroup: 'security groups of instances',
    DescribeInstanceSpecBandwidth: 'bandwidth of a specification',
    DescribeProjectSecurityGroup: 'security groups of a project, old form',
    DescribeProjectSecurityGroups: 'security groups of a project',
    DescribeSSLStatus: 'whether TLS is on',
    DisassociateSecurityGroups: 'unbind a security group',
    ModifyConnectionConfig: 'set bandwidth and number of clients',
    ModifyDBInstanceSecurityGroups: 'replace the security groups',
    ModifyNetworkConfig: 'change address, network, port',
    OpenSSL: 'TLS on',
    ReleaseWanAddress: 'public address off',

    // replication and failover
    AddReplicationInstance: 'add a member to a group',
    ChangeInstanceRole: 'change the role of a member',
    ChangeMasterInstance: 'make a member the master',
    ChangeReplicaToMaster: 'promote a replica',
    CreateReplicationGroup: 'add a group',
    DeleteReplicationInstance: 'remove a member, old form',
    DescribeGlobalReplicationArea: 'regions that have groups',
    DescribeReplicationGroup: 'list groups',
    DescribeReplicationGroupInstance: 'the group of an instance',
    DisableReplicaReadonly: 'no reads from replicas',
    EnableReplicaReadonly: 'reads from replicas',
    KillMasterGroup: 'drill: fail a master',
    ModifyInstanceReadOnly: 'let an instance be written to or not',
    ModifyReplicationGroup: 'rename a group',
    RemoveReplicationGroup: 'remove a group',
    RemoveReplicationInstance: 'remove a member',
    SwitchInstanceVip: 'swap the addresses of two instances',
    SwitchProxy: 'drill: fail a proxy',

    // what is sold
    DescribeProductInfo: 'what is sold where',
    DescribeRedisClusterOverview: 'dedicated clusters in short',
    DescribeRedisClusters: 'dedicated clusters',
  },
};

const cam: KnownProduct = { product: 'cam', version: '2019-01-16', unsigned: [], actions: camActions };

const sts: KnownProduct = {
  product: 'sts',
  version: '2018-08-13',
  unsigned: ['AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity'],
  actions: {
    AssumeRole: 'temporary key of a role',
    AssumeRoleWithSAML: 'temporary key for a SAML assertion',
    AssumeRoleWithWebIdentity: 'temporary key for an OIDC token',
    GetCallerIdentity: 'whose key it is',
    GetFederationToken: 'temporary key with a policy',
    GetSessionToken: 'temporary key after a second factor',
    QueryApiKey: 'list keys',
  },
};

/**
 * What the official clients can ask for, built or not: an action that is here and not in the registry is told apart from one that does
 * not exist.
 */
export const knownProducts: readonly KnownProduct[] = [redis, cam, sts];

/** Whether an action is one that may be called without a key. */
export function mayBeUnsigned(version: string, action: string): boolean {
  return knownProducts.some((known) => known.version === version && known.unsigned.includes(action));
}
