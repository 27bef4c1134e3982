import { DomainError } from '../../lib/errors.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { withConnection } from '../options.ts';
import { renderJson } from '../output.ts';

/** `redkeep call ACTION [--Param value …]`: any action, signed, JSON out. */
export const addCallCommand: AddCommand = (program, io, finish) => {
  withConnection(program.command('call'))
    .description('call any action and print its answer as JSON')
    .argument('<action>', 'such as DescribeInstances')
    .argument(
      '[parameters...]',
      '--Name value …; a value that is a JSON number, boolean, array or object is sent as such, else as a string',
    )
    .option('--product <product>', 'redis, redkeep, cam or sts', 'redis')
    .allowUnknownOption()
    .passThroughOptions(false)
    .action((action: string, words: string[], options: ConnectionOptions & { product: string }) =>
      finish(async () => {
        const client = await connect(options, io);
        io.out(renderJson(await client.call(options.product, action, readParameters(words))));
        return EXIT.ok;
      }),
    );
};

/** `--Name value` pairs as parameters. Names start with a capital letter on the wire, which keeps them apart from the command's own options. */
function readParameters(words: readonly string[]): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (let i = 0; i < words.length; i += 2) {
    const name = /^--([A-Z][A-Za-z0-9]*)$/.exec(words[i] ?? '')?.[1];
    const value = words[i + 1];
    if (name === undefined || value === undefined) {
      throw new DomainError('usage-error', `parameters are given as --Name value; ${JSON.stringify(words[i])} is not`);
    }
    parameters[name] = readValue(value);
  }
  return parameters;
}

function readValue(text: string): unknown {
  if (!/^(-?\d+(\.\d+)?|true|false|\[.*\]|\{.*\})$/s.test(text)) {
    return text;
  }
  try {
    const value: unknown = JSON.parse(text);
    // A number that JavaScript would round is an identifier: it stays text.
    return typeof value === 'number' && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}
