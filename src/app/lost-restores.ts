import type { Catalog, Instance, Task } from '../catalog/catalog.ts';
import type { RestorePayload } from '../catalog/restores.ts';
import { SAFETY_REMARK } from '../catalog/start-restore.ts';

/**
 * What to do about restores that were under way when the catalog was lost, one sentence each: where they stood is lost with it, so that nobody
 * but the operator can tell what their servers hold. `adopted` are the backups that came after the snapshot, of which some may have been taken by a
 * restore that no row tells of.
 */
export async function findLostRestores(catalog: Catalog, givenUp: readonly Task[], adopted: readonly string[]): Promise<string[]> {
  const restores = givenUp.filter((task) => task.kind === 'restore-instance' && !(JSON.parse(task.payload) as RestorePayload).dryRun);
  const sentences: string[] = [];
  for (const { taskId, instanceId, subject } of restores) {
    const whole = (await catalog.backups.get(subject))?.state === 'available' ? subject : undefined;
    sentences.push(advise(`task ${taskId} was restoring to`, instanceId, await catalog.instances.get(instanceId), whole));
  }
  for (const backupId of adopted.filter((id) => !restores.some(({ subject }) => subject === id))) {
    const backup = await catalog.backups.get(backupId);
    if (backup?.remark.startsWith(SAFETY_REMARK)) {
      const { instanceId } = backup;
      sentences.push(advise('a restore that no task tells of had begun to', instanceId, await catalog.instances.get(instanceId), backupId));
    }
  }
  return sentences;
}

function advise(what: string, instanceId: string, instance: Instance | undefined, safetyId: string | undefined): string {
  const where = instance === undefined || instance.host === '' ? instanceId : `${instanceId} at ${instance.host}:${instance.port}`;
  const before = safetyId === undefined ? '' : `; backup ${safetyId} holds what it held before`;
  return `${what} ${where}: where INFO replication shows that server as a replica of this service, tell it REPLICAOF NO ONE and set its masterauth back, look at its data, and restore again${before}`;
}
