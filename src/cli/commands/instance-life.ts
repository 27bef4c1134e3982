import type { Command } from 'commander';
import type { Client } from '../../api/client.ts';
import { DomainError } from '../../lib/errors.ts';
import type { Finish } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import type { Io } from '../io.ts';
import { withConnection } from '../options.ts';
import { describeOrdered, findOrderTask, makePassword, readPassword } from '../ordered-instance.ts';
import { renderJson } from '../output.ts';
import { readWhole } from '../read-whole.ts';
import { waitForTask } from '../wait-for-task.ts';

interface CreateOptions extends ConnectionOptions {
  name?: string;
  memory: number;
  type?: number;
  port?: number;
  zone?: string;
  passwordFile?: string;
  wait: boolean;
}

interface PasswordOptions extends ConnectionOptions {
  passwordFile?: string;
}

interface Sold {
  readonly RegionSet: ReadonlyArray<{ readonly ZoneSet: ReadonlyArray<{ readonly ProductSet: ReadonlyArray<{ readonly Type: number }> }> }>;
}

/** `redkeep instance create|start|destroy|clean-up|clear|rename`. */
export function addInstanceLifeCommands(instance: Command, io: Io, finish: Finish): void {
  withConnection(instance.command('create'))
    .description(
      'create a local managed server and wait until it serves; prints its instance id, and its address where the password is made up',
    )
    .option('--name <name>', 'name of the instance (default: its id)')
    .option('--memory <mb>', 'what it may use at most, a multiple of 1024', (text) => readWhole('--memory', text), 1024)
    .option('--type <number>', 'TypeId of an installed server, such as 17 for Redis 7 (default: the first that is found)', (text) =>
      readWhole('--type', text),
    )
    .option('--port <port>', 'port on loopback (default: a free one)', (text) => readWhole('--port', text))
    .option('--zone <zone>', 'zone, such as ap-guangzhou-3 (default: the first of the region)')
    .option('--password-file <file>', 'file with the password, so that it is in no command line (default: one is made up and printed)')
    .option('--no-wait', 'return as soon as it is ordered')
    .action((options: CreateOptions) =>
      finish(async () => {
        const given = options.passwordFile === undefined ? undefined : await readPassword(options.passwordFile);
        const password = given ?? makePassword();
        const client = await connect(options, io);
        const { InstanceIds } = await client.call<{ InstanceIds: string[] }>('redis', 'CreateInstances', {
          TypeId: options.type ?? (await findType(client)),
          MemSize: options.memory,
          GoodsNum: 1,
          Period: 1,
          BillingMode: 0,
          Password: password,
          ...(options.name === undefined ? {} : { InstanceName: options.name }),
          ...(options.port === undefined ? {} : { VPort: options.port }),
          ...(options.zone === undefined ? {} : { ZoneName: options.zone }),
        });
        const [instanceId = ''] = InstanceIds;
        if (options.wait) {
          await waitForTask(client, await findOrderTask(client, instanceId, '001'), io, 'create');
        }
        const { answer, text } = await describeOrdered(client, instanceId, given === undefined ? password : undefined);
        io.out(options.json ? renderJson(answer) : text);
        return EXIT.ok;
      }),
    );

  const addStep = (name: string, action: string, description: string, done: string) =>
    withConnection(instance.command(name))
      .description(description)
      .argument('<instance>', 'its id or its name')
      .action((instance: string, options: ConnectionOptions) =>
        finish(async () => {
          const client = await connect(options, io);
          const instanceId = await findInstance(client, instance);
          const answer = await client.call<{ TaskId: number }>('redis', action, { InstanceId: instanceId });
          await waitForTask(client, answer.TaskId, io, name);
          io.out(options.json ? renderJson(answer) : `${instanceId} ${done}\n`);
          return EXIT.ok;
        }),
      );
  addStep(
    'destroy',
    'DestroyPostpaidInstance',
    'end a managed server; its data stay until `instance clean-up`, and `instance start` brings it back',
    'isolated',
  );
  addStep('start', 'StartupInstance', 'bring an isolated managed server back', 'started');
  addStep('clean-up', 'CleanUpInstance', 'remove the data of an isolated managed server for good; its backups stay', 'cleaned up');

  withConnection(instance.command('clear'))
    .description('remove all keys of an instance for good, of an attached one too; nothing is backed up first')
    .argument('<instance>', 'its id or its name')
    .option('--password-file <file>', 'file with the password of the instance; left out only where it has none')
    .action((instance: string, options: PasswordOptions) =>
      finish(async () => {
        const password = options.passwordFile === undefined ? undefined : await readPassword(options.passwordFile);
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call<{ TaskId: number }>('redis', 'ClearInstance', {
          InstanceId: instanceId,
          ...(password === undefined ? {} : { Password: password }),
        });
        await waitForTask(client, answer.TaskId, io, 'clear');
        io.out(options.json ? renderJson(answer) : `${instanceId} cleared\n`);
        return EXIT.ok;
      }),
    );

  withConnection(instance.command('rename'))
    .description('give an instance another name; backups keep the one that it had')
    .argument('<instance>', 'its id or its name')
    .argument('<name>', '1 to 60 Chinese or English letters, digits, - or _')
    .action((instance: string, name: string, options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call('redis', 'ModifyInstance', {
          Operation: 'rename',
          InstanceIds: [instanceId],
          InstanceNames: [name],
        });
        io.out(options.json ? renderJson(answer) : `${instanceId} renamed\n`);
        return EXIT.ok;
      }),
    );
}

/** What the machine runs by default. Throws `server-not-found` where it runs nothing. */
async function findType(client: Client): Promise<number> {
  const { RegionSet } = await client.call<Sold>('redis', 'DescribeProductInfo');
  const type = RegionSet[0]?.ZoneSet[0]?.ProductSet[0]?.Type;
  if (type === undefined) {
    throw new DomainError('server-not-found', 'the service has no server to run', {
      hint: 'install redis-server or valkey-server on its machine',
    });
  }
  return type;
}
