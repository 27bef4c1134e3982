import { type Command, Option } from 'commander';

/** Adds the options of a command that calls the API. */
export function withConnection(command: Command): Command {
  return command
    .addOption(new Option('--endpoint <url>', 'where the server answers (REDKEEP_ENDPOINT; default: what the data directory names)'))
    .addOption(new Option('--data-dir <dir>', 'data directory that holds the credential (REDKEEP_DATA_DIR; default ./data)'))
    .addOption(new Option('--region <region>', 'region of the call (REDKEEP_REGION; default ap-guangzhou)'))
    .addOption(new Option('--json', 'print the answer as one JSON document'));
}

/** Adds the options of a command that opens catalog and repository itself. */
export function withSite(command: Command): Command {
  return command
    .option('--data-dir <dir>', 'data directory (REDKEEP_DATA_DIR; default ./data)')
    .option('--catalog <url>', 'sqlite:///path (REDKEEP_CATALOG; default <data-dir>/catalog.db)')
    .option('--storage <url>', 'file:///path (REDKEEP_STORAGE; default <data-dir>/repository)')
    .option('--json', 'print the answer as one JSON document');
}
