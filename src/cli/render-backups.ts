import { type BackupProof, renderProof } from './backup-proofs.ts';
import type { BackupRow } from './list-backups.ts';
import { renderBytes, renderTable } from './output.ts';

/** How a person calls the numbers of Status. */
export const STATUS_WORDS: Readonly<Record<number, string>> = {
  1: 'running',
  2: 'available',
  3: 'converting',
  4: 'converted',
  [-1]: 'expired',
  [-2]: 'deleted',
};

/** Backups as a table, with what is known of their proofs. */
export function renderBackups(rows: readonly BackupRow[], proofs: ReadonlyMap<string, BackupProof>): string {
  const lines = rows.map((row) => [
    row.BackupId,
    row.StartTime,
    STATUS_WORDS[row.Status] ?? String(row.Status),
    renderBytes(row.BackupSize),
    renderProof(proofs.get(row.BackupId)),
    row.Remark,
  ]);
  return renderTable(['ID', 'START (UTC+8)', 'STATE', 'SIZE', 'PROOF', 'REMARK'], lines);
}
