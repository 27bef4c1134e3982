import type { RestorePayload } from '../../catalog/restores.ts';
import { defineAction } from '../action.ts';
import { bool, float, int64, list, structure, text, uint64 } from '../schema.ts';

const Counted = structure({ Name: text('Number of a database, or a type.'), Keys: int64('Keys.') });

const NO_PHASE = { name: '', doneBytes: 0, totalBytes: 0 };

export const DescribeRestore = defineAction({
  name: 'DescribeRestore',
  product: 'redkeep',
  summary: 'Tells how a restore goes, and what it did or, after a dry run, would do.',
  description: 'Of the task of RestoreInstance or RestoreBackup. What was counted is there when the task has succeeded.',
  input: structure({ TaskId: uint64('Task, as RestoreInstance or RestoreBackup has returned it.') }),
  output: structure({
    Status: text('preparing, running, succeed or failed, as in DescribeTaskInfo.'),
    Message: text('What went wrong and what to do; empty while running and after success.'),
    InstanceId: text('Instance that the backup goes to.'),
    BackupId: text('The backup.'),
    DryRun: bool('Whether nothing is changed.'),
    Progress: float('0 to 1.'),
    Phase: text(
      'verifying, checking, saving-target, transferring, writing-keys, promoting or rolling-back while running, at most some seconds old; else empty.',
    ),
    DoneBytes: int64('Of the phase: bytes that are done; 0 where it has none.'),
    TotalBytes: int64('Of the phase: bytes in all; 0 where they are not known.'),
    BackupSize: int64('Bytes of the backup.'),
    SafetyBackupId: text('Backup of what the instance held before; empty where none was taken.'),
    Way: text(
      'replication, keys where they were written one by one, none after a dry run, unknown where an interruption hid it; empty until the end.',
    ),
    Keys: int64('Keys that were restored, or would be; 0 until the end.'),
    ByDatabase: list(Counted, 'The same by database.'),
    ByType: list(Counted, 'The same by type.'),
    Existing: int64('Of a dry run: those that the instance has already.'),
    Report: list(text('Sentence.'), 'What was odd.'),
  }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError', 'InvalidParameter.InvalidParameter'],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { TaskId: 2 },
    output: {
      Status: 'preparing',
      Message: '',
      InstanceId: 'crs-5a4py64p',
      BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d',
      DryRun: false,
      Progress: 0,
      Phase: '',
      DoneBytes: 0,
      TotalBytes: 0,
      BackupSize: 1234,
      SafetyBackupId: '',
      Way: '',
      Keys: 0,
      ByDatabase: [],
      ByType: [],
      Existing: 0,
      Report: [],
    },
  },

  async handle({ TaskId }, ctx) {
    const { catalog } = ctx.services;
    const task = Number.isSafeInteger(TaskId) ? await catalog.tasks.get(TaskId) : undefined;
    const isTheirs = task?.accountId === ctx.principal.accountId && task.region === ctx.region && task.kind === 'restore-instance';
    const { backupId = '', dryRun = false } = isTheirs ? (JSON.parse(task.payload) as RestorePayload) : {};
    const backup = await catalog.backups.get(backupId);
    // It tells of the target and of the backup's own instance.
    const isVisible = [task?.instanceId, backup?.instanceId].every((id) => id === undefined || ctx.mayCallOn(id));
    if (task === undefined || !isTheirs || !isVisible) {
      throw ctx.fail('InvalidParameter.InvalidParameter', {
        en: `TaskId ${TaskId} is not the task of a restore in region ${ctx.region}.`,
        zh: `地域 ${ctx.region} 中不存在恢复任务 ${TaskId}。`,
      });
    }
    const safety = task.subject === '' ? undefined : await catalog.backups.get(task.subject);
    const phase = task.state === 'running' ? task.phase : NO_PHASE;
    const outcome = await catalog.restores.outcome(TaskId);
    return {
      Status: task.state,
      Message: task.state === 'failed' || task.state === 'preparing' ? task.message : '',
      InstanceId: task.instanceId,
      BackupId: backupId,
      DryRun: dryRun,
      Progress: task.progress,
      Phase: phase.name,
      DoneBytes: phase.doneBytes,
      TotalBytes: phase.totalBytes,
      BackupSize: backup?.sizeBytes ?? 0,
      SafetyBackupId: safety === undefined || safety.state === 'failed' ? '' : safety.backupId,
      Way: outcome?.way ?? '',
      Keys: outcome?.counts?.keys ?? 0,
      ByDatabase: toCounted(outcome?.counts?.byDatabase),
      ByType: toCounted(outcome?.counts?.byType),
      Existing: outcome?.existing ?? 0,
      Report: [...(outcome?.report ?? [])],
    };
  },
});

function toCounted(counts: Readonly<Record<string, number>> = {}): Array<{ Name: string; Keys: number }> {
  return Object.entries(counts).map(([Name, Keys]) => ({ Name, Keys }));
}
