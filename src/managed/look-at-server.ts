import { DomainError } from '../lib/errors.ts';
import { parseInfoText } from '../redis/info-text.ts';
import { type ServerConnection, withServerConnection } from './server-connection.ts';

export interface ServerLook {
  readonly pid: number;
  readonly kind: 'redis' | 'valkey';
  readonly version: string;
  /** Reads its data and answers no data command yet. */
  readonly isLoading: boolean;
  /** Its working directory, where its data lies. */
  readonly directory: string;
  readonly maxMemoryBytes: number;
}

/** Who answers at that address with that password. INFO and CONFIG GET answer also while the server loads. Errors: see withServerConnection. */
export async function lookAtServer(connection: ServerConnection, timeoutMs: number): Promise<ServerLook> {
  return withServerConnection(connection, timeoutMs, async (send) => {
    const [info, directory, maxMemory] = await Promise.all([
      send(['INFO']),
      send(['CONFIG', 'GET', 'dir']),
      send(['CONFIG', 'GET', 'maxmemory']),
    ]);
    const fields = parseInfoText(String(info));
    const pid = Number(fields.get('process_id'));
    const valkeyVersion = fields.get('valkey_version');
    const version = valkeyVersion ?? fields.get('redis_version');
    if (!Number.isSafeInteger(pid) || version === undefined) {
      throw new DomainError('server-unreachable', `the answer of ${connection.host}:${connection.port} to INFO is not a Redis server's`);
    }
    return {
      pid,
      kind: valkeyVersion === undefined ? 'redis' : 'valkey',
      version,
      isLoading: fields.get('loading') === '1',
      directory: configValue(directory),
      maxMemoryBytes: Number(configValue(maxMemory)),
    };
  });
}

export function configValue(reply: unknown): string {
  return Array.isArray(reply) ? String(reply[1] ?? '') : '';
}
