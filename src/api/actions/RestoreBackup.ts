import type { Static } from 'typebox';
import type { RestorePayload } from '../../catalog/restores.ts';
import { type ActionContext, defineAction } from '../action.ts';
import type { Message } from '../errors/message.ts';
import { bool, int64, list, optional, structure, text } from '../schema.ts';
import { enqueueRestore, RESTORE_ERRORS } from './restore-access.ts';

/** As `TYPE` of Redis names them; module stands for all that modules bring. */
const TYPES = ['string', 'list', 'set', 'zset', 'hash', 'stream', 'module'] as const;
const MOST_PATTERN_LENGTH = 1024;
/** What `databases` of a server may be set to. */
const HIGHEST_DATABASE = 2 ** 31 - 1;
const MOST_DATABASES = 1024;
/** About a thousand years, so that an expiry stays a time. */
const MOST_SHIFT_SECONDS = 32_000_000_000;

const input = structure({
  InstanceId: text('Id of the instance that the backup is restored to.'),
  BackupId: text('Id of the backup.'),
  BackupInstanceId: optional(text('Id of the instance that the backup is of, also a detached one. Default: InstanceId.')),
  KeyPattern: optional(text('Only keys of that form, as in KEYS of Redis. At most 1024 characters.')),
  Databases: optional(list(int64('Number.'), 'Only keys of these databases.')),
  Types: optional(list(text('Type.'), `Only keys of these types: ${TYPES.join(', ')}.`)),
  Replace: optional(
    bool('With KeyPattern, Databases or Types: let keys of the backup take the place of those that the instance has. Default: false.'),
  ),
  TtlPolicy: optional(text('keep expiries (default), drop them, so that keys stay, or shift them by TtlShift.')),
  TtlShift: optional(int64('Seconds by which expiries move, negative for earlier; with TtlPolicy shift only.')),
  DryRun: optional(bool('Change nothing, and count what would be restored and what is there already. Default: false.')),
  SafetyBackup: optional(bool('Back up first what the instance holds, and go back to that if the restore goes wrong. Default: true.')),
});

type Input = Static<typeof input>;
type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

export const RestoreBackup = defineAction({
  name: 'RestoreBackup',
  product: 'redkeep',
  summary: 'Restores a backup of any instance to any instance, whole or in part.',
  description:
    'Without KeyPattern, Databases and Types the backup takes the place of everything that the instance holds. With any of them its keys are merged into ' +
    'what is there: nothing is removed, and a key that is there already is an error unless Replace is set. DescribeRestore tells what came of it. ' +
    'Both instances are in the region of the call.',
  input,
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo and DescribeRestore about.') }),
  errors: [...RESTORE_ERRORS],
  access: {
    kind: 'write',
    resource: ({ InstanceId, BackupInstanceId }) =>
      BackupInstanceId === undefined || BackupInstanceId === InstanceId ? [InstanceId] : [InstanceId, BackupInstanceId],
  },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: {
      InstanceId: 'crs-5a4py64p',
      BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d',
      KeyPattern: 'session:*',
      Types: ['hash'],
      Replace: true,
    },
    output: { TaskId: 3 },
  },

  async handle(parameters, ctx) {
    const { InstanceId, BackupId, BackupInstanceId = InstanceId, DryRun = false, SafetyBackup = true, Replace = false } = parameters;
    const filter = readFilter(parameters, ctx);
    if (Replace && filter === undefined) {
      throw invalid(ctx, {
        en: 'Replace needs KeyPattern, Databases or Types; without them everything is replaced anyway. KeyPattern * merges all keys.',
        zh: 'Replace 需与 KeyPattern、Databases 或 Types 同时使用；否则将替换全部数据。KeyPattern 为 * 时合并所有键。',
      });
    }
    const TaskId = await enqueueRestore(
      {
        to: InstanceId,
        of: BackupInstanceId,
        backupId: BackupId,
        takesSafetyBackup: SafetyBackup,
        order: {
          ...(filter === undefined ? {} : { filter }),
          replaceExisting: Replace,
          ttl: readTtl(parameters, ctx),
          dryRun: DryRun,
        },
      },
      ctx,
    );
    return { TaskId };
  },
});

