import type { ServeOptions } from '../../app/config.ts';
import type { AddCommand } from '../cli.ts';
import { withServeOptions } from './serve.ts';

/** `redkeep up`. */
export const addUpCommand: AddCommand = (program, io, finish) => {
  withServeOptions(program.command('up'))
    .description('set up, serve, and show a first real backup of the local instance "demo"')
    .action((options: ServeOptions) =>
      finish(async () => {
        const { up } = await import('../../app/up.ts');
        return up(options, io);
      }),
    );
};
