import { toRedisBackupSet } from '../src/api/shapes/redis-backup-set.ts';
import { backupRow, at } from './harness/api-fixture.ts';
const base = at('2026-11-01 00:00:00');
const flatten = (s: string) => Buffer.from(s).toString();
const rows = Array.from({length:20},(_, i)=>backupRow({backupId:flatten(`2e4127f8-affe-11e8-941e-4846fb00c7${10+i}`), startedAt: base+i*1000}));
function run(n: string, f: () => unknown) { for (let r=0;r<3;r++){ const t=process.cpuUsage(); for(let i=0;i<20000;i++) f(); const u=process.cpuUsage(t); console.log(n, ((u.user+u.system)/20000).toFixed(2)); } }
run('map', () => rows.map(toRedisBackupSet));
run('map+stringify', () => JSON.stringify(rows.map(toRedisBackupSet)));
const pre = rows.map(toRedisBackupSet);
run('stringify again', () => JSON.stringify(pre));
const fresh = pre.map((r) => ({ ...r }));
run('stringify spread', () => JSON.stringify(fresh));
for (const k of Object.keys(pre[0]!)) {
  const less = pre.map((r) => { const c: any = { ...r }; c[k] = typeof c[k] === 'string' ? flatten(c[k]) : c[k]; return c; });
  const t=process.cpuUsage(); for(let i=0;i<20000;i++) JSON.stringify(less); const u=process.cpuUsage(t); console.log(k, ((u.user+u.system)/20000).toFixed(2));
}
