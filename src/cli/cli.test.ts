import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { INSTANCE_ID, instanceRow, KEY } from '../../test/harness/api-fixture.ts';
import { findFreePort } from '../../test/harness/free-port.ts';
import { type LiveApi, openLiveApi } from '../../test/harness/live-api.ts';
import { runCli } from './cli.ts';
import { EXIT_TABLE } from './exit-codes.ts';

const BACKUP_ID = '2e4127f8-affe-11e8-941e-4846fb00c75d';

let live: LiveApi;
let directory: string;
before(async () => {
  live = await openLiveApi();
  directory = await mkdtemp(join(tmpdir(), 'redkeep-cli-'));
  const { instances } = live.fixture.catalog;
  await instances.insert(instanceRow({ instanceId: 'crs-00000001', name: 'twin' }));
  await instances.insert(instanceRow({ instanceId: 'crs-00000002', name: 'twin' }));
  await instances.insert(instanceRow({ instanceId: 'crs-00000003', name: 'moved', state: 'detached', detachedAt: 1 }));
  await instances.insert(instanceRow({ instanceId: 'crs-00000004', name: 'moved' }));
});
after(async () => {
  await live[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function redkeep(args: readonly string[], env: Record<string, string> = {}) {
  let out = '';
  let err = '';
  const status = await runCli(args, {
    env: { REDKEEP_ENDPOINT: `http://127.0.0.1:${live.port}`, REDKEEP_SECRET_ID: KEY.secretId, REDKEEP_SECRET_KEY: KEY.secretKey, ...env },
    interactive: false,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { status, out, err };
}

test('an instance is named by its id or by its name, of which those that are not detached go first', async () => {
  const byId = await redkeep(['backup', 'list', INSTANCE_ID, '--json']);
  assert.deepEqual([byId.status, byId.err], [0, '']);
  assert.deepEqual(await redkeep(['backup', 'list', 'orders', '--json']), byId);
  assert.equal((await redkeep(['schedule', 'show', 'moved'])).status, 0);
  assert.equal((await redkeep(['instance', 'rename', 'moved', 'settled'])).out, 'crs-00000004 renamed\n');
  assert.equal((await redkeep(['event', 'list', '--instance', 'orders'])).status, 0);
});

test('a schedule: days however they are capitalized, and after a stop a word on what starts it anew', async () => {
  const set = (...more: string[]) => redkeep(['schedule', 'set', 'orders', ...more]);
  assert.equal((await set('--days', 'thursday, MONDAY', '--time', '02:00-03:00')).out, 'Monday, Thursday, 02:00-03:00, kept for 7 days\n');
  assert.equal((await redkeep(['schedule', 'stop', 'orders'])).status, 0);
  assert.equal((await set('--time', '03:00-04:00')).out, 'no automatic backups: they were stopped; --days starts them anew\n');
});

describe('what goes wrong has a status and a message that says what to do', () => {
  const cases: Array<[args: string, status: number, message: RegExp, env?: Record<string, string>]> = [
    ['bakcup list', 2, /unknown command 'bakcup'\n\(Did you mean backup\?\)/],
    ['backup lsit orders', 2, /unknown command 'lsit'\n\(Did you mean list\?\)/],
    ['backup list orders --jsno', 2, /unknown option '--jsno'\n\(Did you mean --json\?\)/],
    ['backup list', 2, /missing required argument 'instance'/],
    ['backup list orders --status two', 2, /--status is "two"; it must be a whole number/],
    [
      'call ResetPassword --InstanceId crs-5a4py64p --Password 12345678',
      1,
      /`Password`(?!.*12345678).*it must be a string: --Password '"…"', in quotes/,
    ],
    ['event list --limit -5', 2, /--limit is -5; it must be 1 or more/],
    ['event list --limit 0', 2, /--limit is 0; it must be 1 or more/],
    ['backup verify orders', 2, /give either a backup id or --all/],
    ['backup list twin', 2, /several instances are called twin: crs-00000001, crs-00000002; give the id of one/],
    ['backup list order', 6, /no instance has the id or the name "order"; did you mean crs-5a4py64p \(orders\)\?/],
    ['backup list crs-5a4py46p', 6, /No instance crs-5a4py46p is found in region ap-guangzhou; did you mean crs-5a4py64p \(orders\)\?/],
    ['backup list warehouse', 6, /`redkeep instance list` shows those of the region, and --region names another one/],
    ['backup list crs-zzzzzzzz', 6, /found in region ap-guangzhou; `redkeep instance list` shows those of the region/],
    [`backup show orders ${BACKUP_ID.replace('2e', 'e2')}`, 6, new RegExp(`did you mean ${BACKUP_ID}\\?`)],
    ['backup show orders 6cbb', 6, /did you mean 6cbbf53a-affe-11e8-905b-4846fb00c75d\?/],
    ['backup lock orders zzzz', 6, /`redkeep backup list crs-5a4py64p` shows those that there are/],
    [`backup clone ${BACKUP_ID.slice(0, 35)}`, 6, new RegExp(`did you mean ${BACKUP_ID}\\?`)],
    ['backup restore zzzz --to orders --from orders --yes', 6, /no backup zzzz is found of crs-5a4py64p; see `redkeep instance list`/],
    [
      `backup restore ${BACKUP_ID} --to orders`,
      2,
      /All data of crs-5a4py64p will be overwritten .*; there is no terminal to ask on: add --yes/,
    ],
    ['schedule set', 2, /missing required argument 'instance'/],
    ['schedule add orders', 2, /unknown command 'add'/],
    ['schedule set ordres --time 01:00-02:00', 6, /no instance has the id or the name "ordres"; did you mean crs-5a4py64p/],
    ['schedule set orders --days Mon', 2, /--days has "Mon"; each must be one of Monday, .*; did you mean Monday\?/],
    ['schedule set orders --days Monday, Thursday', 2, /--days has ""; each must be one of .*, with commas and no spaces in between/],
    ['schedule set orders --days Wendesday', 2, /did you mean Wednesday\?/],
    ['schedule set orders --days 1,4', 2, /--days has "1"; each must be one of Monday/],
    ['schedule set orders --time 3', 2, /--time is "3"; it must be one whole hour, .*; did you mean 03:00-04:00\?/],
    ['schedule set orders --time 03:30', 2, /did you mean 03:00-04:00\?/],
    ['schedule set orders --time 23:00-24:00', 2, /did you mean 23:00-00:00\?/],
    ['schedule set orders --time 24:00-01:00', 2, /--time is "24:00-01:00"; it must be one whole hour/],
    ['schedule set orders --time noon', 2, /--time is "noon"; it must be one whole hour/],
    ['schedule set orders --storage-days 30d', 2, /--storage-days is "30d"; it must be a whole number/],
    ['schedule set orders --storage-days 0', 1, /BackupStorageDays is 0; it must be 1 to 1825/],
    ['schedule set orders --storage-days 1826', 1, /BackupStorageDays is 1826; it must be 1 to 1825/],
    ['schedule set moved --tiem 01:00-02:00', 2, /unknown option '--tiem'\n\(Did you mean --time\?\)/],
    ['schedule stop warehouse', 6, /`redkeep instance list` shows those of the region/],
    ['retention resume', 2, /missing required argument 'instance'/],
    ['retention resume ordres', 6, /did you mean crs-5a4py64p/],
    ['retention confirmclock', 2, /unknown command 'confirmclock'\n\(Did you mean confirm-clock\?\)/],
    ['policy show nowhere', 6, /there is no policy nowhere; `redkeep policy list`/],
    ['user delete nobody', 6, /There is no user/],
    ['instance list --region ap-guangzou', 1, /did you mean ap-guangzhou\? regions are ap-bangkok, .*sa-saopaulo/],
    ['instance list --region mars', 1, /there is no region mars; regions are ap-bangkok/],
    ['instance list --endpoint ftp://x', 2, /the endpoint is "ftp:\/\/x"; it must be http/],
    ['instance list', 5, /; the key is the one in REDKEEP_SECRET_ID and REDKEEP_SECRET_KEY/, { REDKEEP_SECRET_ID: 'AKIDnone' }],
    ['instance list', 5, /signature.*; the key is the one in REDKEEP_SECRET_ID/is, { REDKEEP_SECRET_KEY: 'wrong' }],
    ['call DescribInstances', 1, /did you mean DescribeInstances\?/],
    ['call describeinstances', 1, /did you mean DescribeInstances\?/],
    ['call Qwertyuiop', 1, /names of actions are written as in DescribeInstances/],
    ['call GetUser --product redis', 1, /GetUser is an action of --product cam, not of redis/],
    ['call DescribeEvents --Kinds.0 alarm', 1, /Kinds\.0 is "alarm"/],
    ['call GetUser', 1, /GetUser needs --Name/],
    ['call DescribeInstanceBackups --Instnace x', 1, /did you mean InstanceId\?|DescribeInstanceBackups has /],
    ['call DescribeEvents --Limt 5', 1, /did you mean Limit\? DescribeEvents has InstanceId, Kinds, BeginTime, EndTime, Limit, Offset/],
    ['call ModifyResourceTags --Resource x --ReplaceTags.0.TagKy a', 1, /did you mean ReplaceTags\.0\.TagKey\?/],
    ['call DescribeInstances --Limit five', 1, /it must be a whole number, 0 or more/],
    ['call DescribeInstanceBackups --Status 2', 1, /it must be a list, each a whole number: --Status '\[1,2\]' or --Status\.0 1/],
    ['call DescribeInstances --InstanceName 123', 1, /it must be a string: --InstanceName '"123"'/],
    ['call DescribeInstances --product rdis', 2, /there is no product rdis; products are redis, redkeep/],
    ['call DescribeInstances limit 5', 2, /"limit" is no parameter; .*--Limit value/],
  ];
  for (const [args, status, message, env] of cases) {
    test(`${args}${env === undefined ? '' : ` with ${Object.keys(env)}`}`, async () => {
      const refused = await redkeep(args.split(' '), env);
      assert.equal(refused.status, status, refused.err);
      assert.match(refused.err, message);
      assert.equal(refused.out, '');
    });
  }

  test('no server: how one is started', async () => {
    const nowhere = { REDKEEP_ENDPOINT: `127.0.0.1:${await findFreePort()}` };
    const refused = await redkeep(['instance', 'list', '--json'], nowhere);
    assert.deepEqual([refused.status, refused.out], [4, '']);
    assert.match(refused.err, /no answer from http:\/\/127\.0\.0\.1:\d+: .*; is the server running\? start it with \.\/redkeep up/);
  });

  test('a server without TLS: what to name instead', async () => {
    const refused = await redkeep(['instance', 'list'], { REDKEEP_ENDPOINT: `https://127.0.0.1:${live.port}` });
    assert.equal(refused.status, 4);
    assert.equal(
      refused.err,
      `redkeep: no answer from https://127.0.0.1:${live.port}: it does not speak TLS; try http://127.0.0.1:${live.port}\n`,
    );
  });

  test('no key, and a wrong one of a data directory: where it was looked for', async () => {
    const env = { REDKEEP_SECRET_ID: '', REDKEEP_SECRET_KEY: '' };
    const none = await redkeep(['instance', 'list', '--data-dir', directory], env);
    assert.equal(none.status, 5);
    assert.match(none.err, new RegExp(`no credential in ${directory}/default.credential; .*--data-dir, or set REDKEEP_SECRET_ID`));
    await writeFile(join(directory, 'default.credential'), JSON.stringify({ secretId: KEY.secretId, secretKey: 'other' }));
    const wrong = await redkeep(['instance', 'list', '--data-dir', directory], env);
    assert.equal(wrong.status, 5);
    assert.match(wrong.err, new RegExp(`; the key is the one in ${directory}/default.credential\n$`));
  });
});

test('an action is called whatever its product, with nested parameters', async () => {
  const events = await redkeep(['call', 'DescribeEvents', '--Kinds.0', 'proof-failed', '--Kinds.1=schedule-failed']);
  assert.equal(events.status, 0, events.err);
  assert.equal((JSON.parse(events.out) as { TotalCount: number }).TotalCount, 0);
  const user = await redkeep(['call', 'GetUser', '--Name', 'reader']);
  assert.equal((JSON.parse(user.out) as { Name: string }).Name, 'reader');
});

test('tells its version', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  assert.deepEqual(await redkeep(['--version']), { status: 0, out: `${version}\n`, err: '' });
});

test('no two statuses are the same, and help lists each', async () => {
  const { out, status } = await redkeep(['backup', 'list', '--help']);
  assert.equal(status, 0);
  assert.equal(new Set(EXIT_TABLE.map(([code]) => code)).size, EXIT_TABLE.length);
  for (const [code, meaning] of EXIT_TABLE) {
    assert.ok(out.replace(/\s+/g, ' ').includes(`${code} ${meaning}`), `${code} ${meaning}`);
  }
});
