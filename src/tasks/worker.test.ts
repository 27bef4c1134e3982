import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { backupRow, instanceRow, newTask } from '../../test/harness/catalog-rows.ts';
import { createEventLog, type EventLog } from '../../test/harness/event-log.ts';
import { openTempCatalog, type TempCatalog } from '../../test/harness/temp-catalog.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { DomainError } from '../lib/errors.ts';
import type { TaskHandler } from './task.ts';
import { startWorker, type Worker, type WorkerOptions } from './worker.ts';

const busy = new DomainError('source-unreachable', 'the source does not answer', { retryable: true });
const facts = { endedAt: 9, sizeBytes: 1, serverKind: 'redis', serverVersion: '7.0.15' };

let temp: TempCatalog;
let catalog: Catalog;
let log: EventLog;
let worker: Worker | undefined;
beforeEach(async () => {
  temp = await openTempCatalog();
  catalog = temp.catalog;
  log = createEventLog();
  worker = undefined;
});
afterEach(async () => {
  await worker?.stop();
  await temp[Symbol.asyncDispose]();
});

/** A worker that only works when it is woken. */
function start(handler: Partial<TaskHandler> & Pick<TaskHandler, 'run'>, options: Partial<WorkerOptions> = {}): Worker {
  const handlers = { 'take-backup': { concurrency: 1, maxTries: 3, ...handler } };
  worker = startWorker({ catalog, handlers, log, owner: 'worker', pollMs: 3_600_000, graceMs: 0, ...options });
  return worker;
}

/** A handler's run that waits until its signal is aborted, and a promise of its start. */
function hang() {
  const started = Promise.withResolvers<AbortSignal>();
  const run: TaskHandler['run'] = async (_task, { signal }) => {
    started.resolve(signal);
    await once(signal, 'abort');
    throw signal.reason;
  };
  return { run, started: started.promise };
}

test('commits the result and the success of a task as one', async () => {
  await catalog.instances.insert(instanceRow());
  await catalog.backups.insert(backupRow());
  const taskId = await catalog.tasks.enqueue(newTask());
  const succeeded = log.next('task.succeeded');
  start({
    run:
      async (task, { lease }) =>
      async (tables) =>
        tables.backups.complete(task.subject, { attempt: lease.token, ...facts }),
  });
  await succeeded;
  assert.equal((await catalog.backups.get('backup-1'))?.state, 'available');
  assert.equal((await catalog.tasks.get(taskId))?.state, 'succeed');
});

test('starts a task at once when woken', async () => {
  const { run, started } = hang();
  const idle = start({ run });
  await catalog.tasks.enqueue(newTask());
  idle.wake();
  await started;
});

test('misses no wake-up that comes while it looks for work', async () => {
  const { claim } = catalog.tasks;
  const { run, started } = hang();
  let looks = 0;
  const watched: Catalog = {
    ...catalog,
    tasks: {
      ...catalog.tasks,
      claim: async (...asked) => {
        const found = await claim(...asked);
        if (looks++ === 0) {
          await catalog.tasks.enqueue(newTask());
          woken.wake();
        }
        return found;
      },
    },
  };
  const woken = start({ run }, { catalog: watched });
  await started;
});

test('finds a task that nobody told of', async () => {
  const { run, started } = hang();
  start({ run }, { pollMs: 5 });
  await catalog.tasks.enqueue(newTask());
  await started;
});

test('runs no more tasks of a kind at once than it may', async () => {
  let runningNow = 0;
  let most = 0;
  let ended = 0;
  const all = Promise.withResolvers<void>();
  for (let index = 0; index < 7; index++) {
    await catalog.tasks.enqueue(newTask());
  }
  start({
    concurrency: 3,
    run: async () => {
      most = Math.max(most, ++runningNow);
      await catalog.tasks.running();
      await new Promise(setImmediate);
      runningNow--;
      if (++ended === 7) {
        all.resolve();
      }
      return undefined;
    },
  });
  await all.promise;
  assert.equal(most, 3);
});

test('tries again later after a retryable error, and says why meanwhile', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const retried = log.next('task.retried');
  start({ run: () => Promise.reject(busy) });
  const { delayMs } = await retried;
  assert.ok(Number(delayMs) >= 500);
  const task = await catalog.tasks.get(taskId);
  assert.deepEqual([task?.state, task?.message, task?.failedTries], ['preparing', 'the source does not answer', 1]);
});

