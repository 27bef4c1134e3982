import { readFile } from 'node:fs/promises';
import type { Client } from '../../api/client.ts';
import { DomainError } from '../../lib/errors.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { withConnection } from '../options.ts';
import { renderJson, renderTable } from '../output.ts';
import { uinOf } from './key.ts';
import { addSimulateCommand } from './simulate.ts';

interface PolicyRow {
  PolicyId: number;
  PolicyName: string;
  Type: number;
  Attachments: number;
  Description: string;
}

const PAGE = 200;

/** `redkeep policy create|update|list|show|delete|attach|detach|simulate`. */
export const addPolicyCommands: AddCommand = (program, io, finish) => {
  const policy = program.command('policy').description('policies, which say what users may do');

  withConnection(policy.command('create'))
    .description('make a policy; prints its id')
    .argument('<name>', '1 to 128 letters, digits or +=,.@-_')
    .requiredOption('--document <file>', 'file with the policy document, JSON')
    .option('--description <text>', 'at most 300 bytes')
    .action((name: string, options: ConnectionOptions & { document: string; description?: string }) =>
      finish(async () => {
        const document = await readDocument(options.document);
        const client = await connect(options, io);
        const answer = await client.call<{ PolicyId: number }>('cam', 'CreatePolicy', {
          PolicyName: name,
          PolicyDocument: document,
          ...(options.description === undefined ? {} : { Description: options.description }),
        });
        io.out(options.json ? renderJson(answer) : `${answer.PolicyId}\n`);
        return EXIT.ok;
      }),
    );

  withConnection(policy.command('update'))
    .description('change a custom policy; what is left out stays')
    .argument('<policy>', 'name or id')
    .option('--document <file>', 'file with the new policy document, JSON')
    .option('--description <text>', 'at most 300 bytes')
    .option('--name <name>', 'new name')
    .action((given: string, options: ConnectionOptions & { document?: string; description?: string; name?: string }) =>
      finish(async () => {
        const { document, description, name } = options;
        if (document === undefined && description === undefined && name === undefined) {
          throw new DomainError('usage-error', 'say what to change: --document, --description or --name');
        }
        const change = {
          ...(document === undefined ? {} : { PolicyDocument: await readDocument(document) }),
          ...(description === undefined ? {} : { Description: description }),
          ...(name === undefined ? {} : { PolicyName: name }),
        };
        const client = await connect(options, io);
        const answer = await client.call('cam', 'UpdatePolicy', { PolicyId: await idOf(given, client), ...change });
        io.out(options.json ? renderJson(answer) : `${given} updated\n`);
        return EXIT.ok;
      }),
    );

  withConnection(policy.command('list'))
    .description('list the policies, preset ones first')
    .option('--user <name>', 'only those of that user')
    .action((options: ConnectionOptions & { user?: string }) =>
      finish(async () => {
        const client = await connect(options, io);
        const policies = options.user === undefined ? await listPolicies(client) : await listOfUser(options.user, client);
        const rows = policies.map((row) => [String(row.PolicyId), row.PolicyName, row.Type === 1 ? 'custom' : 'preset', row.Description]);
        io.out(
          options.json
            ? renderJson({ TotalNum: policies.length, List: policies })
            : renderTable(['ID', 'NAME', 'TYPE', 'DESCRIPTION'], rows),
        );
        return EXIT.ok;
      }),
    );

  withConnection(policy.command('show'))
    .description('print the document of a policy')
    .argument('<policy>', 'name or id')
    .action((given: string, options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const answer = await client.call<{ PolicyDocument: string }>('cam', 'GetPolicy', { PolicyId: await idOf(given, client) });
        io.out(renderJson(options.json ? answer : JSON.parse(answer.PolicyDocument)));
        return EXIT.ok;
      }),
    );

  withConnection(policy.command('delete'))
    .description('delete a custom policy and detach it from every user')
    .argument('<policy>', 'name or id')
    .action((given: string, options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const answer = await client.call('cam', 'DeletePolicy', { PolicyId: [await idOf(given, client)] });
        io.out(options.json ? renderJson(answer) : `${given} deleted\n`);
        return EXIT.ok;
      }),
    );

  const addChange = (name: string, description: string, action: string, parameter: string, done: string) =>
    withConnection(policy.command(name))
      .description(description)
      .argument('<policy>', 'name or id')
      .requiredOption('--user <name>', 'name of the user')
      .action((given: string, options: ConnectionOptions & { user: string }) =>
        finish(async () => {
          const client = await connect(options, io);
          const [PolicyId, uin] = [await idOf(given, client), await uinOf(options.user, client)];
          const answer = await client.call('cam', action, { PolicyId, [parameter]: uin });
          io.out(options.json ? renderJson(answer) : `${given} ${done} ${options.user}\n`);
          return EXIT.ok;
        }),
      );
  addChange('attach', 'give a policy to a user', 'AttachUserPolicy', 'AttachUin', 'attached to');
  addChange('detach', 'take a policy from a user', 'DetachUserPolicy', 'DetachUin', 'detached from');

  addSimulateCommand(policy, io, finish);
};

async function readDocument(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new DomainError('usage-error', `--document: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The id of a policy that is named by its name, or by the id itself. Throws `policy-not-found`. */
async function idOf(given: string, client: Client): Promise<number> {
  const named = (await listPolicies(client, given)).find((row) => row.PolicyName === given);
  if (named !== undefined) {
    return named.PolicyId;
  }
  if (!/^\d{1,15}$/.test(given)) {
    throw new DomainError('policy-not-found', `there is no policy ${given}`, { hint: '`redkeep policy list` shows names and ids' });
  }
  return Number(given);
}

async function listPolicies(client: Client, keyword = ''): Promise<PolicyRow[]> {
  return readAll((page) => client.call<{ List: PolicyRow[] }>('cam', 'ListPolicies', { ...page, Keyword: keyword }));
}

async function listOfUser(user: string, client: Client): Promise<PolicyRow[]> {
  const TargetUin = await uinOf(user, client);
  const attached = await readAll((page) => client.call<{ List: PolicyRow[] }>('cam', 'ListAttachedUserPolicies', { ...page, TargetUin }));
  const ids = new Set(attached.map((row) => row.PolicyId));
  return (await listPolicies(client)).filter((row) => ids.has(row.PolicyId));
}

async function readAll(ask: (page: { Page: number; Rp: number }) => Promise<{ List: PolicyRow[] }>): Promise<PolicyRow[]> {
  const rows: PolicyRow[] = [];
  for (let page = 1, more = true; more; page++) {
    const { List } = await ask({ Page: page, Rp: PAGE });
    rows.push(...List);
    more = List.length === PAGE;
  }
  return rows;
}
