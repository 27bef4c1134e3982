import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { COMPATIBILITY_PAGE, toCompatibilityPage } from '../../conformance/compatibility-page.ts';
import { type Result, ROWS, TERRAFORM_ROWS } from '../../conformance/plan.ts';
import { runConformance } from '../../conformance/run-conformance.ts';

describe('the official clients follow the scenario', () => {
  const results = new Map<string, Result>();
  before(() => runConformance((result) => results.set(result.name, result)));

  for (const { name } of [...ROWS, ...TERRAFORM_ROWS]) {
    test(name, (t) => {
      const result = results.get(name);
      assert.ok(result, 'it was run');
      if (result.outcome === 'skipped') {
        t.skip(result.detail);
        return;
      }
      assert.equal(result.outcome, 'passed', result.detail);
    });
  }

  test('docs/compatibility.md tells the same; `node conformance/run.ts --write` makes it', async (t) => {
    if ([...results.values()].some(({ outcome }) => outcome === 'skipped')) {
      t.skip('not everything can be run here');
      return;
    }
    assert.equal(await readFile(COMPATIBILITY_PAGE, 'utf8'), toCompatibilityPage([...results.values()]));
  });
});
