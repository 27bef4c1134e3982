import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { withConnection } from '../options.ts';
import { renderJson } from '../output.ts';

interface SimulateOptions extends ConnectionOptions {
  user: string;
  action: string;
  resource?: string;
  ip?: string;
  time?: string;
}

interface Simulation {
  Allowed: boolean;
  Reason: string;
  PolicyId: number;
  PolicyName: string;
  Statement: number;
}

/** `redkeep policy simulate`: exit status 0 where the user may, 1 where not. */
export const addSimulateCommand: AddCommand = (policy, io, finish) => {
  withConnection(policy.command('simulate'))
    .description('tell whether a user may do something and which statement decides; exit status 0 if it may, 1 if not')
    .requiredOption('--user <name>', 'name of the user')
    .requiredOption('--action <action>', 'such as redis:DescribeInstanceBackups')
    .option('--resource <resource>', 'what the call names: an instance id, or qcs::redis:<region>::instance/<id> (default: no instance)')
    .option('--ip <address>', 'address of the caller (default: unknown)')
    .option('--time <time>', '"yyyy-MM-dd HH:mm:ss" in UTC+8 or ISO 8601 (default: now)')
    .action((options: SimulateOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const answer = await client.call<Simulation>('redkeep', 'SimulatePolicy', {
          UserName: options.user,
          PolicyAction: options.action,
          ...(options.resource === undefined ? {} : { Resource: options.resource }),
          ...(options.ip === undefined ? {} : { Ip: options.ip }),
          ...(options.time === undefined ? {} : { Time: options.time }),
        });
        io.out(options.json ? renderJson(answer) : `${describe(answer)}\n`);
        return answer.Allowed ? EXIT.ok : EXIT.failed;
      }),
    );
};

function describe({ Allowed, Reason, PolicyId, PolicyName, Statement }: Simulation): string {
  const by = Statement === 0 ? '' : ` (statement ${Statement} of policy ${PolicyName}, id ${PolicyId})`;
  return `${Allowed ? 'allowed' : 'not allowed'}: ${Reason}${by}`;
}
