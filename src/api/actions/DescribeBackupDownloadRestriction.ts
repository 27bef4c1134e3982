import { defineAction } from '../action.ts';
import { list, structure, text } from '../schema.ts';
import { BackupLimitVpcItem, toLimitMembers } from '../shapes/download-restriction.ts';

export const DescribeBackupDownloadRestriction = defineAction({
  name: 'DescribeBackupDownloadRestriction',
  product: 'redis',
  summary: 'Tells from where the backups of a region may be downloaded.',
  description: 'It holds for the links that DescribeBackupUrl makes unless a call says otherwise. NoLimit until it is set.',
  input: structure({}),
  output: structure({
    LimitType: text('NoLimit, LimitOnlyIntranet or Customize.'),
    VpcComparisonSymbol: text('In, or empty where it was not given.'),
    IpComparisonSymbol: text('In or NotIn, or empty where it was not given, which means In.'),
    LimitVpc: list(BackupLimitVpcItem, 'VPCs that may download.'),
    LimitIp: list(text('Address or CIDR block.'), 'Addresses that may, or may not, download.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.PermissionDenied',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: {},
    output: { LimitType: 'NoLimit', VpcComparisonSymbol: '', IpComparisonSymbol: '', LimitVpc: [], LimitIp: [] },
  },

  async handle(_parameters, { services, principal, region }) {
    return toLimitMembers(await services.catalog.downloadRestrictions.get(principal.accountId, region));
  },
});
