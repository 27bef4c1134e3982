import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '../api/client.ts';
import { readBackupProofs } from '../cli/backup-proofs.ts';
import { EXIT, type ExitCode } from '../cli/exit-codes.ts';
import type { Io } from '../cli/io.ts';
import { listBackups } from '../cli/list-backups.ts';
import { renderJson } from '../cli/output.ts';
import { renderBackups } from '../cli/render-backups.ts';
import { waitForTask } from '../cli/wait-for-task.ts';
import { isDomainError } from '../lib/errors.ts';
import { createLogger } from '../lib/logger.ts';
import { type Config, readConfig, type ServeOptions } from './config.ts';
import { DEMO_REGION, ensureDemoInstance } from './demo-instance.ts';
import { lacksExport } from './exported-keys.ts';
import { serveUntilStopped } from './serve.ts';
import { openService, type Service } from './service.ts';

const SHOWN_BACKUPS = 5;
/** The demo is loaded within a second; other proofs may come first. */
const PROOF_TIMEOUT_MS = 30_000;

/**
 * `redkeep up`: serves, makes sure that the local instance `demo` exists and has a backup, and shows what the API answers about it. Where
 * this data directory is served already it tells where, and is done.
 */
export async function up(options: ServeOptions, io: Io): Promise<ExitCode> {
  const config = readConfig(options, io.env);
  let service: Service;
  try {
    // Log lines of requests would drown what is printed here.
    service = await openService(config, createLogger(io.env['REDKEEP_LOG_LEVEL'] === undefined ? 'warn' : config.logLevel));
  } catch (error) {
    if (isDomainError(error, 'data-dir-in-use')) {
      return tellWhereServed(config, io, error, options.json === true);
    }
    throw error;
  }
  return serveUntilStopped(service, io, () => showFirstBackup(service, io, options.json === true), options.json);
}

async function tellWhereServed(config: Config, io: Io, cause: unknown, asJson: boolean): Promise<ExitCode> {
  const { endpoint } = JSON.parse(await readFile(config.dataDir.serving, 'utf8').catch(() => '{}')) as { endpoint?: string };
  const answer = endpoint === undefined ? undefined : await fetch(`${endpoint}/healthz`).catch(() => undefined);
  if (answer?.ok !== true) {
    throw cause;
  }
  io.out(asJson ? renderJson({ Endpoint: endpoint }) : `redkeep serves this data directory already: ${endpoint}\n`);
  return EXIT.ok;
}

async function showFirstBackup(service: Service, io: Io, asJson: boolean): Promise<void> {
  const instance = await ensureDemoInstance(service);
  const client = createClient({ ...service.credential, endpoint: service.endpoint, region: DEMO_REGION });
  const describe = (more: object) =>
    client.call<{ TotalCount: number }>('redis', 'DescribeInstanceBackups', { InstanceId: instance.instanceId, Limit: 5, ...more });
  // One that an earlier start began is taken up again by itself.
  while ((await describe({ Status: [1] })).TotalCount > 0) {
    await sleep(100);
  }
  if ((await describe({ Status: [2, 4] })).TotalCount === 0) {
    const { TaskId } = await client.call<{ TaskId: number }>('redis', 'ManualBackupInstance', {
      InstanceId: instance.instanceId,
      Remark: 'first backup',
    });
    // Ctrl-C ends the service here, and not the waiting alone.
    const { onInterrupt: _, ...watch } = io;
    await waitForTask(client, TaskId, watch, 'first backup');
  }
  const table = await showProofs(service, client, instance.instanceId);
  const answer = await describe({});
  if (asJson) {
    io.out(renderJson({ Endpoint: service.endpoint, ...answer }));
    return;
  }
  io.out(`\nDescribeInstanceBackups of demo (${instance.instanceId}) answers:\n${JSON.stringify({ Response: answer }, null, 2)}\n`);
  io.out(`\n${table}`);
  io.out(howToCall(service, instance.instanceId, await lacksExport(service.config.dataDir)));
}

/** The newest backups as a table, when their proofs have ended: a proof holds its backup, which the answer would show. */
async function showProofs({ config }: Service, client: Client, instanceId: string): Promise<string> {
  const rows = (await listBackups(client, instanceId)).slice(-SHOWN_BACKUPS);
  const ids = rows.map((row) => row.BackupId);
  for (const deadline = Date.now() + PROOF_TIMEOUT_MS; ; await sleep(100)) {
    const proofs = await readBackupProofs(client, instanceId, ids);
    const isWaiting = config.proof !== 'none' && proofs.get(ids.at(-1) ?? '')?.State === 'unproven';
    if (!isWaiting || Date.now() > deadline) {
      return renderBackups(rows, proofs);
    }
  }
}

function howToCall({ endpoint, config }: Service, instanceId: string, isKeyAtRisk: boolean): string {
  const address = endpoint.replace('http://', '');
  const { credential, keyring } = config.dataDir;
  const readKey =
    config.rootCredential === undefined
      ? `  export TENCENTCLOUD_SECRET_ID=$(sed -n 's/.*"secretId": "\\(.*\\)".*/\\1/p' ${credential})
  export TENCENTCLOUD_SECRET_KEY=$(sed -n 's/.*"secretKey": "\\(.*\\)".*/\\1/p' ${credential})`
      : '  export TENCENTCLOUD_SECRET_ID=$REDKEEP_SECRET_ID TENCENTCLOUD_SECRET_KEY=$REDKEEP_SECRET_KEY';
  return `
The same with tccli:
${readKey}
  tccli redis DescribeInstanceBackups --region ${DEMO_REGION} --endpoint ${endpoint} --InstanceId ${instanceId}

The same with the official Node SDK:
  import { redis } from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/index.js';
  const client = new redis.v20180412.Client({ credential: { secretId, secretKey }, region: '${DEMO_REGION}',
    profile: { httpProfile: { protocol: 'http://', endpoint: '${address}' } } });
  console.log(await client.DescribeInstanceBackups({ InstanceId: '${instanceId}' }));

The key of the API ${config.rootCredential === undefined ? `lies in ${credential}` : 'is the one in REDKEEP_SECRET_ID and REDKEEP_SECRET_KEY'}.
${config.masterKey === undefined ? tellOfKey(keyring, isKeyAtRisk) : 'The master key is the one in REDKEEP_MASTER_KEY: keep it, without it no backup can be read.'}
Serving until Ctrl-C.
`;
}

function tellOfKey(path: string, isAtRisk: boolean): string {
  return isAtRisk
    ? `The master key lies in ${path}, and without it no backup can be read: write a copy with \`redkeep master-key export FILE\`, and keep it elsewhere.`
    : `The master key lies in ${path}, and was exported.`;
}
