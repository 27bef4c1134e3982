import type { Command } from 'commander';
import type { ServeOptions } from '../../app/config.ts';
import type { AddCommand } from '../cli.ts';

/** Adds the options of a command that serves. */
export function withServeOptions(command: Command): Command {
  return command
    .option('--data-dir <dir>', 'everything that this server keeps on disk (REDKEEP_DATA_DIR; default ./data)')
    .option('--host <address>', 'address to listen on (REDKEEP_HOST; default 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 picks one (REDKEEP_PORT; default 9530)')
    .option('--catalog <url>', 'sqlite:///path (REDKEEP_CATALOG; default <data-dir>/catalog.db)')
    .option('--storage <url>', 'file:///path (REDKEEP_STORAGE; default <data-dir>/repository)')
    .option('--role <role>', 'all (REDKEEP_ROLE); api and worker need a catalog that several processes share')
    .option('--profile <profile>', 'seed or current: which contract holds where the two differ (REDKEEP_PROFILE; default seed)')
    .option('--keep-min <number>', 'how many of the newest backups of each instance stay, however old (REDKEEP_KEEP_MIN; default 1)')
    .option('--public-url <url>', 'where download links lead (REDKEEP_PUBLIC_URL; default: where the caller has reached the server)')
    .option(
      '--trusted-proxies <list>',
      'addresses and CIDR blocks whose X-Forwarded-For is believed (REDKEEP_TRUSTED_PROXIES; default none)',
    )
    .option('--time-zone <zone>', 'zone of the windows of schedules, such as Asia/Shanghai (REDKEEP_TIME_ZONE; default +08:00)')
    .option('--webhook-url <url>', 'where events are sent, signed with REDKEEP_WEBHOOK_SECRET (REDKEEP_WEBHOOK_URL)')
    .option('--proof <policy>', 'all, newest or none: which backups are loaded into a throw-away server (REDKEEP_PROOF; default all)')
    .option('--proof-memory <bytes>', 'what such a server may take, such as 4g (REDKEEP_PROOF_MEMORY; default half of what is available)')
    .option(
      '--scrub-interval <time>',
      'read the stored bytes of each backup again after 7d, 12h…; 0 never (REDKEEP_SCRUB_INTERVAL; default 7d)',
    )
    .option('--scrub-rate <bytes>', 'bytes that a scrub reads in a second (REDKEEP_SCRUB_RATE; default 20m)')
    .option(
      '--replication-listen <address>',
      'where servers that are restored to fetch their data (REDKEEP_REPLICATION_LISTEN; default 127.0.0.1)',
    )
    .option('--replication-advertise <host>', 'how they are told to reach it (REDKEEP_REPLICATION_ADVERTISE; default: as it listens)')
    .option('--replication-plain-text', 'let them fetch it over a network without TLS (REDKEEP_REPLICATION_PLAIN_TEXT=on)')
    .option('--explain-signatures', 'tell callers what differs where a signature fails; on loopback only (REDKEEP_EXPLAIN_SIGNATURES=on)')
    .option('--json', 'print the answer as one JSON document');
}

/** `redkeep serve`. */
export const addServeCommand: AddCommand = (program, io, finish) => {
  withServeOptions(program.command('serve'))
    .description('serve the API and run backups until told to stop')
    .action((options: ServeOptions) =>
      finish(async () => {
        const { serve } = await import('../../app/serve.ts');
        return serve(options, io);
      }),
    );
};