function readFilter({ KeyPattern, Databases = [], Types = [] }: Input, ctx: Context): RestorePayload['filter'] {
  if (KeyPattern !== undefined && (KeyPattern === '' || KeyPattern.length > MOST_PATTERN_LENGTH)) {
    throw invalid(ctx, {
      en: `KeyPattern has ${KeyPattern.length} characters; it must have 1 to ${MOST_PATTERN_LENGTH}.`,
      zh: `KeyPattern 有 ${KeyPattern.length} 个字符，必须为 1 到 ${MOST_PATTERN_LENGTH} 个。`,
    });
  }
  if (Databases.length > MOST_DATABASES) {
    throw invalid(ctx, {
      en: `Databases has ${Databases.length} elements; it must have at most ${MOST_DATABASES}.`,
      zh: `Databases 有 ${Databases.length} 个元素，最多 ${MOST_DATABASES} 个。`,
    });
  }
  const database = Databases.find((number) => !(number >= 0 && number <= HIGHEST_DATABASE));
  if (database !== undefined) {
    throw invalid(ctx, {
      en: `Databases holds ${database}; it must hold numbers of databases, 0 or higher.`,
      zh: `Databases 包含 ${database}，必须是 0 或更大的数据库编号。`,
    });
  }
  const type = Types.find((word) => !(TYPES as readonly string[]).includes(word));
  if (type !== undefined) {
    const [quoted, words] = [JSON.stringify(type.slice(0, 64)), TYPES.join(', ')];
    throw invalid(ctx, { en: `Types holds ${quoted}; it must hold some of ${words}.`, zh: `Types 包含 ${quoted}，只能包含 ${words}。` });
  }
  if (KeyPattern === undefined && Databases.length === 0 && Types.length === 0) {
    return undefined;
  }
  return {
    ...(KeyPattern === undefined ? {} : { pattern: KeyPattern }),
    ...(Databases.length === 0 ? {} : { databases: [...new Set(Databases)] }),
    ...(Types.length === 0 ? {} : { types: [...new Set(Types)] }),
  };
}

function readTtl({ TtlPolicy = 'keep', TtlShift }: Input, ctx: Context): RestorePayload['ttl'] {
  if (TtlPolicy !== 'keep' && TtlPolicy !== 'drop' && TtlPolicy !== 'shift') {
    const quoted = JSON.stringify(TtlPolicy.slice(0, 64));
    throw invalid(ctx, {
      en: `TtlPolicy is ${quoted}; it must be keep, drop or shift.`,
      zh: `TtlPolicy 为 ${quoted}，必须是 keep、drop 或 shift。`,
    });
  }
  if ((TtlPolicy === 'shift') !== (TtlShift !== undefined)) {
    throw invalid(ctx, {
      en: 'TtlShift and TtlPolicy shift go together: give both or neither.',
      zh: 'TtlShift 与 TtlPolicy 的 shift 必须同时指定或同时省略。',
    });
  }
  if (TtlPolicy !== 'shift') {
    return { kind: TtlPolicy };
  }
  const seconds = TtlShift ?? 0;
  if (!(Math.abs(seconds) <= MOST_SHIFT_SECONDS)) {
    throw invalid(ctx, {
      en: `TtlShift is ${seconds}; it must be -${MOST_SHIFT_SECONDS} to ${MOST_SHIFT_SECONDS} seconds.`,
      zh: `TtlShift 为 ${seconds}，必须在 -${MOST_SHIFT_SECONDS} 到 ${MOST_SHIFT_SECONDS} 秒之间。`,
    });
  }
  return { kind: 'shift', byMs: seconds * 1000 };
}

function invalid(ctx: Context, message: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', message);
}
