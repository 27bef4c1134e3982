import { randomUUID } from 'node:crypto';
import { createApi } from '../api/api.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/open-catalog.ts';
import { createDownloads } from '../downloads/serve-download.ts';
import { createHttpServer } from '../http/server.ts';
import { openAuditLog } from '../lib/audit-log.ts';
import { systemClock } from '../lib/clock.ts';
import { describeError } from '../lib/errors.ts';
import { createUin } from '../lib/ids.ts';
import { parseIpRanges } from '../lib/ip-range.ts';
import type { Logger } from '../lib/logger.ts';
import { Releasers } from '../lib/releasers.ts';
import { createSupervisor, type Supervisor } from '../managed/supervisor.ts';
import { openStorage } from '../storage/registry.ts';
import { startSender } from '../tasks/deliver-events.ts';
import { createAttachInstanceHandler } from '../tasks/handlers/attach-instance.ts';
import { createCleanUpInstanceHandler } from '../tasks/handlers/clean-up-instance.ts';
import { createClearInstanceHandler } from '../tasks/handlers/clear-instance.ts';
import { createCloneInstanceHandler } from '../tasks/handlers/clone-instance.ts';
import { createConvertBackupHandler } from '../tasks/handlers/convert-backup.ts';
import { createCreateInstanceHandler } from '../tasks/handlers/create-instance.ts';
import { createIsolateInstanceHandler } from '../tasks/handlers/isolate-instance.ts';
import { createMovePortHandler } from '../tasks/handlers/move-port.ts';
import { createRemoveBackupHandler } from '../tasks/handlers/remove-backup.ts';
import { createResetPasswordHandler } from '../tasks/handlers/reset-password.ts';
import { createResizeInstanceHandler } from '../tasks/handlers/resize-instance.ts';
import { createRestoreInstanceHandler } from '../tasks/handlers/restore-instance.ts';
import { createStartInstanceHandler } from '../tasks/handlers/start-instance.ts';
import { createTakeBackupHandler } from '../tasks/handlers/take-backup.ts';
import { startRetention } from '../tasks/retention.ts';
import { startScheduler } from '../tasks/scheduler.ts';
import { startWorker, type Worker } from '../tasks/worker.ts';
import { createFindCredential, createTokenBox, sealSecretKey } from './access-keys.ts';
import { assertCatalogIsCurrent, startCatalogSnapshots } from './catalog-snapshots.ts';
import type { Config } from './config.ts';
import { createDamageRecorder } from './damage-recorder.ts';
import { createDownloadLinks } from './download-links.ts';
import { createSecretBox, type SecretBox } from './instance-secrets.ts';
import { createLocalMachine, createLocalServers } from './local-servers.ts';
import { startManagedInstances } from './managed-instances.ts';
import { createServiceMetrics } from './metrics.ts';
import { openSiteKeyring, useKeyring } from './open-site-keyring.ts';
import { openSiteRepository } from './open-site-repository.ts';
import { openProofs, startProofPlan } from './proofs.ts';
import { removeLeftovers } from './remove-leftovers.ts';
import { openRestoreSite } from './restores.ts';
import { openRootCredential, type RootCredential } from './root-credential.ts';
import { startScrubs } from './scrub.ts';
import { lockSite } from './site-lock.ts';
import { startSweep } from './sweep.ts';

