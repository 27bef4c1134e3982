import { DomainError } from '../../lib/errors.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import { withConnection } from '../options.ts';
import { renderJson, renderTable } from '../output.ts';
import { readWhole } from '../read-whole.ts';

interface ListOptions extends ConnectionOptions {
  instance?: string;
  kind?: string[];
  begin?: string;
  end?: string;
  limit: number;
}

interface EventRow {
  readonly Kind: string;
  readonly Time: string;
  readonly InstanceId: string;
  readonly Message: string;
}

/** The largest page of DescribeEvents. */
const PAGE = 100;

/** `redkeep event list`. */
export const addEventCommands: AddCommand = (program, io, finish) => {
  const event = program.command('event').description('what somebody should hear of; a webhook gets the same');

  withConnection(event.command('list'))
    .description('list events, newest first')
    .option('--instance <instance>', 'only those about this instance, by its id or its name')
    .option('--kind <kinds>', 'comma-separated: schedule-failed, schedule-missed, expiry-stopped, proof-failed, snapshot-failed', (text) =>
      text.split(','),
    )
    .option('--begin <time>', 'at or after "yyyy-MM-dd HH:mm:ss", UTC+8')
    .option('--end <time>', 'at or before "yyyy-MM-dd HH:mm:ss", UTC+8')
    .option('--limit <number>', 'how many at most', readLimit, 50)
    .action((options: ListOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = options.instance === undefined ? undefined : await findInstance(client, options.instance);
        const events: EventRow[] = [];
        let total = 0;
        for (let more = true; more; ) {
          const page = await client.call<{ TotalCount: number; Events: EventRow[] }>('redkeep', 'DescribeEvents', {
            Limit: PAGE,
            Offset: events.length,
            ...(instanceId === undefined ? {} : { InstanceId: instanceId }),
            ...(options.kind === undefined ? {} : { Kinds: options.kind }),
            ...(options.begin === undefined ? {} : { BeginTime: options.begin }),
            ...(options.end === undefined ? {} : { EndTime: options.end }),
          });
          events.push(...page.Events);
          total = page.TotalCount;
          more = page.Events.length === PAGE && events.length < options.limit;
        }
        events.splice(options.limit);
        const rows = events.map((row) => [row.Time, row.Kind, row.InstanceId === '' ? '-' : row.InstanceId, row.Message]);
        io.out(
          options.json
            ? renderJson({ TotalCount: total, Events: events })
            : renderTable(['TIME (UTC+8)', 'KIND', 'INSTANCE', 'MESSAGE'], rows),
        );
        return EXIT.ok;
      }),
    );
};

function readLimit(text: string): number {
  const limit = readWhole('--limit', text);
  if (limit < 1) {
    throw new DomainError('usage-error', `--limit is ${limit}; it must be 1 or more`);
  }
  return limit;
}
