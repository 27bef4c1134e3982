import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openAuditLog } from './audit-log.ts';
import { isDomainError } from './errors.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redkeep-audit-'));
  path = join(directory, 'audit.log');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function lines(file = path): Promise<unknown[]> {
  const text = await readFile(file, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

test('an entry is in the file, with its time, when append resolves, and nobody else may read it', async () => {
  const log = await openAuditLog(path, () => Date.UTC(2026, 10, 24, 4));
  await log.append({ event: 'download.started', backupId: 'b' });
  assert.deepEqual(await lines(), [{ at: '2026-11-24T04:00:00.000Z', event: 'download.started', backupId: 'b' }]);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await log.close();
});

test('entries keep the order of their calls, whatever shares a flush, and a text with line ends stays one line', async () => {
  const log = await openAuditLog(path);
  await Promise.all(Array.from({ length: 200 }, (_, i) => log.append({ event: 'e', i, text: 'a\nb' })));
  assert.deepEqual(
    (await lines()).map((line) => (line as { i: number }).i),
    Array.from({ length: 200 }, (_, i) => i),
  );
  await log.close();
});

test('a start goes on behind what is there, and ends a line that a crash has cut', async () => {
  await writeFile(path, '{"event":"whole"}\n{"event":"cu');
  const log = await openAuditLog(path);
  await log.append({ event: 'next' });
  await log.close();
  const [whole, cut, next] = (await readFile(path, 'utf8')).split('\n');
  assert.deepEqual([whole, cut], ['{"event":"whole"}', '{"event":"cu']);
  assert.equal((JSON.parse(next ?? '') as { event: string }).event, 'next');
});

test('a file that was moved away is followed by a new one, and neither loses an entry', async () => {
  const log = await openAuditLog(path);
  await log.append({ event: 'first' });
  await rename(path, `${path}.1`);
  await log.append({ event: 'second' });
  // Copied and made anew, as logrotate's `create` does.
  await rename(path, `${path}.2`);
  await appendFile(path, '');
  await log.append({ event: 'third' });
  await log.close();
  const events = async (file: string) => (await lines(file)).map((line) => (line as { event: string }).event);
  assert.deepEqual([await events(`${path}.1`), await events(`${path}.2`), await events(path)], [['first'], ['second'], ['third']]);
});

test('close waits for entries under way', async () => {
  const log = await openAuditLog(path);
  const appended = log.append({ event: 'late' });
  await log.close();
  await appended;
  assert.equal((await lines()).length, 1);
});

test('an entry that cannot be written is refused, and the next one is written once it can be', async () => {
  const log = await openAuditLog(path);
  await rename(directory, `${directory}-gone`);
  await assert.rejects(log.append({ event: 'lost' }), (error) => isDomainError(error, 'audit-unavailable'));
  await rename(`${directory}-gone`, directory);
  await log.append({ event: 'kept' });
  await log.close();
  assert.deepEqual(
    (await lines()).map((line) => (line as { event: string }).event),
    ['kept'],
  );
});
