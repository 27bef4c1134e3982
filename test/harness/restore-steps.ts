/** Each step before which a restore records where it stands, by each way of restoring that comes there. */
export const RESTORE_STEPS = [
  { step: 'save-target', how: {} },
  { step: 'set-credentials', how: {} },
  { step: 'replicate', how: {} },
  { step: 'promote', how: {} },
  { step: 'promote', how: { SafetyBackup: false } },
  { step: 'write-keys', how: { TtlPolicy: 'drop' } },
  { step: 'write-keys', how: { TtlPolicy: 'drop', SafetyBackup: false } },
  { step: 'write-keys', how: { KeyPattern: '*', Replace: true } },
] as const;
