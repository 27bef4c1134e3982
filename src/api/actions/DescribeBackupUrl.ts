import type { Backup } from '../../catalog/catalog.ts';
import { ensureConversion } from '../../catalog/conversion-task.ts';
import type { DownloadRestriction } from '../../catalog/download-restriction.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { limitParameters, toRestriction } from '../shapes/download-restriction.ts';
import { toFileName } from '../shapes/file-name.ts';
import { getBackup } from './backup-access.ts';

/** The vendor's documents: a link lives for six hours. */
const LINK_LIFE_MS = 6 * 3_600_000;

const BackupDownloadInfo = structure({
  FileName: text('Name of the file.'),
  FileSize: int64('Exact bytes of the file.'),
  DownloadUrl: text('Link, good for six hours.'),
  InnerDownloadUrl: text('Link by the address of the site’s own network.'),
});

const errors = [
  'InternalError.DbOperationFailed',
  'InternalError.InternalError',
  'InvalidParameter.InvalidParameter',
  'InvalidParameter.PermissionDenied',
  'InvalidParameterValue.BackupNotExists',
  'ResourceNotFound.InstanceNotExists',
  'ResourceUnavailable.BackupStatusInvalid',
  'UnauthorizedOperation.NoCAMAuthed',
] as const;

const EXAMPLE_URL = 'http://redis.example.test/download/eyJ2IjoxfQ.AQ/crs-5a4py64p-20180904125121-2e4127f8-affe-11e8-941e-4846fb00c75d.rdb';

export const DescribeBackupUrl = defineAction({
  name: 'DescribeBackupUrl',
  product: 'redis',
  summary: 'Gives links to the RDB files of a backup.',
  description:
    'A backup whose Status is 2 turns to 3, is read whole to show that it can be, and then is 4, or 2 again where it cannot. The links do not wait for that: they work at once and for six hours, from where the restriction of the region allows, or that of the call where it names LimitType. Whoever ' +
    'has a link needs no key.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    BackupId: text('Id of the backup.'),
    LimitType: optional(text('NoLimit, LimitOnlyIntranet or Customize. Default: what ModifyBackupDownloadRestriction has set.')),
    ...limitParameters,
  }),
  output: structure({
    DownloadUrl: list(text('Link.'), 'The links once more, as older clients read them.'),
    InnerDownloadUrl: list(text('Link.'), 'The links by the address of the site’s own network.'),
    Filenames: list(text('Name.'), 'The names of the files.'),
    BackupInfos: list(BackupDownloadInfo, 'One file for each shard.'),
  }),
  errors,
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p', BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d', LimitType: 'NoLimit' },
    output: {
      DownloadUrl: [EXAMPLE_URL],
      InnerDownloadUrl: [EXAMPLE_URL],
      Filenames: ['crs-5a4py64p-20180904125121-2e4127f8-affe-11e8-941e-4846fb00c75d.rdb'],
      BackupInfos: [
        {
          FileName: 'crs-5a4py64p-20180904125121-2e4127f8-affe-11e8-941e-4846fb00c75d.rdb',
          FileSize: 1234,
          DownloadUrl: EXAMPLE_URL,
          InnerDownloadUrl: EXAMPLE_URL,
        },
      ],
    },
  },

  async handle(parameters, ctx) {
    const { catalog, clock, downloadLinks } = ctx.services;
    const given = readOverride(parameters, ctx);
    const ofRegion = await catalog.downloadRestrictions.get(ctx.principal.accountId, ctx.region);
    if (given !== undefined && ofRegion.limit !== 'everywhere' && !ctx.mayCall('redis:ModifyBackupDownloadRestriction')) {
      throw ctx.fail('UnauthorizedOperation.NoCAMAuthed', {
        en: 'The region restricts downloads, and LimitType would replace that; it needs a right to redis:ModifyBackupDownloadRestriction. Leave LimitType out.',
        zh: '该地域限制了备份下载，LimitType 会替换该限制，需要 redis:ModifyBackupDownloadRestriction 权限。请不要提供 LimitType。',
      });
    }
    const restriction = given ?? ofRegion;
    const { backup } = await getBackup(parameters, catalog, ctx);
    const attempt = readAttempt(backup, ctx);
    // One shard: a source in cluster mode is refused.
    const fileName = toFileName(backup);
    const claims = {
      backupId: backup.backupId,
      attempt,
      shard: 0,
      fileName,
      expiresAt: clock.now() + LINK_LIFE_MS,
      restriction,
      uin: ctx.principal.uin,
    };
    if (backup.state === 'available' && (await beginConversion(backup, ctx))) {
      ctx.services.wakeWorker();
    }
    const { url, innerUrl } = downloadLinks.issue(claims, ctx.host);
    return {
      DownloadUrl: [url],
      InnerDownloadUrl: [innerUrl],
      Filenames: [fileName],
      BackupInfos: [{ FileName: fileName, FileSize: backup.sizeBytes, DownloadUrl: url, InnerDownloadUrl: innerUrl }],
    };
  },
});

type Context = ActionContext<(typeof errors)[number]>;

/** False where another call was faster. */
function beginConversion({ backupId }: Backup, { services: { catalog, clock } }: Context): Promise<boolean> {
  return catalog.transaction(async (tables) => {
    const now = await tables.backups.get(backupId);
    return now !== undefined && ensureConversion(tables, now, clock.now());
  });
}

/** The restriction of this call alone; undefined where it has none. */
function readOverride(
  { LimitType, ...limits }: Omit<Parameters<typeof toRestriction>[0], 'LimitType'> & { readonly LimitType?: string },
  ctx: Context,
): DownloadRestriction | undefined {
  if (LimitType !== undefined) {
    return toRestriction({ LimitType, ...limits }, ctx);
  }
  if ((limits.LimitVpc ?? []).length > 0 || (limits.LimitIp ?? []).length > 0) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: 'LimitVpc and LimitIp need LimitType Customize, which is absent.',
      zh: 'LimitVpc 与 LimitIp 需要配合 LimitType 为 Customize 使用，但未提供 LimitType。',
    });
  }
  return undefined;
}

/** The attempt whose bytes are the backup, where they can be had. */
function readAttempt(backup: Backup, ctx: Context): number {
  const { backupId, state, attempt } = backup;
  if (attempt === null || state === 'running' || state === 'expired' || state === 'deleted') {
    throw ctx.fail('ResourceUnavailable.BackupStatusInvalid', {
      en: `Backup ${backupId} is ${state}; only one whose Status is 2, 3 or 4 can be downloaded.`,
      zh: `备份 ${backupId} 的状态为 ${state}；只有 Status 为 2、3 或 4 的备份可以下载。`,
    });
  }
  return attempt;
}
