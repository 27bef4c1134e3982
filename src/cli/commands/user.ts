import { DomainError } from '../../lib/errors.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { withConnection } from '../options.ts';
import { renderJson, renderTable } from '../output.ts';
import { showNewKey } from './key.ts';

interface UserRow {
  Uin: number;
  Name: string;
  Remark: string;
  CreateTime: string;
}

/** `redkeep user add|update|list|delete`. */
export const addUserCommands: AddCommand = (program, io, finish) => {
  const user = program.command('user').description('sub-accounts, which may do what their policies allow');

  withConnection(user.command('add'))
    .description('make a user; prints its uin')
    .argument('<name>', '1 to 64 letters, digits or +=,.@-_')
    .option('--remark <text>', 'free text')
    .option('--email <address>', 'free text')
    .option('--with-key', 'make an access key too, and print it: its secret is shown this once')
    .action((name: string, options: ConnectionOptions & { remark?: string; email?: string; withKey?: boolean }) =>
      finish(async () => {
        const client = await connect(options, io);
        const answer = await client.call<{ Uin: number; SecretId: string; SecretKey: string }>('cam', 'AddUser', {
          Name: name,
          ...(options.remark === undefined ? {} : { Remark: options.remark }),
          ...(options.email === undefined ? {} : { Email: options.email }),
          ...(options.withKey ? { UseApi: 1 } : {}),
        });
        if (options.json) {
          io.out(renderJson(answer));
          return EXIT.ok;
        }
        io.out(`${answer.Uin}\n`);
        if (options.withKey) {
          showNewKey(answer.SecretId, answer.SecretKey, io);
        }
        return EXIT.ok;
      }),
    );

  withConnection(user.command('update'))
    .description('change what is noted of a user; what is left out stays')
    .argument('<name>', 'as `user list` shows it')
    .option('--remark <text>', 'free text')
    .option('--email <address>', 'free text')
    .action((name: string, options: ConnectionOptions & { remark?: string; email?: string }) =>
      finish(async () => {
        const { remark, email } = options;
        if (remark === undefined && email === undefined) {
          throw new DomainError('usage-error', 'say what to change: --remark or --email');
        }
        const client = await connect(options, io);
        const answer = await client.call('cam', 'UpdateUser', {
          Name: name,
          ...(remark === undefined ? {} : { Remark: remark }),
          ...(email === undefined ? {} : { Email: email }),
        });
        io.out(options.json ? renderJson(answer) : `${name} updated\n`);
        return EXIT.ok;
      }),
    );

  withConnection(user.command('list'))
    .description('list the users, oldest first')
    .action((options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const answer = await client.call<{ Data: UserRow[] }>('cam', 'ListUsers');
        const rows = answer.Data.map((row) => [row.Name, String(row.Uin), row.CreateTime, row.Remark]);
        io.out(options.json ? renderJson(answer) : renderTable(['NAME', 'UIN', 'MADE (UTC+8)', 'REMARK'], rows));
        return EXIT.ok;
      }),
    );

  withConnection(user.command('delete'))
    .description('delete a user and detach its policies')
    .argument('<name>', 'as `user list` shows it')
    .option('--force', 'delete its access keys too')
    .action((name: string, options: ConnectionOptions & { force?: boolean }) =>
      finish(async () => {
        const client = await connect(options, io);
        const answer = await client.call('cam', 'DeleteUser', { Name: name, Force: options.force ? 1 : 0 });
        io.out(options.json ? renderJson(answer) : `${name} deleted\n`);
        return EXIT.ok;
      }),
    );
};
