import type { ServeOptions } from '../../app/config.ts';
import type { AddCommand } from '../cli.ts';
import { EXIT } from '../exit-codes.ts';
import { withSite } from '../options.ts';
import { renderJson } from '../output.ts';

/** `redkeep migrate`. */
export const addMigrateCommand: AddCommand = (program, io, finish) => {
  withSite(program.command('migrate'))
    .description('bring the schema of the catalog up to date, as `serve` does at its start; refuses beside a running server')
    .action((options: ServeOptions & { json?: boolean }) =>
      finish(async () => {
        const { migrateSite } = await import('../../app/migrate.ts');
        const { readConfig } = await import('../../app/config.ts');
        const migrations = await migrateSite(readConfig(options, io.env));
        if (options.json) {
          io.out(renderJson({ migrations }));
        } else {
          io.out(migrations.length === 0 ? 'nothing to do: the catalog is up to date\n' : migrations.map((name) => `${name}\n`).join(''));
        }
        return EXIT.ok;
      }),
    );
};