for (const [what, error, maxTries] of [
  ['an error that no later try can mend', new DomainError('source-auth-failed', 'wrong password', { hint: 'set another' }), 3],
  ['an error of the program', new TypeError('wrong password; set another'), 3],
  ['the last try', new DomainError('busy', 'wrong password', { retryable: true, hint: 'set another' }), 1],
] as const) {
  test(`fails the task and what it worked on after ${what}`, async () => {
    await catalog.instances.insert(instanceRow());
    await catalog.backups.insert(backupRow());
    const taskId = await catalog.tasks.enqueue(newTask());
    const failed = log.next('task.failed');
    start({
      maxTries,
      run: () => Promise.reject(error),
      recordFailure: async (task, tables, cause) => {
        assert.equal(cause, error);
        await tables.backups.fail(task.subject, 7);
      },
    });
    await failed;
    const task = await catalog.tasks.get(taskId);
    assert.deepEqual([task?.state, task?.message], ['failed', 'wrong password; set another']);
    assert.equal((await catalog.backups.get('backup-1'))?.state, 'failed');
  });
}

test('fails the task alone where what it worked on is in another state', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const failed = log.next('task.failed');
  start({ run: () => Promise.reject(new Error('no')), recordFailure: (task, tables) => tables.backups.fail(task.subject, 7) });
  await failed;
  const task = await catalog.tasks.get(taskId);
  assert.deepEqual([task?.state, task?.message], ['failed', 'no; and backup backup-1 is not running']);
});

test('fails the task where its result cannot be recorded, and records nothing of it', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const failed = log.next('task.failed');
  start({
    run: async () => async (tables) => {
      await tables.settings.setOnce('half', 'recorded');
      await tables.backups.complete('none', { attempt: 1, ...facts });
    },
  });
  await failed;
  assert.equal((await catalog.tasks.get(taskId))?.state, 'failed');
  assert.equal(await catalog.settings.get('half'), undefined);
});

test('keeps the lease alive and shows progress while a task runs', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const beaten = Promise.withResolvers<void>();
  const { heartbeat } = catalog.tasks;
  const watched: Catalog = {
    ...catalog,
    tasks: {
      ...catalog.tasks,
      heartbeat: async (lease, leaseMs, progress) => {
        await heartbeat(lease, leaseMs, progress);
        beaten.resolve();
      },
    },
  };
  const { run, started } = hang();
  start(
    {
      run: (task, context) => {
        context.setProgress(0.5);
        return run(task, context);
      },
    },
    { catalog: watched, leaseMs: 300 },
  );
  await started;
  await beaten.promise;
  const task = await catalog.tasks.get(taskId);
  assert.deepEqual([task?.state, task?.progress], ['running', 0.5]);
});

test('aborts a task whose lease is lost, and records nothing of it', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const { run, started } = hang();
  const lost = log.next('task.lease-lost');
  start({ run }, { leaseMs: 300 });
  const signal = await started;
  await catalog.tasks.takeOver('somebody-else');
  const other = await catalog.tasks.claim('somebody-else', ['take-backup'], 60_000);
  await lost;
  assert.equal(signal.reason.code, 'lease-lost');
  assert.deepEqual(await catalog.tasks.get(taskId), other?.task);
});

test('goes on with its task after a pause in which the lease ran out, and neither starts it again nor counts a failed try', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const leaseMs = 300;
  const { heartbeat } = catalog.tasks;
  const renewed = Promise.withResolvers<undefined>();
  let paused = false;
  const watched: Catalog = {
    ...catalog,
    tasks: {
      ...catalog.tasks,
      heartbeat: async (...beat) => {
        await heartbeat(...beat);
        if (paused) {
          renewed.resolve(undefined);
        }
      },
    },
  };
  let tries = 0;
  const succeeded = log.next('task.succeeded');
  start(
    {
      concurrency: 2,
      run: async () => {
        tries++;
        // To the worker the same as a stopped process or a machine that sleeps: afterwards every timer is due, the look for work first.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, leaseMs * 2);
        paused = true;
        return renewed.promise;
      },
    },
    { catalog: watched, leaseMs, pollMs: 1 },
  );
  await succeeded;
  const task = await catalog.tasks.get(taskId);
  assert.deepEqual([tries, task?.state, task?.token, task?.failedTries], [1, 'succeed', 1, 0]);
});

test('after a pause, aborts its task where another worker has taken it, and leaves it to that one until it has ended here', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const other = new DatabaseSync(temp.path);
  const { run, started } = hang();
  const lost = log.next('task.lease-lost');
  start({ concurrency: 2, run }, { leaseMs: 300, pollMs: 1 });
  const signal = await started;
  other.exec('update tasks set lease_until = 0');
  const taken = await catalog.tasks.claim('somebody-else', ['take-backup'], 60_000);
  assert.equal(taken?.task.taskId, taskId);
  await lost;
  other.close();
  assert.equal(signal.reason.code, 'lease-lost');
  assert.deepEqual(await catalog.tasks.get(taskId), taken?.task);
});

