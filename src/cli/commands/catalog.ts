import type { ServeOptions } from '../../app/config.ts';
import type { Rebuilt } from '../../app/rebuild-catalog.ts';
import type { AddCommand } from '../cli.ts';
import { EXIT } from '../exit-codes.ts';
import { withSite } from '../options.ts';
import { renderJson } from '../output.ts';

/** `redkeep catalog rebuild`. */
export const addCatalogCommands: AddCommand = (program, io, finish) => {
  const catalog = program.command('catalog').description('the database of everything that is known beside the backups themselves');

  withSite(catalog.command('rebuild'))
    .description('make a lost catalog anew from the snapshots and manifests in its repository')
    .option('--from-manifests', 'use no snapshot: instances come back detached, users, policies and locks do not')
    .option('--replace', 'also where there is a catalog, which is kept aside')
    .action((options: ServeOptions & { json?: boolean; fromManifests?: boolean; replace?: boolean }) =>
      finish(async () => {
        const { rebuildCatalog } = await import('../../app/rebuild-catalog.ts');
        const { readConfig } = await import('../../app/config.ts');
        const rebuilt = await rebuildCatalog(readConfig(options, io.env), {
          fromManifests: options.fromManifests === true,
          replace: options.replace === true,
        });
        io.out(options.json ? renderJson(rebuilt) : describe(rebuilt));
        return rebuilt.problems.length === 0 ? EXIT.ok : EXIT.failed;
      }),
    );
};

function describe(rebuilt: Rebuilt): string {
  const { snapshot } = rebuilt;
  const lines = [
    ...rebuilt.skipped.map((sentence) => `skipped ${sentence}`),
    snapshot === undefined
      ? 'rebuilt from manifests alone'
      : `restored catalog snapshot ${snapshot.number} of ${new Date(snapshot.takenAt).toISOString()}`,
    ...rebuilt.adopted.map((backupId) => `adopted backup ${backupId}`),
    ...rebuilt.instances.map((instanceId) => `made instance ${instanceId}, detached`),
    ...rebuilt.lost.map((backupId) => `backup ${backupId} has lost its bytes`),
    ...rebuilt.givenUpTasks.map((taskId) => `task ${taskId} was under way and will fail`),
    ...rebuilt.problems,
    ...(rebuilt.keptAt === undefined ? [] : [`the old catalog is kept at ${rebuilt.keptAt}`]),
    `nothing expires before ${new Date(rebuilt.expiryHeldUntil).toISOString()}; now run: redkeep check`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
