import { readFile } from 'node:fs/promises';
import { DomainError } from '../../lib/errors.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import { type InstanceName, listInstances } from '../list-instances.ts';
import { withConnection } from '../options.ts';
import { renderJson, renderTable } from '../output.ts';
import { waitForTask } from '../wait-for-task.ts';
import { addInstanceLifeCommands } from './instance-life.ts';

interface AttachOptions extends ConnectionOptions {
  name: string;
  passwordFile?: string;
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  cluster?: boolean;
  preferReplica?: boolean;
}

interface InstanceRow extends InstanceName {
  readonly WanIp: string;
  readonly Port: number;
}

/** How the wire's numbers read. */
const STATUS_WORDS: Readonly<Record<number, string>> = {
  0: 'starting',
  1: 'in process',
  2: 'online',
  [-2]: 'isolated',
  [-3]: 'being cleaned up',
};

/** `redkeep instance attach|list|detach`, and the life of managed ones. */
export const addInstanceCommands: AddCommand = (program, io, finish) => {
  const instance = program.command('instance').description('attached and managed Redis and Valkey instances');
  addInstanceLifeCommands(instance, io, finish);

  withConnection(instance.command('attach'))
    .description('register a running Redis or Valkey; prints its instance id')
    .argument('<url>', 'redis[s]://[user[:password]@]host:port')
    .requiredOption('--name <name>', 'name of the instance')
    .option('--password-file <file>', 'file with the password, so that it is in no command line')
    .option('--ca-file <file>', 'PEM file of the authority that signed the server certificate (rediss)')
    .option('--cert-file <file>', 'PEM file of the client certificate (rediss)')
    .option('--key-file <file>', 'PEM file of the client key (rediss)')
    .option('--prefer-replica', 'read backups from a replica that the server lists, where one is fit for it')
    .option('--cluster', 'the server is a cluster: not supported, refused')
    .action((url: string, options: AttachOptions) =>
      finish(async () => {
        const parameters = await readAttachParameters(url, options);
        const client = await connect(options, io);
        const answer = await client.call<{ InstanceId: string; TaskId: number }>('redkeep', 'AttachInstance', parameters);
        await waitForTask(client, answer.TaskId, io, 'attach');
        io.out(options.json ? renderJson(answer) : `${answer.InstanceId}\n`);
        return EXIT.ok;
      }),
    );

  withConnection(instance.command('list'))
    .description('list the instances of a region')
    .action((options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instances = await listInstances<InstanceRow>(client, {});
        if (options.json) {
          io.out(renderJson({ TotalCount: instances.length, InstanceSet: instances }));
        } else {
          const rows = instances.map((row) => [
            row.InstanceId,
            row.InstanceName,
            STATUS_WORDS[row.Status] ?? `status ${row.Status}`,
            `${row.WanIp}:${row.Port}`,
          ]);
          io.out(renderTable(['ID', 'NAME', 'STATE', 'ADDRESS'], rows));
        }
        return EXIT.ok;
      }),
    );

  withConnection(instance.command('detach'))
    .description('stop watching an instance; its backups stay listed and restorable')
    .argument('<instance>', 'its id or its name')
    .action((instance: string, options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call('redkeep', 'DetachInstance', { InstanceId: instanceId });
        io.out(options.json ? renderJson(answer) : `${instanceId} detached\n`);
        return EXIT.ok;
      }),
    );
};

/** The parameters of AttachInstance from what was typed. Throws `usage-error` naming what is wrong; a password is never repeated. */
async function readAttachParameters(text: string, options: AttachOptions): Promise<Record<string, unknown>> {
  if (options.cluster) {
    throw usage('--cluster: clusters are not supported yet; attach a standalone server or a replica of one');
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '' || !['', '/'].includes(url.pathname)) {
    throw usage('the address must look like redis[s]://[user[:password]@]host:port');
  }
  const tls = url.protocol === 'rediss:';
  if (!tls && (options.caFile ?? options.certFile ?? options.keyFile) !== undefined) {
    throw usage('--ca-file, --cert-file and --key-file need a rediss:// address');
  }
  if ((options.certFile === undefined) !== (options.keyFile === undefined)) {
    throw usage('--cert-file and --key-file go together');
  }
  const password =
    options.passwordFile === undefined
      ? decodeURIComponent(url.password)
      : (await readText(options.passwordFile, '--password-file')).replace(/\r?\n$/, '');
  return {
    InstanceName: options.name,
    Host: url.hostname.replace(/^\[|\]$/g, ''),
    Port: url.port === '' ? 6379 : Number(url.port),
    ...(url.username === '' ? {} : { UserName: decodeURIComponent(url.username) }),
    ...(password === '' ? {} : { Password: password }),
    ...(tls ? { Tls: true } : {}),
    ...(options.preferReplica ? { PreferReplica: true } : {}),
    ...(options.caFile === undefined ? {} : { CaCert: await readText(options.caFile, '--ca-file') }),
    ...(options.certFile === undefined ? {} : { ClientCert: await readText(options.certFile, '--cert-file') }),
    ...(options.keyFile === undefined ? {} : { ClientKey: await readText(options.keyFile, '--key-file') }),
  };
}

async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw usage(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function usage(message: string): DomainError {
  return new DomainError('usage-error', message);
}