test('records nothing of a task that ends well after its lease was lost', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const lost = log.next('task.lease-lost');
  start({
    run: async () => {
      await catalog.tasks.takeOver('somebody-else');
      await catalog.tasks.claim('somebody-else', ['take-backup'], 60_000);
      return async (tables) => {
        await tables.settings.setOnce('late', 'recorded');
      };
    },
  });
  await lost;
  assert.equal((await catalog.tasks.get(taskId))?.state, 'running');
  assert.equal(await catalog.settings.get('late'), undefined);
});

test('aborts a task when its lease ran out because no heartbeat reached the catalog, and does not fail it', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const other = new DatabaseSync(temp.path);
  const lost = log.next('task.lease-lost');
  start(
    {
      run: async (_task, { signal }) => {
        other.exec('alter table tasks rename to elsewhere');
        await once(signal, 'abort');
        other.exec('alter table elsewhere rename to tasks');
        throw new Error('broken off');
      },
    },
    { leaseMs: 300 },
  );
  await lost;
  other.close();
  assert.equal((await catalog.tasks.get(taskId))?.state, 'running');
});

test('lets a running task end when it stops', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const proceed = Promise.withResolvers<undefined>();
  const started = log.next('task.started');
  const stopping = start({ run: () => proceed.promise }, { graceMs: 3_600_000 });
  await started;
  const stopped = stopping.stop();
  await catalog.tasks.enqueue(newTask({ subject: 'not started' }));
  stopping.wake();
  proceed.resolve(undefined);
  await stopped;
  assert.equal((await catalog.tasks.get(taskId))?.state, 'succeed');
  assert.equal((await catalog.tasks.ofSubject('not started'))?.token, 0);
});

test('aborts and releases what does not end in time when it stops, for the next start to resume', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const { run, started } = hang();
  const stopping = start({ run, maxTries: 1 });
  const signal = await started;
  await Promise.all([stopping.stop(), stopping.stop()]);
  assert.equal(signal.reason.code, 'worker-stopped');
  const task = await catalog.tasks.get(taskId);
  assert.deepEqual([task?.state, task?.failedTries], ['preparing', 0]);
  assert.equal((await catalog.tasks.claim('next', ['take-backup'], 60_000))?.task.taskId, taskId);
});

test('aborts and releases a task that yields as soon as it stops', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  const { run, started } = hang();
  const stopping = start({ run, yieldsToStop: true }, { graceMs: 3_600_000 });
  const signal = await started;
  await stopping.stop();
  assert.equal(signal.reason.code, 'worker-stopped');
  assert.equal((await catalog.tasks.get(taskId))?.state, 'preparing');
});

test('goes on after a claim that failed', async () => {
  const failed = log.next('worker.claim-failed');
  const other = new DatabaseSync(temp.path);
  other.exec('alter table tasks rename to elsewhere');
  const { run, started } = hang();
  start({ run }, { pollMs: 5 });
  await failed;
  other.exec('alter table elsewhere rename to tasks');
  other.close();
  await catalog.tasks.enqueue(newTask());
  await started;
});

const CLAIMER = `
  const { openCatalog } = await import(process.argv[1]);
  const catalog = await openCatalog(process.argv[2]);
  const { task } = await catalog.tasks.claim('dead', ['take-backup'], 3_600_000);
  process.stdout.write(String(task.token));
  setInterval(() => {}, 60_000);`;

async function claimAndDie(): Promise<void> {
  const module = new URL('../catalog/open-catalog.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', CLAIMER, module, temp.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('resumes the task of a process that was killed between claim and end', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  await claimAndDie();
  assert.equal((await catalog.tasks.get(taskId))?.state, 'running');
  assert.equal(await catalog.tasks.takeOver('worker'), 1);
  const succeeded = log.next('task.succeeded');
  start({ run: async () => undefined });
  await succeeded;
  const task = await catalog.tasks.get(taskId);
  assert.deepEqual([task?.state, task?.token, task?.failedTries], ['succeed', 2, 1]);
});

test('gives a task up that killed its process at every try', async () => {
  const taskId = await catalog.tasks.enqueue(newTask());
  await claimAndDie();
  await catalog.tasks.takeOver('worker');
  const failed = log.next('task.failed');
  start({ maxTries: 1, run: () => assert.fail('was run again') });
  await failed;
  const task = await catalog.tasks.get(taskId);
  assert.deepEqual([task?.state, task?.failedTries], ['failed', 1]);
  assert.match(task?.message ?? '', /gave up after 1/);
});
