import { openCatalog } from '../../src/catalog/open-catalog.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { runSchedules } from '../../src/tasks/run-schedules.ts';

// A process of its own that looks at all schedules: `look-at-schedules.ts <catalog url> <instant>` prints how many backups it started.
const [, , url = '', at = ''] = process.argv;
const catalog = await openCatalog(url);
process.stdin.once('data', async () => {
  const started = await runSchedules({ catalog, log: silentLogger, timeZone: '+08:00', onAlarm: () => {} }, Number(at));
  await catalog.close();
  process.stdout.write(`${started}\n`);
  process.stdin.destroy();
});
process.stdout.write('ready\n');
