import type { Command } from 'commander';
import type { ServeOptions } from '../../app/config.ts';
import type { AddCommand } from '../cli.ts';
import { EXIT } from '../exit-codes.ts';
import { withSite } from '../options.ts';
import { renderJson, renderTable } from '../output.ts';

interface Options extends ServeOptions {
  json?: boolean;
}

/** `redkeep master-key export|import|rotate|list|remove`. */
export const addMasterKeyCommands: AddCommand = (program, io, finish) => {
  const masterKey = program.command('master-key').description('the keys without which no backup can be read');
  const add = (name: string, description: string): Command => withSite(masterKey.command(name)).description(description);
  const load = async (options: Options) => {
    const { readConfig } = await import('../../app/config.ts');
    return readConfig(options, io.env);
  };

  add('export', 'write all keys into a new recovery file, to be kept apart from the backups; safe beside a running server')
    .argument('<file>', 'must not exist yet; mode 0600')
    .action((file: string, options: Options) =>
      finish(async () => {
        const { exportMasterKey } = await import('../../app/master-key.ts');
        const { keyIds } = await exportMasterKey(await load(options), file);
        io.out(options.json ? renderJson({ file, keyIds }) : `${keyIds.length} keys in ${file}: keep it apart from the backups\n`);
        return EXIT.ok;
      }),
    );

  add('import', 'put the keys of a recovery file into a data directory that has none, or add them to those that it has')
    .argument('<file>', 'a recovery file, a copy of keyring.json, or the text of REDKEEP_MASTER_KEY')
    .action((file: string, options: Options) =>
      finish(async () => {
        const { importMasterKey } = await import('../../app/master-key.ts');
        const { keyring, added } = await importMasterKey(await load(options), file);
        io.out(
          options.json
            ? renderJson({ activeKeyId: keyring.activeKeyId, added })
            : `${added.length} keys added, ${keyring.activeKeyId} is active\n`,
        );
        return EXIT.ok;
      }),
    );

  add('rotate', 'make a new active key; the old ones still open what they sealed')
    .option('--output <file>', 'with REDKEEP_MASTER_KEY: a new file for the new value of that variable')
    .action((options: Options & { output?: string }) =>
      finish(async () => {
        const { rotateMasterKey } = await import('../../app/master-key.ts');
        const { keyring, writtenTo } = await rotateMasterKey(await load(options), options.output);
        const next = options.output === undefined ? 'export it: redkeep master-key export FILE' : `set REDKEEP_MASTER_KEY to what is in it`;
        io.out(
          options.json
            ? renderJson({ activeKeyId: keyring.activeKeyId, writtenTo })
            : `${keyring.activeKeyId} is the new key, in ${writtenTo}\nnow ${next}\n`,
        );
        return EXIT.ok;
      }),
    );

  add('list', 'list the ids of the keys and what needs them; safe beside a running server').action((options: Options) =>
    finish(async () => {
      const { listMasterKeys } = await import('../../app/list-master-keys.ts');
      const keys = await listMasterKeys(await load(options));
      const rows = keys.map((key) => [
        key.keyId,
        key.use,
        String(key.backups),
        key.secrets === null ? '?' : String(key.secrets),
        key.isExported ? 'yes' : 'no',
      ]);
      io.out(options.json ? renderJson({ keys }) : renderTable(['ID', 'USE', 'BACKUPS', 'SECRETS', 'EXPORTED'], rows));
      return EXIT.ok;
    }),
  );

  add('remove', 'take out a key that nothing needs any more')
    .argument('<key-id>', 'as `list` shows it')
    .option('--force', 'also where backups need it: they can never be read again')
    .action((keyId: string, options: Options & { force?: boolean }) =>
      finish(async () => {
        const { removeMasterKey } = await import('../../app/remove-master-key.ts');
        const { lostBackups, inEnvironment } = await removeMasterKey(await load(options), keyId, { force: options.force === true });
        if (options.json) {
          io.out(renderJson({ keyId, lostBackups, inEnvironment }));
          return EXIT.ok;
        }
        for (const { backupId } of lostBackups) {
          io.out(`${backupId}: can no longer be read\n`);
        }
        io.out(inEnvironment ? `nothing needs ${keyId}: take it out of REDKEEP_MASTER_KEY now\n` : `${keyId} removed\n`);
        return EXIT.ok;
      }),
    );
};
