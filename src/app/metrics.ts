import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

import type { RequestFacts } from '../api/api.ts';
import type { DownloadEvent } from '../downloads/serve-download.ts';
import type { TakeBackupOptions } from '../tasks/handlers/take-backup.ts';

export interface ServiceMetrics {
  readonly observeRequest: (facts: RequestFacts) => void;
  readonly observeTry: TakeBackupOptions['onTry'];
  readonly observeDownload: (event: DownloadEvent) => void;
  /** Text for `GET /metrics`, with its content type. */
  readonly render: () => Promise<{ contentType: string; text: string }>;
}

/** Prometheus metrics of one process. Labels never hold a value that a caller can choose freely. */
export function createServiceMetrics(): ServiceMetrics {
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
  return {
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
    async render() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
