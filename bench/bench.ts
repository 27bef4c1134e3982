/** `npm run bench [-- start|describe|signature|backup|latency|restore|memory|download …]`: ratios against a named baseline, measured in turns. Figures of one run go into docs/performance.md. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { benchBackup, benchMemory } from './backup.ts';
import { benchDescribe } from './describe.ts';
import { benchDownload } from './download.ts';
import { benchLatency } from './latency.ts';
import { benchRestore } from './restore.ts';
import { benchSignature } from './signature.ts';
import { benchStart } from './start.ts';

const benches: Record<string, () => Promise<string[]>> = {
  start: benchStart,
  describe: benchDescribe,
  signature: benchSignature,
  backup: benchBackup,
  latency: benchLatency,
  restore: benchRestore,
  memory: benchMemory,
  download: benchDownload,
};
const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !(name in benches));
if (unknown !== undefined) {
  throw new Error(`there is no bench ${unknown}; there are ${Object.keys(benches).join(', ')}`);
}
const built = spawnSync(process.execPath, [join(import.meta.dirname, '..', 'scripts', 'build.ts')], { stdio: 'inherit' });
if (built.status !== 0) {
  throw new Error('the bundle could not be built');
}
for (const name of chosen.length === 0 ? Object.keys(benches) : chosen) {
  console.log(`## ${name}`);
  for (const line of (await benches[name]?.()) ?? []) {
    console.log(`- ${line}`);
  }
}
