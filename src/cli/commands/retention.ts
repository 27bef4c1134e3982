import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import { withConnection } from '../options.ts';
import { renderJson } from '../output.ts';

/** `redkeep retention resume|confirm-clock`: answers to an alarm expiry-stopped. */
export const addRetentionCommands: AddCommand = (program, io, finish) => {
  const retention = program.command('retention').description('expiry that has stopped and raised an alarm');

  withConnection(retention.command('resume'))
    .description('let more than half of the backups of an instance expire at once, within the next hour')
    .argument('<instance>', 'its id or its name')
    .action((instance: string, options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call('redkeep', 'ResumeExpiry', { InstanceId: instanceId });
        io.out(options.json ? renderJson(answer) : `backups of ${instanceId} expire at the next look, once\n`);
        return EXIT.ok;
      }),
    );

  withConnection(retention.command('confirm-clock'))
    .description('say that the clock of the server is right, and let backups expire by it')
    .action((options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const answer = await client.call<{ ServerTime: string }>('redkeep', 'ConfirmClock', {});
        io.out(options.json ? renderJson(answer) : `believed from the next look on: ${answer.ServerTime} (UTC+8)\n`);
        return EXIT.ok;
      }),
    );
};
