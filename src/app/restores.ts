import { readFile } from 'node:fs/promises';
import type { SealedLabel } from '../catalog/sealed-columns.ts';
import type { RestoreMark } from '../engine/restore-types.ts';
import type { ReplicationEndpoint } from '../engine/send-as-master.ts';
import { systemClock } from '../lib/clock.ts';
import { errnoOf } from '../lib/errno.ts';
import { DomainError } from '../lib/errors.ts';
import type { Keyring } from '../repository/keyring.ts';
import type { RestoreSite } from '../tasks/handlers/restore-instance.ts';
import type { MarkBox } from '../tasks/handlers/restore-marks.ts';
import type { Config } from './config.ts';

const LABEL: SealedLabel = 'restore-mark';

/** Seals the marks of restores for their rows. A mark is bound to its instance. */
export function createMarkBox(keyring: Keyring): MarkBox {
  return {
    seal: (instanceId, mark) => keyring.seal(LABEL, Buffer.from(JSON.stringify(mark)), Buffer.from(instanceId)),
    open: (instanceId, sealed) => JSON.parse(keyring.open(LABEL, sealed, Buffer.from(instanceId)).toString()) as RestoreMark,
  };
}

/** What the handlers of restores and clones need. Throws `config-invalid` where a file for replication over TLS cannot be read. */
export async function openRestoreSite(
  config: Config,
  site: Pick<RestoreSite, 'catalog' | 'repository' | 'openSecrets' | 'onEnd' | 'onAlarm'> & { readonly keyring: Keyring },
): Promise<RestoreSite> {
  return {
    ...site,
    clock: systemClock,
    marks: createMarkBox(site.keyring),
    storageUrl: config.storageUrl,
    keyring: () => site.keyring.export(),
    endpoint: await readEndpoint(config.replication),
    allowPlainText: config.replication.plainText,
    memoryCheck: config.memoryCheck,
  };
}

async function readEndpoint({ listen, advertise, certFile, keyFile, caFile }: Config['replication']): Promise<ReplicationEndpoint> {
  const at = { listen, ...(advertise === '' ? {} : { advertise }) };
  if (certFile === '') {
    return at;
  }
  const tls = {
    cert: await readPem('REDKEEP_REPLICATION_CERT_FILE', certFile),
    key: await readPem('REDKEEP_REPLICATION_KEY_FILE', keyFile),
    ...(caFile === '' ? {} : { ca: await readPem('REDKEEP_REPLICATION_CA_FILE', caFile) }),
  };
  return { ...at, tls };
}

async function readPem(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new DomainError('config-invalid', `${name} names ${path}, which cannot be read: ${errnoOf(error) ?? 'unknown error'}`, {
      cause: error,
    });
  }
}
