import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DomainError } from '../../lib/errors.ts';
import type { Finish } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { downloadFile } from '../download-file.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import { interruptible } from '../interruptible.ts';
import type { Io } from '../io.ts';
import { withConnection } from '../options.ts';
import { renderJson } from '../output.ts';
import { createProgressBar } from '../progress-bar.ts';

interface Links {
  BackupInfos: Array<{ FileName: string; FileSize: number; DownloadUrl: string }>;
}

interface DownloadOptions extends ConnectionOptions {
  output?: string;
  shard: string;
  force?: boolean;
}

/** `redkeep backup download`. */
export function addBackupDownloadCommand(backup: Command, io: Io, finish: Finish): void {
  withConnection(backup.command('download'))
    .description('download the RDB file of a backup, compare its SHA-256, and print where it is; goes on where an earlier run broke off')
    .argument('<instance>', 'its id or its name')
    .argument('<backup-id>', 'as `backup list` shows it')
    .option('-o, --output <path>', 'file, or directory for the file (default: the current directory)')
    .option('--shard <number>', 'which shard', '0')
    .option('--force', 'replace a file that is there already')
    .action((instance: string, backupId: string, options: DownloadOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const { BackupInfos } = await client.call<Links>('redis', 'DescribeBackupUrl', { InstanceId: instanceId, BackupId: backupId });
        const info = /^\d{1,5}$/.test(options.shard) ? BackupInfos[Number(options.shard)] : undefined;
        if (info === undefined) {
          throw new DomainError('usage-error', `--shard is ${options.shard}; the backup has shards 0 to ${BackupInfos.length - 1}`);
        }
        const path = await choosePath(options, info.FileName);
        const bar = createProgressBar(io, 'download');
        try {
          const sha256 = await interruptible(
            io,
            downloadFile({ url: info.DownloadUrl, sizeBytes: info.FileSize }, path, {
              onProgress: (done, total) => bar.update({ done, total }),
            }),
            `the download was broken off; what came is in ${path}.part`,
            'the same command goes on from there',
          );
          bar.end();
          io.out(options.json ? renderJson({ File: path, FileSize: info.FileSize, Sha256: sha256 }) : `${path}\n`);
        } finally {
          bar.end();
        }
        return EXIT.ok;
      }),
    );
}

async function choosePath({ output = '.', force }: DownloadOptions, fileName: string): Promise<string> {
  const given = resolve(output);
  const path = (await isDirectory(given)) ? join(given, fileName) : given;
  if (!force && (await stat(path).catch(() => undefined)) !== undefined) {
    throw new DomainError('file-exists', `${path} is there already`, { hint: 'give another --output, or --force to replace it' });
  }
  return path;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
