import type { Command } from 'commander';
import type { Client } from '../../api/client.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { withConnection } from '../options.ts';
import { renderJson, renderTable } from '../output.ts';

interface KeyOptions extends ConnectionOptions {
  user?: string;
}

interface KeyRow {
  AccessKeyId: string;
  Status: string;
  CreateTime: string;
  Description: string;
}

/** `redkeep key create|list|enable|disable|delete`. */
export const addKeyCommands: AddCommand = (program, io, finish) => {
  const key = program.command('key').description('access keys of users, two at most for each');

  withUser(key.command('create'))
    .description('make an access key; its secret is shown this once')
    .option('--description <text>', 'letters, digits or =,.@:/-+_')
    .action((options: KeyOptions & { description?: string }) =>
      finish(async () => {
        const client = await connect(options, io);
        const { AccessKey } = await client.call<{ AccessKey: KeyRow & { SecretAccessKey: string } }>('cam', 'CreateAccessKey', {
          ...(await targetOf(options, client)),
          ...(options.description === undefined ? {} : { Description: options.description }),
        });
        if (options.json) {
          io.out(renderJson({ AccessKey }));
        } else {
          showNewKey(AccessKey.AccessKeyId, AccessKey.SecretAccessKey, io);
        }
        return EXIT.ok;
      }),
    );

  withUser(key.command('list'))
    .description('list the access keys of a user, oldest first')
    .action((options: KeyOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const answer = await client.call<{ AccessKeys: KeyRow[] }>('cam', 'ListAccessKeys', await targetOf(options, client));
        const rows = answer.AccessKeys.map((row) => [row.AccessKeyId, row.Status, row.CreateTime, row.Description]);
        io.out(options.json ? renderJson(answer) : renderTable(['ID', 'STATUS', 'MADE (UTC+8)', 'DESCRIPTION'], rows));
        return EXIT.ok;
      }),
    );

  const addChange = (name: string, description: string, action: string, done: string, parameters: object) =>
    withUser(key.command(name))
      .description(description)
      .argument('<secret-id>', 'as `key list` shows it')
      .action((secretId: string, options: KeyOptions) =>
        finish(async () => {
          const client = await connect(options, io);
          const answer = await client.call('cam', action, {
            AccessKeyId: secretId,
            ...parameters,
            ...(await targetOf(options, client)),
          });
          io.out(options.json ? renderJson(answer) : `${secretId} ${done}\n`);
          return EXIT.ok;
        }),
      );
  addChange('enable', 'accept a key again', 'UpdateAccessKey', 'enabled', { Status: 'Active' });
  addChange('disable', 'refuse a key, and the temporary keys that it made', 'UpdateAccessKey', 'disabled', { Status: 'Inactive' });
  addChange('delete', 'delete a key', 'DeleteAccessKey', 'deleted', {});
};

/** Prints a new key once, id and secret in the form in which a shell takes them. */
export function showNewKey(secretId: string, secretKey: string, io: Io): void {
  io.out(`REDKEEP_SECRET_ID=${secretId}\nREDKEEP_SECRET_KEY=${secretKey}\n`);
  io.err('Keep the secret key now: it is not shown again.\n');
}

/** The uin of a user by its name. */
export async function uinOf(name: string, client: Client): Promise<number> {
  return (await client.call<{ Uin: number }>('cam', 'GetUser', { Name: name })).Uin;
}

async function targetOf({ user }: KeyOptions, client: Client): Promise<{ TargetUin?: number }> {
  return user === undefined ? {} : { TargetUin: await uinOf(user, client) };
}

function withUser(command: Command): Command {
  return withConnection(command).option('--user <name>', 'name of the user (default: who calls)');
}
