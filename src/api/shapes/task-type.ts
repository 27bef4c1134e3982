import type { ListedTask, TaskKind, TaskQuery } from '../../catalog/catalog.ts';

/**
 * How the wire tells what a task does: words of a person in DescribeTaskInfo (the vendor's own are free phrases too), a code in
 * DescribeTaskList (SDK model, TaskInfoDetail.TaskType). What the vendor has nothing like has none.
 */
export const TASK_TYPES = {
  'attach-instance': { words: 'Attach instance', code: '001' },
  'take-backup': { words: 'Back up instance', code: '012' },
  'remove-backup': { words: 'Remove backup', code: '014' },
  'convert-backup': { words: 'Convert backup', code: '009' },
  'prove-backup': { words: 'Verify backup', code: '' },
  'create-instance': { words: 'Create instance', code: '001' },
  'start-instance': { words: 'Start isolated instance', code: '005' },
  'isolate-instance': { words: 'Isolate instance', code: '003' },
  'clean-up-instance': { words: 'Clean up isolated instance', code: '006' },
  'clear-instance': { words: 'Clear instance', code: '004' },
  'restore-instance': { words: 'Restore instance', code: '010' },
  'clone-instance': { words: 'Clone instance', code: '026' },
  'resize-instance': { words: 'Change memory of instance', code: '002' },
  'move-port': { words: 'Change port of instance', code: '045' },
  'reset-password': { words: 'Reset password of instance', code: '007' },
} as const satisfies Record<TaskKind, { words: string; code: string }>;

/** A backup that a schedule asked for. */
const AUTOMATIC_BACKUP_CODE = '017';

export function toTaskTypeCode({ kind, backupType }: Pick<ListedTask, 'kind' | 'backupType'>): string {
  return kind === 'take-backup' && backupType === 'automatic' ? AUTOMATIC_BACKUP_CODE : TASK_TYPES[kind].code;
}

/** The tasks that any of the codes means; a code that we have no task for means none. */
export function toTaskTypes(codes: readonly string[]): NonNullable<TaskQuery['types']> {
  const kinds = Object.keys(TASK_TYPES) as TaskKind[];
  return codes.flatMap((code): NonNullable<TaskQuery['types']> => {
    if (code === AUTOMATIC_BACKUP_CODE) {
      return [{ kind: 'take-backup', backupType: 'automatic' }];
    }
    if (code === TASK_TYPES['take-backup'].code) {
      return [
        { kind: 'take-backup', backupType: 'manual' },
        { kind: 'take-backup', backupType: 'specification-change' },
      ];
    }
    return kinds.filter((kind) => TASK_TYPES[kind].code === code).map((kind) => ({ kind }));
  });
}
