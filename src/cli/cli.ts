import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { addBackupCommands } from './commands/backup.ts';
import { addCallCommand } from './commands/call.ts';
import { addCatalogCommands } from './commands/catalog.ts';
import { addCheckCommand } from './commands/check.ts';
import { addEventCommands } from './commands/event.ts';
import { addInstanceCommands } from './commands/instance.ts';
import { addKeyCommands } from './commands/key.ts';
import { addMasterKeyCommands } from './commands/master-key.ts';
import { addMigrateCommand } from './commands/migrate.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addRetentionCommands } from './commands/retention.ts';
import { addScheduleCommands } from './commands/schedule.ts';
import { addServeCommand } from './commands/serve.ts';
import { addUpCommand } from './commands/up.ts';
import { addUserCommands } from './commands/user.ts';
import { describeFailure } from './describe-failure.ts';
import { addExamples } from './examples.ts';
import { EXIT, EXIT_HELP, type ExitCode, exitCodeOf } from './exit-codes.ts';
import type { Io } from './io.ts';

/** Adds a command to `program`; its action resolves to the exit status, which `finish` takes. */
export type AddCommand = (program: Command, io: Io, finish: Finish) => void;
export type Finish = (run: () => Promise<ExitCode>) => Promise<void>;

const COMMANDS: readonly AddCommand[] = [
  addUpCommand,
  addServeCommand,
  addInstanceCommands,
  addBackupCommands,
  addScheduleCommands,
  addEventCommands,
  addRetentionCommands,
  addUserCommands,
  addKeyCommands,
  addPolicyCommands,
  addMasterKeyCommands,
  addCheckCommand,
  addCatalogCommands,
  addMigrateCommand,
  addCallCommand,
];

/** Every command with its options and help. `finish` is given what a command line has started. */
export function createProgram(io: Io, finish: Finish): Command {
  const program = new Command('redkeep')
    .version(packageJson.version, '--version', 'print the version')
    .description('Backups of Redis and Valkey behind the Tencent Cloud API 3.0.')
    .showHelpAfterError('(add --help for the usage)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .addHelpText('afterAll', EXIT_HELP);
  for (const add of COMMANDS) {
    add(program, io, finish);
  }
  addExamples(program);
  return program;
}

/** Runs one command line (without the program's own name) and resolves to its exit status. Never throws and never ends the process. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  let status: ExitCode = EXIT.ok;
  const program = createProgram(io, async (run) => {
    status = await run();
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    io.err(`redkeep: ${await describeFailure(error)}\n`);
    return exitCodeOf(error);
  }
}
