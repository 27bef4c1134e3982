import { readFile } from 'node:fs/promises';
import type { Client } from '../api/client.ts';
import { createClient } from '../api/client.ts';
import { resolveDataDir } from '../lib/data-dir.ts';
import { DomainError } from '../lib/errors.ts';
import { explained } from './describe-failure.ts';
import type { Io } from './io.ts';

/** Options that every command which calls the API has. */
export interface ConnectionOptions {
  endpoint?: string;
  dataDir?: string;
  region?: string;
  json?: boolean;
}

/** A client of the server that the options, the environment and the data directory name, in that order. */
export async function connect(options: ConnectionOptions, io: Io): Promise<Client> {
  const { keySource, ...credential } = await readCredential(options, io);
  const region = options.region ?? (io.env['REDKEEP_REGION'] || 'ap-guangzhou');
  return explained(createClient({ ...credential, endpoint: await findEndpoint(options, io), region }), { region, keySource });
}

/** Where the server answers: `--endpoint`, `REDKEEP_ENDPOINT`, what the serving process wrote into the data directory, the default. */
export async function findEndpoint(options: ConnectionOptions, io: Io): Promise<string> {
  const given = options.endpoint ?? io.env['REDKEEP_ENDPOINT'];
  if (given !== undefined && given !== '') {
    return given.includes('://') ? given : `http://${given}`;
  }
  const serving = await readJson(resolveDataDir(options.dataDir, io.env).serving);
  return typeof serving?.['endpoint'] === 'string' ? serving['endpoint'] : 'http://127.0.0.1:9530';
}

interface Credential {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of a temporary key. */
  readonly token?: string | undefined;
  /** Where it was read, for a person. */
  readonly keySource: string;
}

async function readCredential(options: ConnectionOptions, io: Io): Promise<Credential> {
  const { REDKEEP_SECRET_ID: envId, REDKEEP_SECRET_KEY: envKey, REDKEEP_TOKEN: token } = io.env;
  if (envId && envKey) {
    return { secretId: envId, secretKey: envKey, token, keySource: 'REDKEEP_SECRET_ID and REDKEEP_SECRET_KEY' };
  }
  const path = resolveDataDir(options.dataDir, io.env).credential;
  const { secretId, secretKey } = (await readJson(path)) ?? {};
  if (typeof secretId !== 'string' || typeof secretKey !== 'string') {
    throw new DomainError('credential-missing', `no credential in ${path}`, {
      hint:
        'a server that was started with it as data directory writes it there (./redkeep up); name another one with --data-dir, or set ' +
        'REDKEEP_SECRET_ID and REDKEEP_SECRET_KEY',
    });
  }
  return { secretId, secretKey, keySource: path };
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
