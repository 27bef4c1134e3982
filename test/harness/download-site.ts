import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_RESTRICTION } from '../../src/catalog/download-restriction.ts';
import { createLinkPath, type LinkClaims } from '../../src/downloads/link.ts';
import { createDownloads, type DownloadEvent, type Downloads, type DownloadsOptions } from '../../src/downloads/serve-download.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { openAuditLog } from '../../src/lib/audit-log.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { createKeyring, type Keyring } from '../../src/repository/keyring.ts';
import { createRepository, openRepository, type Repository } from '../../src/repository/repository.ts';
import { createMemoryStorage } from '../../src/storage/drivers/memory.ts';
import type { ObjectStorage } from '../../src/storage/object-storage.ts';
import { recordDamage } from '../../src/tasks/handlers/bad-backup.ts';
import { backupRow, insertExample } from './api-fixture.ts';
import { writeAttempt } from './attempts.ts';
import { openTempCatalog, type TempCatalog } from './temp-catalog.ts';

/** The real way of a download, from its link over HTTP to stored frames, over a catalog and a repository of its own. */
export interface DownloadSite extends AsyncDisposable {
  readonly port: number;
  readonly keyring: Keyring;
  readonly catalog: TempCatalog['catalog'];
  readonly repository: Repository;
  readonly storage: ObjectStorage;
  readonly downloads: Downloads;
  readonly events: DownloadEvent[];
  readonly alarms: string[];
  readonly clock: { now(): number; set(atMs: number): void };
  /** Stores a backup of these frames and resolves to a link's path. */
  addBackup(frames: readonly Buffer[]): Promise<LinkClaims>;
  path(claims: LinkClaims): string;
  fetch(path: string, options?: FetchOptions): Promise<Fetched>;
  audited(): Promise<Array<Record<string, unknown>>>;
}

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

export interface Fetched {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False where the connection ended before the announced length. */
  readonly complete: boolean;
}

export async function openDownloadSite(
  options: { storage?: ObjectStorage; downloads?: Partial<DownloadsOptions>; server?: Partial<HttpServerOptions> } = {},
): Promise<DownloadSite> {
  const temporary = await openTempCatalog();
  const { catalog } = temporary;
  const directory = await mkdtemp(join(tmpdir(), 'redkeep-download-'));
  const auditPath = join(directory, 'audit.log');
  await insertExample(catalog);
  const keyring = createKeyring();
  const storage = options.storage ?? createMemoryStorage();
  const repository = await createRepository(storage, keyring);
  const audit = await openAuditLog(auditPath);
  let now = Date.UTC(2026, 10, 24, 4);
  const clock = {
    now: () => now,
    set(atMs: number) {
      now = atMs;
    },
  };
  const events: DownloadEvent[] = [];
  const alarms: string[] = [];
  const downloads = createDownloads({
    catalog,
    repository,
    signer: keyring,
    audit,
    clock,
    log: silentLogger,
    vpcs: new Map([['vpc-orders', ['10.1.0.0/16']]]),
    async onDamage(backupId, error) {
      try {
        await openRepository(storage, keyring);
      } catch {
        return false;
      }
      await catalog.transaction((tables) =>
        recordDamage(tables, backupId, error.message, { clock, onAlarm: (kind) => void alarms.push(kind) }),
      );
      return true;
    },
    onEvent: (event) => void events.push(event),
    ...options.downloads,
  });
  const server = createHttpServer({
    handle: async () => ({ headers: {}, body: '{}' }),
    download: (request) => downloads.answer(request),
    health: () => true,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    ...options.server,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  const path = (claims: LinkClaims) => createLinkPath(keyring, claims);
  return {
    port,
    keyring,
    catalog,
    repository,
    storage,
    downloads,
    events,
    alarms,
    clock,
    path,
    async addBackup(frames) {
      const backupId = randomUUID();
      await writeAttempt(repository, { backupId, attempt: 1 }, [[...frames]]);
      const sizeBytes = frames.reduce((sum, frame) => sum + frame.length, 0);
      await catalog.backups.insert(backupRow({ backupId, sizeBytes, startedAt: now }));
      return {
        backupId,
        attempt: 1,
        shard: 0,
        fileName: `${backupId}.rdb`,
        expiresAt: now + 6 * 3_600_000,
        restriction: NO_RESTRICTION,
        uin: '100000000001',
      };
    },
    fetch: (target, { method = 'GET', headers = {} } = {}) => fetchWhole(port, target, method, headers),
    async audited() {
      const lines = (await readFile(auditPath, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await downloads.ended();
      await audit.close();
      await temporary[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A request on a connection of its own, read to its end, whether or not that is where it should be. */
function fetchWhole(port: number, path: string, method: string, headers: Record<string, string>): Promise<Fetched> {
  const { promise, resolve, reject } = Promise.withResolvers<Fetched>();
  const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => void parts.push(part));
    response.on('error', () => {});
    response.on('close', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(parts),
        complete: response.complete,
      }),
    );
  });
  request.once('error', reject);
  request.end();
  return promise;
}
