import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instanceRow } from '../../test/harness/catalog-rows.ts';
import { pickSeed } from '../../test/harness/random-seed.ts';
import { INSTANCES, type RealSite, steps } from '../../test/harness/retention-commands.ts';
import { RetentionModel } from '../../test/harness/retention-model.ts';
import { openTempCatalog } from '../../test/harness/temp-catalog.ts';

/** `REDKEEP_MODEL_STEPS=10000` and more for a long run. */
const LEAST_STEPS = Number(process.env['REDKEEP_MODEL_STEPS'] ?? 1_500);
const START = Date.UTC(2026, 10, 24, 4);
/** So many runs of up to 100 steps have about this many. */
const STEPS_A_RUN = 40;

test(`retention does what the plain model does, in ${LEAST_STEPS} random steps`, async (t) => {
  const seed = pickSeed(t);
  let done = 0;
  const property = fc.asyncProperty(
    fc.constantFrom(1, 1, 2, 4),
    fc.commands(steps, { maxCommands: 100, size: 'max' }),
    async (keepMin, commands) => {
      await using temp = await openTempCatalog();
      for (const instanceId of INSTANCES) {
        await temp.catalog.instances.insert(instanceRow({ instanceId }));
      }
      const real: RealSite = { catalog: temp.catalog, keepMin, made: 0, steps: 0 };
      await fc.asyncModelRun(() => ({ model: new RetentionModel(START, keepMin), real }), commands);
      assert.deepEqual(await temp.catalog.backups.miscounted(), []);
      done += real.steps;
    },
  );
  // fast-check prints the seed and the shortest run that fails.
  for (let round = 0; done < LEAST_STEPS; round++) {
    await fc.assert(property, { seed: seed + round, numRuns: Math.max(1, Math.ceil((LEAST_STEPS - done) / STEPS_A_RUN)) });
  }
});