/** A running service. `close` ends everything in the reverse order of its start. */
export interface Service {
  readonly config: Config;
  readonly endpoint: string;
  readonly accountId: string;
  readonly credential: RootCredential;
  readonly catalog: Catalog;
  readonly supervisor: Supervisor;
  readonly secrets: SecretBox;
  /** Resolves when each managed instance was started or could not be. */
  readonly managedStarted: Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a service on a data directory: lock, catalog, keys, repository, worker, API, in this order, so that nothing is touched before the
 * lock is held and nothing is served before the keys are known to be right. Throws the first thing that is wrong, with everything closed.
 */
export async function openService(config: Config, log: Logger): Promise<Service> {
  const releasers = new Releasers();
  try {
    return await open(config, log, releasers);
  } catch (error) {
    await releasers.release();
    throw error;
  }
}

async function open(config: Config, log: Logger, releasers: Releasers): Promise<Service> {
  const { dataDir } = config;
  await lockSite(config, releasers);
  await removeLeftovers(dataDir);

  const audit = await openAuditLog(dataDir.auditLog);
  releasers.add(() => audit.close());
  const catalog = await openCatalog(config.catalogUrl);
  releasers.add(() => catalog.close());
  const storage = await openStorage(config.storageUrl);
  const keyring = await openSiteKeyring(config, catalog, storage, log);
  const repository = await openSiteRepository(storage, keyring, catalog);
  await assertCatalogIsCurrent(catalog, repository);
  await useKeyring({ catalog, storage, keyring });
  // The lock says that no other process writes here, so whatever is unfinished has lost its writer.
  await storage.sweepUnfinished(0);
  // The root account's uin.
  const accountId = await catalog.settings.setOnce('account-id', createUin());
  const credential = await openRootCredential(dataDir.credential, config.rootCredential);
  const secrets = createSecretBox(keyring);
  const metrics = createServiceMetrics({ catalog, clock: systemClock });
  const snapshots = startCatalogSnapshots({
    catalog,
    catalogUrl: config.catalogUrl,
    repository,
    clock: systemClock,
    log,
    accountId,
    onEnd: metrics.observeSnapshot,
    onAlarm: metrics.observeAlarm,
  });
  releasers.add(() => snapshots.stop());

  const keyringText = () => keyring.export();
  const { observeProof: onProof, observeAlarm } = metrics;
  const proveBackup = await openProofs(config, { catalog, keyring: keyringText, onProof, onAlarm: observeAlarm, log });

  const restores = await openRestoreSite(config, {
    catalog,
    repository,
    keyring,
    openSecrets: secrets.open,
    onEnd: metrics.observeRestore,
    onAlarm: observeAlarm,
  });

  const owner = randomUUID();
  const recovered = await catalog.tasks.takeOver(owner);
  if (recovered > 0) {
    log.warn({ tasks: recovered }, 'tasks.taken-over');
  }
  const sweep = startSweep({ catalog, repository, storage, log });
  releasers.add(() => sweep.stop());
  if (config.scrubIntervalMs > 0) {
    const { observeScrub: onScrub, observeScrubbedBytes: onRead, observeAlarm: onAlarm } = metrics;
    const scrubs = startScrubs(config, { catalog, keyring: keyringText, log, onScrub, onRead, onAlarm });
    releasers.add(() => scrubs.stop());
  }
  const supervisor = createSupervisor({
    directory: dataDir.instances,
    log,
    onRelocated: (instanceId, port) => catalog.instances.relocate(instanceId, '127.0.0.1', port),
  });
  releasers.add(() => supervisor.stopAll());
  const managed = { catalog, clock: systemClock, servers: createLocalServers({ supervisor, secrets }) };

  const { vpcs, publicUrl, innerUrl } = config;
  const downloads = createDownloads({
    catalog,
    repository,
    signer: keyring,
    audit,
    clock: systemClock,
    log,
    vpcs,
    onDamage: createDamageRecorder(config, { catalog, keyring: keyringText, log, clock: systemClock, onAlarm: observeAlarm }),
    onEvent: metrics.observeDownload,
  });
  // Released when the server has closed its connections.
  releasers.add(() => downloads.ended());

  let endpoint = '';
  let worker: Worker | undefined;
  const api = createApi({
    catalog,
    clock: systemClock,
    log,
    profile: config.profile,
    keepMin: config.keepMin,
    roots: config.apiRoots,
    rateLimit: config.rateLimit,
    explainsSignatures: config.explainSignatures,
    credentials: createFindCredential(credential, accountId, catalog, keyring),
    sealSecrets: secrets.seal,
    isPassword: secrets.isPassword,
    machine: createLocalMachine({ supervisor, directory: dataDir.path }),
    sealSecretKey: (secretId, secretKey) => sealSecretKey(keyring, secretId, secretKey),
    tokens: createTokenBox(keyring),
    downloadLinks: createDownloadLinks({ signer: keyring, vpcs, publicUrl, innerUrl, endpoint: () => endpoint }),
    audit,
    wakeWorker: () => worker?.wake(),
    onRequest: metrics.observeRequest,
  });
  const trustedProxies = parseIpRanges(config.trustedProxies);
  const server = createHttpServer({
    handle: (request) => api.handle(request),
    download: (request) => downloads.answer(request),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
    health: () => true,
    metrics: metrics.render,
  });
  releasers.add(() => server.close());
  const { port } = await server.listen(config.host, config.port);
  endpoint = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  worker = startWorker({
    catalog,
    log,
    owner,
    handlers: {
      'attach-instance': createAttachInstanceHandler({ catalog, openSecrets: secrets.open }),
      'create-instance': createCreateInstanceHandler(managed),
      'start-instance': createStartInstanceHandler(managed),
      'isolate-instance': createIsolateInstanceHandler(managed),
      'clean-up-instance': createCleanUpInstanceHandler(managed),
      'resize-instance': createResizeInstanceHandler({ ...managed, openSecrets: secrets.open }),
      'move-port': createMovePortHandler(managed),
      'reset-password': createResetPasswordHandler(managed),
      'clear-instance': createClearInstanceHandler({ catalog, clock: systemClock, openSecrets: secrets.open }),
      'take-backup': createTakeBackupHandler({
        catalog,
        clock: systemClock,
        openSecrets: secrets.open,
        storageUrl: config.storageUrl,
        keyring: keyringText,
        concurrency: config.backupConcurrency,
        skipDisklessDelay: config.skipDisklessDelay,
        memoryCheck: config.memoryCheck,
        asksForProof: config.proof !== 'none',
        onTry: metrics.observeTry,
      }),
      'convert-backup': createConvertBackupHandler({
        catalog,
        clock: systemClock,
        storageUrl: config.storageUrl,
        keyring: keyringText,
        onEnd: metrics.observeConversion,
        onAlarm: observeAlarm,
      }),
      'remove-backup': createRemoveBackupHandler({ catalog, repository, clock: systemClock }),
      'prove-backup': proveBackup,
      'restore-instance': createRestoreInstanceHandler(restores),
      'clone-instance': createCloneInstanceHandler(restores, managed),
    },
  });
  const scheduler = startScheduler({
    catalog,
    clock: systemClock,
    timeZone: config.timeZone,
    log,
    wakeWorker: () => worker?.wake(),
    onAlarm: metrics.observeAlarm,
  });
  releasers.add(() => scheduler.stop());
  const retention = startRetention({
    catalog,
    log,
    accountId,
    keepMin: config.keepMin,
    onAlarm: metrics.observeAlarm,
    wakeWorker: () => worker?.wake(),
  });
  releasers.add(() => retention.stop());
  if (config.webhook !== undefined) {
    const sender = startSender({
      events: catalog.events,
      webhook: config.webhook,
      clock: systemClock,
      log,
      onDelivery: metrics.observeDelivery,
    });
    releasers.add(() => sender.stop());
  }
  // Later in the list than the supervisor, so earlier in the release: a backup of a managed instance ends before its server does.
  const { stop, wake } = worker;
  releasers.add(stop);
  const proofPlan = startProofPlan(config, { catalog, log, wakeWorker: wake });
  releasers.add(() => proofPlan.stop());
  const managedStarted = startManagedInstances({ ...managed, accountId, supervisor, directory: dataDir.instances, log }).catch(
    (error: unknown) => {
      log.error({ error: describeError(error) }, 'instances.start-failed');
    },
  );

  return {
    config,
    endpoint,
    accountId,
    credential,
    catalog,
    supervisor,
    secrets,
    managedStarted,
    close: () => releasers.release(),
  };
}
