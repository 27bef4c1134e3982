import { openApiFixture, insertExample, KEY, INSTANCE_ID, backupRow, at } from './harness/api-fixture.ts';
import { signTc3Request } from './harness/signed-request.ts';
const f = await openApiFixture();
await insertExample(f.catalog);
for (let i = 0; i < 300; i++) await f.catalog.backups.insert(backupRow({ backupId: `b${i}`, startedAt: at('2026-11-01 00:00:00') + i*1000 }));
const raw = signTc3Request({ key: KEY, action: 'DescribeInstanceBackups', timestampS: f.clock.now()/1000, body: JSON.stringify({InstanceId: INSTANCE_ID, Limit: 20, Offset: 0}), host: '127.0.0.1:9530', headers: {'x-tc-traceid': 'x-y'} });
const q = { accountId: '100000000001', region: 'ap-guangzhou', instanceId: INSTANCE_ID, states: ['running','available','converting','converted'] as const, limit: 20, offset: 0 };
const p = (await f.catalog.backups.page(q));
const resp = JSON.parse((await f.api.handle(raw)).body);
async function time(name: string, n: number, fn: () => unknown) { for (let i=0;i<500;i++) await fn(); const t = process.cpuUsage(); for (let i=0;i<n;i++) await fn(); const d = process.cpuUsage(t); console.log(name, ((d.user+d.system)/n).toFixed(1),'us'); }
for (let r=0;r<1;r++){
await time('handle', 20000, () => f.api.handle(raw));
}
await f[Symbol.asyncDispose]();
