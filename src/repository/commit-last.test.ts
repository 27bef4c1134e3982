import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { BACKUP_ID, cut, overrideStorage, writeAttempt } from '../../test/harness/attempts.ts';
import { isDomainError } from '../lib/errors.ts';
import { createMemoryStorage } from '../storage/drivers/memory.ts';
import { type ObjectStorage, type StorageErrorCode, storageError } from '../storage/object-storage.ts';
import { createKeyring } from './keyring.ts';
import { createRepository, openRepository } from './repository.ts';

const ref = { backupId: BACKUP_ID, attempt: 1 };
const plain = randomBytes(8000);
const keyring = createKeyring();

/** Every call that changes the storage goes through `step`, which may throw instead of letting it happen. */
function interceptWrites(storage: ObjectStorage, step: (what: string) => void): ObjectStorage {
  return overrideStorage(storage, {
    features: { durable: false, maxObjectBytes: 3500 },
    async put(name, bytes, options) {
      step(`put ${name}`);
      await storage.put(name, bytes, options);
    },
    async create(name, options) {
      step(`create ${name}`);
      const writer = await storage.create(name, options);
      return {
        async append(bytes) {
          step(`append ${name}`);
          await writer.append(bytes);
        },
        async finish() {
          step(`finish ${name}`);
          await writer.finish();
        },
        abort: () => writer.abort(),
      };
    },
  });
}

async function recordSteps(): Promise<string[]> {
  const steps: string[] = [];
  const storage = createMemoryStorage();
  await createRepository(storage, keyring);
  await writeAttempt(
    await openRepository(
      interceptWrites(storage, (what) => steps.push(what)),
      keyring,
    ),
    ref,
    [cut(plain, 1000)],
    { settings: 's' },
  );
  return steps;
}

test('stores the manifest last, when all data objects are finished', async () => {
  const steps = await recordSteps();
  assert.equal(steps.at(-1), `put backups/${BACKUP_ID}/1/manifest`);
  assert.equal(steps.filter((step) => step.startsWith('finish')).length, 3);
  assert.equal(steps.filter((step) => step.includes('manifest')).length, 1);
});

test('is no backup after a crash at any step, and says so', async () => {
  const steps = await recordSteps();
  for (let crashAt = 0; crashAt < steps.length; crashAt++) {
    const storage = createMemoryStorage();
    await createRepository(storage, keyring);
    let step = 0;
    // A dead process does nothing more: from the step on, every write fails, those of the clean-up included.
    const dying = overrideStorage(
      interceptWrites(storage, () => {
        if (step++ >= crashAt) {
          throw new Error('power cut');
        }
      }),
      { delete: () => Promise.reject(new Error('power cut')) },
    );
    await assert.rejects(writeAttempt(await openRepository(dying, keyring), ref, [cut(plain, 1000)], { settings: 's' }), /power cut/);

    const survivor = await openRepository(storage, keyring);
    await assert.rejects(survivor.openAttempt(ref), (error) => isDomainError(error, 'manifest-missing'), `at ${steps[crashAt]}`);
    for (const attempt of await collect(survivor.listAttempts())) {
      assert.equal(attempt.hasManifest, false);
      await survivor.removeAttempt(attempt.ref);
    }
    assert.deepEqual(
      (await collect(storage.list(''))).map(({ name }) => name),
      ['repository.json'],
    );
    // The next attempt is not disturbed by what the dead one left.
    await writeAttempt(survivor, { ...ref, attempt: 2 }, [cut(plain, 1000)]);
    await survivor.verifyAttempt({ ...ref, attempt: 2 });
  }
});

for (const code of ['storage-full', 'storage-unavailable'] as const satisfies readonly StorageErrorCode[]) {
  test(`reports ${code} at any step as such and removes what was stored`, async () => {
    const steps = await recordSteps();
    for (let failAt = 0; failAt < steps.length; failAt++) {
      const storage = createMemoryStorage();
      await createRepository(storage, keyring);
      let step = 0;
      const failing = interceptWrites(storage, (what) => {
        if (step++ === failAt) {
          throw storageError(code, `no luck at ${what}`);
        }
      });
      const written = writeAttempt(await openRepository(failing, keyring), ref, [cut(plain, 1000)], { settings: 's' });
      await assert.rejects(written, (error) => isDomainError(error, code), `at ${steps[failAt]}`);
      assert.deepEqual(
        (await collect(storage.list(''))).map(({ name }) => name),
        ['repository.json'],
        `at ${steps[failAt]}`,
      );
    }
  });
}

test('goes on failing after a failed append, so that no second plaintext meets a nonce', async () => {
  const storage = createMemoryStorage();
  await createRepository(storage, keyring);
  let failOnce = true;
  const failing = interceptWrites(storage, (what) => {
    if (what.startsWith('append') && failOnce) {
      failOnce = false;
      throw storageError('storage-full', 'full for a moment');
    }
  });
  const writer = await (await openRepository(failing, keyring)).startAttempt(ref, 1);
  await writer.appendFrame(0, plain, false);
  for (let i = 0; i < 3; i++) {
    await assert.rejects(writer.appendFrame(0, plain, true), (error) => isDomainError(error, 'storage-full'));
  }
  await writer.abort();
});
