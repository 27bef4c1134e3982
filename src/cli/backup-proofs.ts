import type { Client } from '../api/client.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';

/** As DescribeBackupProofs tells it. */
export interface BackupProof {
  readonly BackupId: string;
  readonly State: string;
  readonly ServerKind: string;
  readonly ServerVersion: string;
  readonly Message: string;
  readonly ScrubState: string;
}

const PAGE = 100;

/** The proofs of these backups by id; none where the caller may not ask for them. */
export async function readBackupProofs(
  client: Client,
  instanceId: string,
  backupIds: readonly string[],
): Promise<Map<string, BackupProof>> {
  const proofs = new Map<string, BackupProof>();
  try {
    for (let from = 0; from < backupIds.length; from += PAGE) {
      const { Proofs } = await client.call<{ Proofs: BackupProof[] }>('redkeep', 'DescribeBackupProofs', {
        InstanceId: instanceId,
        BackupIds: backupIds.slice(from, from + PAGE),
      });
      for (const proof of Proofs) {
        proofs.set(proof.BackupId, proof);
      }
    }
  } catch (error) {
    if (exitCodeOf(error) !== EXIT.denied) {
      throw error;
    }
  }
  return proofs;
}

const WORDS: Readonly<Record<string, string>> = { not_provable: 'not provable', failed: 'BAD' };

/** `proven by redis 7.0.15`, `BAD`, `not provable`, `unproven`; `-` where nothing is known. */
export function renderProof(proof: Pick<BackupProof, 'State' | 'ServerKind' | 'ServerVersion'> | undefined): string {
  if (proof === undefined) {
    return '-';
  }
  const { State, ServerKind, ServerVersion } = proof;
  return State === 'proven' ? `proven by ${ServerKind} ${ServerVersion}` : (WORDS[State] ?? State);
}
