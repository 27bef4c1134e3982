import { join } from 'node:path';
import { ROOT } from './service.ts';

/** The RDB of a server of that version with every type that it can hold, packed with zstd; made by `npm run support-matrix`. */
export function toRdbFixture(serverName: string): string {
  return join(ROOT, 'test/fixtures/rdb', `${serverName}.rdb.zst`);
}
