import { join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The names inside a data directory: the one place that knows them. */
export interface DataDir {
  readonly path: string;
  /** Root credential in tccli's format, mode 0600. */
  readonly credential: string;
  /** Master keys, mode 0600. */
  readonly keyring: string;
  /** `{"keyIds": […]}`: the master keys of which an operator has an export. */
  readonly exportedKeys: string;
  readonly catalog: string;
  readonly repository: string;
  /** One directory for each local managed instance. */
  readonly instances: string;
  /** Throw-away servers of proofs, each in a directory of its own; empty while none runs. */
  readonly proofs: string;
  /** Held by the serving process; the kernel lets go of it when that process dies. */
  readonly lock: string;
  /** What was changed and downloaded, and by whom; mode 0600. */
  readonly auditLog: string;
  /** `{"endpoint": …, "pid": …}` of the process that serves, absent while none does. */
  readonly serving: string;
}

/** The data directory of a command: `--data-dir`, else `REDKEEP_DATA_DIR`, else `./data`. */
export function resolveDataDir(given: string | undefined, env: Environment): DataDir {
  const path = resolve(given ?? (env['REDKEEP_DATA_DIR'] || 'data'));
  return {
    path,
    credential: join(path, 'default.credential'),
    keyring: join(path, 'keyring.json'),
    exportedKeys: join(path, 'exported-keys.json'),
    catalog: join(path, 'catalog.db'),
    repository: join(path, 'repository'),
    instances: join(path, 'instances'),
    proofs: join(path, 'proofs'),
    lock: join(path, 'lock.db'),
    auditLog: join(path, 'audit.log'),
    serving: join(path, 'serving.json'),
  };
}
