/**
 * Backs up every server version that can be had, loads each backup into every version, and tells what came of it.
 *
 *   node test/versions/run.ts            prints the support matrix
 *   node test/versions/run.ts --write    writes docs/support-matrix.md, if every version could be had; exit status 1 otherwise. Backups that
 *                                        test/fixtures/rdb lacks are put there
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { toRdbFixture } from '../harness/rdb-fixtures.ts';
import { findServers, type ServerName } from '../harness/server-versions.ts';
import { SUPPORT_PAGE, type Tried, toPair, toSupportPage } from './support-matrix.ts';
import { backUpVersion, loadIntoVersion, type VersionBackup } from './try-version.ts';

const { found, absent } = await findServers();
for (const reason of absent.values()) {
  console.error(reason);
}
const directory = await mkdtemp(join(tmpdir(), 'redkeep-versions-'));
try {
  const tried = await tryAll();
  const page = toSupportPage(tried);
  process.stdout.write(page);
  if (process.argv[2] === '--write') {
    if (absent.size > 0) {
      process.exitCode = 1;
    } else {
      await writeFile(SUPPORT_PAGE, page);
      await writeMissingFixtures(tried);
    }
  }
} finally {
  await rm(directory, { recursive: true });
}

async function tryAll(): Promise<Tried> {
  const backups = new Map<ServerName, VersionBackup>();
  const loads = new Map<string, boolean>();
  for (const [writer, program] of found) {
    const backup = await backUpVersion(program, directory);
    backups.set(writer, backup);
    for (const [reader, target] of found) {
      loads.set(toPair(writer, reader), (await loadIntoVersion(target, backup.file)) !== undefined);
    }
  }
  return { backups, loads };
}

async function writeMissingFixtures({ backups }: Tried): Promise<void> {
  for (const [name, { file }] of backups) {
    const packed = zstdCompressSync(await readFile(file), { params: { [constants.ZSTD_c_compressionLevel]: 19 } });
    try {
      await writeFile(toRdbFixture(name), packed, { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
  }
}
