import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

import type { RequestFacts } from '../api/api.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { EVENT_KINDS, type EventKind } from '../catalog/events.ts';
import type { DownloadEvent } from '../downloads/serve-download.ts';
import type { Clock } from '../lib/clock.ts';
import type { ProveBackupOptions } from '../tasks/handlers/prove-backup.ts';
import type { ScrubOptions } from '../tasks/handlers/scrub-backups.ts';
import type { TakeBackupOptions } from '../tasks/handlers/take-backup.ts';
import type { SnapshotOptions } from './catalog-snapshots.ts';

export interface ServiceMetrics {
  readonly observeRequest: (facts: RequestFacts) => void;
  readonly observeTry: TakeBackupOptions['onTry'];
  readonly observeRestore: (outcome: 'restored' | 'counted' | 'failed') => void;
  readonly observeConversion: (outcome: 'converted' | 'failed') => void;
  readonly observeDownload: (event: DownloadEvent) => void;
  readonly observeAlarm: (kind: EventKind) => void;
  readonly observeDelivery: (outcome: 'taken' | 'refused') => void;
  readonly observeProof: ProveBackupOptions['onProof'];
  readonly observeScrub: ScrubOptions['onScrub'];
  readonly observeScrubbedBytes: ScrubOptions['onRead'];
  readonly observeSnapshot: SnapshotOptions['onEnd'];
  /** Text for `GET /metrics`, with its content type. */
  readonly render: () => Promise<{ contentType: string; text: string }>;
}

/** What is read when the metrics are. */
export interface MetricSources {
  readonly catalog: Catalog;
  readonly clock: Clock;
}

/** Prometheus metrics of one process. Labels never hold a value that a caller can choose freely. */
export function createServiceMetrics({ catalog, clock }: MetricSources): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'redkeep_api_requests_total',
    help: 'API requests by action and outcome code',
    labelNames: ['action', 'code'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'redkeep_api_request_seconds',
    help: 'Time from the last byte of a request to its answer',
    labelNames: ['action'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
    registers,
  });
  const tries = new Counter({
    name: 'redkeep_backup_tries_total',
    help: 'Ended tries at a backup by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const trySeconds = new Histogram({
    name: 'redkeep_backup_try_seconds',
    help: 'Duration of tries at a backup',
    labelNames: ['outcome'],
    buckets: [1, 5, 10, 30, 60, 300, 900, 3600, 14_400],
    registers,
  });
  const storedBytes = new Counter({ name: 'redkeep_backup_rdb_bytes_total', help: 'RDB bytes of stored backups', registers });
  const running = new Gauge({ name: 'redkeep_backups_running', help: 'Backups that run now', registers });
  const conversions = new Counter({
    name: 'redkeep_conversions_total',
    help: 'Ended conversions of backups by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const restores = new Counter({
    name: 'redkeep_restores_total',
    help: 'Ended restores by outcome; counted: dry runs',
    labelNames: ['outcome'],
    registers,
  });
  const downloads = new Counter({
    name: 'redkeep_downloads_total',
    help: 'Ended downloads by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const refused = new Counter({
    name: 'redkeep_downloads_refused_total',
    help: 'Downloads that did not begin, by reason',
    labelNames: ['reason'],
    registers,
  });
  const downloadBytes = new Counter({ name: 'redkeep_download_bytes_total', help: 'RDB bytes that went out', registers });
  const downloading = new Gauge({ name: 'redkeep_downloads_active', help: 'Downloads that run now', registers });
  const alarms = new Counter({
    name: 'redkeep_alarms_total',
    help: 'Events that somebody should hear of',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of EVENT_KINDS) {
    alarms.inc({ kind }, 0);
  }
  const deliveries = new Counter({
    name: 'redkeep_webhook_deliveries_total',
    help: 'Tries to send an event to the webhook by outcome',
    labelNames: ['outcome'],
    registers,
  });
  new Gauge({
    name: 'redkeep_newest_backup_age_seconds',
    help: 'Age of the newest backup of each instance that can be relied on (any: its proof did not fail; proven: it was seen to load)',
    labelNames: ['instance_id', 'proof'],
    registers,
    async collect() {
      this.reset();
      for (const { instanceId, any, proven } of await catalog.lifecycle.newest(clock.now())) {
        this.set({ instance_id: instanceId, proof: 'any' }, ageSeconds(any, clock));
        this.set({ instance_id: instanceId, proof: 'proven' }, ageSeconds(proven, clock));
      }
    },
  });
  const snapshots = new Counter({
    name: 'redkeep_catalog_snapshots_total',
    help: 'Sealed snapshots of the catalog by result',
    labelNames: ['result'],
    registers,
  });
  const snapshotAt = new Gauge({
    name: 'redkeep_catalog_snapshot_timestamp_seconds',
    help: 'When the newest snapshot of the catalog was stored, since the Unix epoch; 0 until this process has stored one',
    registers,
  });
  const proofs = new Counter({ name: 'redkeep_proofs_total', help: 'Proofs by verdict', labelNames: ['result'], registers });
  const scrubs = new Counter({
    name: 'redkeep_scrubs_total',
    help: 'Backups whose stored bytes were read again, by result',
    labelNames: ['result'],
    registers,
  });
  const scrubbedBytes = new Counter({ name: 'redkeep_scrub_bytes_total', help: 'Stored bytes that were read again', registers });
  new Gauge({
    name: 'redkeep_bad_backups',
    help: 'Backups whose proof failed or whose stored bytes are damaged',
    registers,
    async collect() {
      this.set(await catalog.lifecycle.countBad());
    },
  });
  return {
    observeAlarm: (kind) => alarms.inc({ kind }),
    observeDelivery: (outcome) => deliveries.inc({ outcome }),
    observeRequest({ action, code, durationMs }) {
      requests.inc({ action, code });
      requestSeconds.observe({ action }, durationMs / 1000);
    },
    observeTry({ outcome, durationMs, sizeBytes }) {
      if (outcome === 'started') {
        running.inc();
        return;
      }
      running.dec();
      tries.inc({ outcome });
      trySeconds.observe({ outcome }, durationMs / 1000);
      storedBytes.inc(sizeBytes);
    },
    observeRestore: (outcome) => restores.inc({ outcome }),
    observeConversion(outcome) {
      conversions.inc({ outcome });
    },
    observeDownload({ outcome, bytes }) {
      switch (outcome) {
        case 'started':
          downloading.inc();
          return;
        case 'finished':
        case 'aborted':
        case 'failed':
          downloading.dec();
          downloads.inc({ outcome });
          downloadBytes.inc(bytes);
          return;
        default:
          refused.inc({ reason: outcome });
      }
    },
    observeProof(result) {
      proofs.inc({ result });
    },
    observeScrub(result) {
      scrubs.inc({ result });
    },
    observeScrubbedBytes(bytes) {
      scrubbedBytes.inc(bytes);
    },
    observeSnapshot(result) {
      snapshots.inc({ result });
      if (result === 'stored') {
        snapshotAt.set(clock.now() / 1000);
      }
    },
    async render() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** Infinite without a backup, so that an alert on the age fires there too. */
function ageSeconds(startedAt: number | null, clock: Clock): number {
  return startedAt === null ? Number.POSITIVE_INFINITY : (clock.now() - startedAt) / 1000;
}
