import { defineAction } from '../action.ts';
import { structure, text } from '../schema.ts';
import { limitParameters, toRestriction } from '../shapes/download-restriction.ts';

export const ModifyBackupDownloadRestriction = defineAction({
  name: 'ModifyBackupDownloadRestriction',
  product: 'redis',
  summary: 'Says from where the backups of a region may be downloaded.',
  description:
    'LimitOnlyIntranet lets in private addresses and the VPCs of the site. Customize lets in the listed VPCs and addresses; with NotIn, all but ' +
    'the listed addresses, and where VPCs are listed too, only theirs. Links that are out already keep the restriction that they were made with.',
  input: structure({ LimitType: text('NoLimit, LimitOnlyIntranet or Customize.'), ...limitParameters }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { LimitType: 'Customize', IpComparisonSymbol: 'In', LimitIp: ['10.0.0.0/8'] }, output: {} },

  async handle(parameters, ctx) {
    const { catalog, clock } = ctx.services;
    const restriction = toRestriction(parameters, ctx);
    await catalog.downloadRestrictions.set(ctx.principal.accountId, ctx.region, restriction, clock.now());
    return {};
  },
});
