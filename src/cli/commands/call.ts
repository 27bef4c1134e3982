import { ApiCallError, type Client } from '../../api/client.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { withConnection } from '../options.ts';
import { renderJson } from '../output.ts';
import { readParameters } from '../read-parameters.ts';

/** Codes that mean that the call was written wrongly. */
const MISWRITTEN = /^(InvalidAction|UnknownParameter|MissingParameter|InvalidParameter|InvalidParameterValue)$/;

/** `redkeep call ACTION [--Param value …]`: any action, signed, JSON out. */
export const addCallCommand: AddCommand = (program, io, finish) => {
  withConnection(program.command('call'))
    .description('call any action and print its answer as JSON')
    .argument('<action>', 'such as DescribeInstances')
    .argument(
      '[parameters...]',
      '--Name value …, or --Name.0.Member value for what lies inside; a value that is a JSON number, boolean, array, object or quoted string is ' +
        'sent as such, else as a string',
    )
    .option('--product <product>', 'redis, redkeep, cam, sts, region or tag (default: the one that has the action)')
    .allowUnknownOption()
    .passThroughOptions(false)
    .action((action: string, words: string[], options: ConnectionOptions & { product?: string }) =>
      finish(async () => {
        const parameters = readParameters(words);
        const client = await connect(options, io);
        io.out(renderJson(await callAction(client, { product: options.product, action, parameters })));
        return EXIT.ok;
      }),
    );
};

interface Call {
  /** Where it is not given: redis, or else the product that has the action. */
  readonly product: string | undefined;
  readonly action: string;
  readonly parameters: object;
}

async function callAction(client: Client, { product, action, parameters }: Call): Promise<object> {
  try {
    return await client.call(product ?? 'redis', action, parameters);
  } catch (error) {
    if (!(error instanceof ApiCallError) || !MISWRITTEN.test(error.code)) {
      throw error;
    }
    // Loaded only here: the actions take longer to load than a call takes.
    const { explainCall, productOf } = await import('../explain-call.ts');
    const other = product === undefined && error.code === 'InvalidAction' ? productOf(action) : undefined;
    if (other !== undefined) {
      return callAction(client, { product: other, action, parameters });
    }
    const advice = explainCall(error, { product: product ?? 'redis', action, parameters });
    throw advice === undefined ? error : new ApiCallError(error.code, `${error.message.replace(/\.$/, '')}; ${advice}`, error.requestId);
  }
}
