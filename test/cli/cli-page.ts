import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/cli.ts';
import { EXAMPLES, leafCommands } from '../../src/cli/examples.ts';
import { EXIT_TABLE } from '../../src/cli/exit-codes.ts';
import { withConnection, withSite } from '../../src/cli/options.ts';
import { ROOT } from '../harness/service.ts';
import { JSON_CONTRACTS, type JsonContract } from './json-contract.ts';
import { type Named, namedIn, renderShape } from './json-shape.ts';

export const CLI_PAGE = join(ROOT, 'docs/cli.md');

const silent = { env: {}, interactive: false, out() {}, err() {} };

/** docs/cli.md as the definitions of the commands make it. */
export function toCliPage(): string {
  const program = createProgram(silent, async () => {});
  const server = withConnection(program.createCommand());
  const site = withSite(program.createCommand());
  return `${[
    '<!-- made by `node test/cli/run.ts --write` -->',
    '# Command line',
    'In a checkout `redkeep` is `./redkeep`. `redkeep --help` and the `--help` of each command tell the same. Options, statuses and what `--json` prints are a contract: within a major version they are added to and not changed.',
    [
      '- Results go to standard output, progress and errors to standard error. With `--json` standard output holds one JSON document and nothing else, or nothing where the command failed before it had an answer.',
      '- A terminal sees how far a command is, with rate and remaining time; a pipe or a file never does. Nothing is coloured.',
      '- An instance is named by its id or its name, a backup by its id. What is mistyped is answered with what is near.',
      '- Ctrl-C while a command waits leaves its task alone; the message says how to see it.',
      '- `backup restore` asks before it overwrites, and without a terminal wants `--yes`.',
    ].join('\n'),
    '## Exit status',
    toTable(
      ['status', 'meaning'],
      EXIT_TABLE.map(([code, meaning]) => [String(code), meaning]),
    ),
    'The launcher `./redkeep` gives 3 as well, where it cannot set up.',
    '## Options of every command that calls the server',
    'The key is in the data directory, or in `REDKEEP_SECRET_ID` and `REDKEEP_SECRET_KEY` (and `REDKEEP_TOKEN` of a temporary key).',
    optionTable(server, []),
    '## Options of every command that opens a site itself',
    '`check`, `catalog`, `migrate` and `master-key`. `REDKEEP_MASTER_KEY` holds the master keys where no file shall.',
    optionTable(site, []),
    ...program.commands.filter((command) => command.name() !== 'help').flatMap((command) => toSection(command, server, site)),
    '## Structures',
    'Of the JSON above; a member with `?` may be absent. Times are `yyyy-MM-dd HH:mm:ss` in UTC+8, as in the API.',
    ...structures().map(({ name, shape }) => `**${name}** \`${renderShape(shape)}\``),
  ].join('\n\n')}\n`;
}

function toSection(command: Command, server: Command, site: Command): string[] {
  if (command.commands.length === 0) {
    return toEntry(command.name(), command, { server, site, level: '##' });
  }
  return [
    `## redkeep ${command.name()}`,
    sentence(command.description()),
    ...leafCommands(command, [command.name()]).flatMap(([path, each]) => toEntry(path, each, { server, site, level: '###' })),
  ];
}

function toEntry(path: string, command: Command, { server, site, level }: { server: Command; site: Command; level: string }): string[] {
  const words = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const contract = JSON_CONTRACTS[path];
  return [
    `${level} ${[`redkeep ${path}`, ...words].join(' ').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}`,
    sentence(command.description()),
    path === 'up' ? 'Options are those of `redkeep serve`.' : optionTable(command, toldElsewhere(path, command, server, site)),
    `- Example: \`redkeep ${EXAMPLES[path]}\`${contract === undefined ? '' : `\n${toJsonLine(contract)}`}`,
  ].filter((part) => part !== '');
}

function toldElsewhere(path: string, command: Command, server: Command, site: Command): string[] {
  if (path === 'serve') {
    return [];
  }
  const flags = optionFlags(server);
  return flags.every((each) => optionFlags(command).includes(each)) ? flags : optionFlags(site);
}

function toJsonLine({ shape, answerOf, noWait }: JsonContract): string {
  const what =
    shape === 'any' ? 'as without it' : `\`${renderShape(shape)}\`${answerOf === undefined ? '' : `, the answer of \`${answerOf}\``}`;
  return `- \`--json\`: ${what}${noWait === undefined ? '' : `; with \`--no-wait\` \`${renderShape(noWait)}\``}`;
}

function structures(): Named[] {
  const named = Object.values(JSON_CONTRACTS).flatMap(({ shape }) => namedIn(shape));
  return [...new Map(named.map((each) => [each.name, each])).values()].sort((a, b) => a.name.localeCompare(b.name));
}

function optionFlags(command: Command): string[] {
  return command.options.map(({ flags }) => flags);
}

/** Arguments that the head of the page tells of. */
const TOLD_ONCE = /^its id or its name$|^as `[a-z ]+` shows it$/;

/** Arguments and options, without those that are told elsewhere. */
function optionTable(command: Command, known: readonly string[]): string {
  const rows = [
    ...command.registeredArguments
      .filter(({ description }) => !TOLD_ONCE.test(description))
      .map((argument) => [`\`${argument.name()}\``, argument.description]),
    ...command.options
      .filter(({ flags }) => !known.includes(flags))
      .map((option) => {
        const isTold = option.defaultValue === undefined || option.negate || Array.isArray(option.defaultValue);
        const preset = isTold ? '' : ` (default ${option.defaultValue})`;
        return [`\`${option.flags}\``, `${option.description}${preset}${option.mandatory ? '; must be given' : ''}`];
      }),
  ];
  return rows.length === 0 ? '' : toTable(['option', 'meaning'], rows);
}

function toTable(heading: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const lines = [heading, ...rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<data-dir>', '`<data-dir>`')))];
  const [head = '', ...rest] = lines.map((row) => `| ${row.join(' | ')} |`);
  return [head, `|${'---|'.repeat(heading.length)}`, ...rest].join('\n');
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
