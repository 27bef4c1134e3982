import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCli } from '../../src/cli/cli.ts';
import { INSTANCE_ID, KEY } from '../harness/api-fixture.ts';
import { type LiveApi, openLiveApi } from '../harness/live-api.ts';

let live: LiveApi;
let directory: string;
before(async () => {
  live = await openLiveApi();
  directory = await mkdtemp(join(tmpdir(), 'redkeep-cli-'));
});
after(async () => {
  await live[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function redkeep(args: readonly string[], key: { secretId: string; secretKey: string; token?: string } = KEY): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const env = {
    REDKEEP_ENDPOINT: `http://127.0.0.1:${live.port}`,
    REDKEEP_SECRET_ID: key.secretId,
    REDKEEP_SECRET_KEY: key.secretKey,
    ...(key.token === undefined ? {} : { REDKEEP_TOKEN: key.token }),
  };
  const status = await runCli(args, { env, interactive: false, out: (text) => out.push(text), err: (text) => err.push(text) });
  return { status, out: out.join(''), err: err.join('') };
}

async function json(args: readonly string[]): Promise<Record<string, unknown>> {
  const { status, out, err } = await redkeep([...args, '--json']);
  assert.equal(status, 0, err);
  return JSON.parse(out) as Record<string, unknown>;
}

function readKey(out: string): { secretId: string; secretKey: string } {
  const [, secretId = '', secretKey = ''] = /^REDKEEP_SECRET_ID=(\S+)\nREDKEEP_SECRET_KEY=(\S+)\n$/m.exec(out) ?? [];
  return { secretId, secretKey };
}

test('a user gets a key and a policy, and may then do what that allows', async () => {
  const added = await redkeep(['user', 'add', 'alice', '--remark', 'on call', '--with-key']);
  assert.equal(added.status, 0, added.err);
  assert.match(added.out, /^1000\d{8}\nREDKEEP_SECRET_ID=AKID\w{32}\nREDKEEP_SECRET_KEY=\w{32}\n$/);
  assert.equal(added.err, 'Keep the secret key now: it is not shown again.\n');
  const alice = readKey(added.out);
  const users = await redkeep(['user', 'list']);
  assert.match(users.out, /^NAME {2,}UIN {2,}MADE \(UTC\+8\) {2,}REMARK\n[\s\S]*alice +1000\d{8} +\S+ \S+ +on call\n/);

  const denied = await redkeep(['backup', 'list', INSTANCE_ID], alice);
  assert.equal(denied.status, 5);
  assert.match(denied.err, /you are not authorized to perform operation \(redis:DescribeInstanceBackups\)/);

  const file = join(directory, 'policy.json');
  const statement = { effect: 'allow', action: 'redis:Describe*', resource: `qcs::redis:::instance/${INSTANCE_ID}` };
  await writeFile(file, JSON.stringify({ version: '2.0', statement }, null, 2));
  const created = await redkeep(['policy', 'create', 'orders-readers', '--document', file, '--description', 'reads orders']);
  assert.match(created.out, /^\d{8,10}\n$/, created.err);
  assert.equal((await redkeep(['policy', 'attach', 'orders-readers', '--user', 'alice'])).out, 'orders-readers attached to alice\n');
  const readable = await redkeep(['backup', 'list', INSTANCE_ID], alice);
  assert.equal(readable.status, 0);
  // She may not ask for proofs.
  assert.match(readable.out, /^ID .* PROOF +REMARK$/m);
  assert.match(readable.out, / available +\S+ \S+ +- +For testing$/m);
  assert.deepEqual(JSON.parse((await redkeep(['policy', 'show', created.out.trim()])).out), { version: '2.0', statement });
  const listed = await redkeep(['policy', 'list', '--user', 'alice']);
  assert.equal(listed.out.split('\n').length, 3);
  assert.match(listed.out, /^ID +NAME +TYPE +DESCRIPTION\n\d+ +orders-readers +custom +reads orders\n$/);
  assert.deepEqual((await json(['policy', 'list']))['TotalNum'], 6);

  const simulate = ['policy', 'simulate', '--user', 'alice', '--action', 'redis:DescribeInstanceBackups', '--resource'];
  const may = await redkeep([...simulate, INSTANCE_ID]);
  assert.equal(may.status, 0);
  assert.match(may.out, /^allowed: A statement allows it and none denies it\. \(statement 1 of policy orders-readers, id \d+\)\n$/);
  const mayNot = await redkeep([...simulate, 'crs-00000000', '--ip', '10.0.0.1', '--time', '2026-11-24 12:00:00']);
  assert.equal(mayNot.status, 1);
  assert.equal(mayNot.out, 'not allowed: The action is allowed, but not on this resource or not under these conditions.\n');
  const asJson = await redkeep([...simulate, 'crs-00000000', '--json']);
  assert.deepEqual([asJson.status, (JSON.parse(asJson.out) as { Outcome: string }).Outcome], [1, 'withheld']);

  assert.equal((await redkeep(['policy', 'detach', 'orders-readers', '--user', 'alice'])).out, 'orders-readers detached from alice\n');
  assert.equal((await redkeep(['policy', 'delete', 'orders-readers'])).out, 'orders-readers deleted\n');
  assert.equal((await redkeep(['user', 'delete', 'alice'])).status, 1);
  assert.equal((await redkeep(['user', 'delete', 'alice', '--force'])).out, 'alice deleted\n');
  assert.equal((await redkeep(['backup', 'list', INSTANCE_ID], alice)).status, 5);
});

test('a policy and a user are changed, and what is left out stays', async () => {
  const [before, after] = [join(directory, 'before.json'), join(directory, 'after.json')];
  const statement = { effect: 'allow', action: 'redis:Describe*', resource: '*' };
  await writeFile(before, JSON.stringify({ version: '2.0', statement }));
  await writeFile(after, JSON.stringify({ version: '2.0', statement: { ...statement, effect: 'deny' } }));
  const user = readKey((await redkeep(['user', 'add', 'dora', '--remark', 'old', '--email', 'dora@example.test', '--with-key'])).out);
  const id = (await redkeep(['policy', 'create', 'day', '--document', before, '--description', 'reads'])).out.trim();
  await redkeep(['policy', 'attach', 'day', '--user', 'dora']);
  assert.equal((await redkeep(['instance', 'list'], user)).status, 0);

  const updated = await redkeep(['policy', 'update', 'day', '--document', after]);
  assert.deepEqual([updated.status, updated.out], [0, 'day updated\n'], updated.err);
  assert.equal((await redkeep(['instance', 'list'], user)).status, 5);
  assert.equal((await json(['policy', 'update', id, '--name', 'night', '--description', '']))['PolicyId'], Number(id));
  const shown = await json(['policy', 'show', 'night']);
  assert.deepEqual([shown['PolicyName'], shown['Description']], ['night', '']);
  assert.deepEqual(JSON.parse(String(shown['PolicyDocument'])), { version: '2.0', statement: { ...statement, effect: 'deny' } });
  const preset = await redkeep(['policy', 'update', 'ReadOnlyAccess', '--description', 'x']);
  assert.deepEqual([preset.status, preset.err.includes('ReadOnlyAccess is a preset policy')], [1, true]);
  await writeFile(after, JSON.stringify({ version: '2.0', statement: { ...statement, action: 'redis:Descibe*' } }));
  const slip = await redkeep(['policy', 'update', 'night', '--document', after]);
  assert.deepEqual([slip.status, slip.err.includes('"redis:Descibe*" matches no action')], [1, true]);
  assert.equal((await redkeep(['policy', 'update', 'night'])).status, 2);

  assert.equal((await redkeep(['user', 'update', 'dora', '--remark', 'new'])).out, 'dora updated\n');
  const { Data } = (await json(['user', 'list'])) as { Data: Array<Record<string, unknown>> };
  const dora = Data.find(({ Name }) => Name === 'dora');
  assert.deepEqual([dora?.['Remark'], dora?.['Email']], ['new', 'dora@example.test']);
  assert.equal((await redkeep(['user', 'update', 'dora'])).status, 2);
  const nobody = await redkeep(['user', 'update', 'nobody', '--email', '']);
  assert.deepEqual([nobody.status, nobody.err.includes('There is no user')], [6, true]);
});

test('keys are made, listed, switched and deleted', async () => {
  const uin = (await redkeep(['user', 'add', 'bob'])).out.trim();
  const created = await redkeep(['key', 'create', '--user', 'bob', '--description', 'ci']);
  const { secretId, secretKey } = readKey(created.out);
  assert.match(secretKey, /^\w{32}$/);
  const list = await redkeep(['key', 'list', '--user', 'bob']);
  assert.match(list.out, new RegExp(`^ID +STATUS +MADE \\(UTC\\+8\\) +DESCRIPTION\\n${secretId} +Active +\\S+ \\S+ +ci\\n$`));
  assert.ok(!list.out.includes(secretKey));
  const identity = () => redkeep(['call', 'GetCallerIdentity', '--product', 'sts'], { secretId, secretKey });
  assert.equal((JSON.parse((await identity()).out) as { UserId: string }).UserId, uin);
  assert.equal((await redkeep(['key', 'disable', secretId, '--user', 'bob'])).out, `${secretId} disabled\n`);
  assert.equal((await identity()).status, 5);
  assert.equal((await redkeep(['key', 'enable', secretId, '--user', 'bob'])).out, `${secretId} enabled\n`);
  assert.equal((await identity()).status, 0);
  assert.equal((await redkeep(['key', 'delete', secretId, '--user', 'bob'])).out, `${secretId} deleted\n`);
  const { AccessKey } = (await json(['key', 'create', '--user', 'bob'])) as { AccessKey: Record<string, string> };
  assert.deepEqual(Object.keys(AccessKey), ['AccessKeyId', 'SecretAccessKey', 'Status', 'CreateTime', 'Description']);
});

test('a temporary key is taken from the environment', async () => {
  const policy = JSON.stringify({ version: '2.0', statement: { effect: 'allow', action: 'redis:Describe*', resource: '*' } });
  const { out } = await redkeep([
    'call',
    'GetFederationToken',
    '--product',
    'sts',
    '--Name',
    'cli',
    '--Policy',
    encodeURIComponent(policy),
  ]);
  const { Token, TmpSecretId, TmpSecretKey } = (JSON.parse(out) as { Credentials: Record<string, string> }).Credentials;
  const key = { secretId: TmpSecretId ?? '', secretKey: TmpSecretKey ?? '' };
  assert.equal((await redkeep(['instance', 'list'], { ...key, token: Token ?? '' })).status, 0);
  assert.equal((await redkeep(['instance', 'list'], key)).status, 5);
});

test('wrong words and things that are not there have their exit status', async () => {
  assert.equal((await redkeep(['policy', 'create', 'x'])).status, 2);
  const missing = await redkeep(['policy', 'create', 'x', '--document', join(directory, 'none.json')]);
  assert.deepEqual([missing.status, missing.err.includes('--document: ENOENT')], [2, true]);
  const unknown = await redkeep(['policy', 'show', 'nowhere']);
  assert.deepEqual([unknown.status, unknown.err], [6, 'redkeep: there is no policy nowhere; `redkeep policy list` shows names and ids\n']);
  assert.equal((await redkeep(['user', 'delete', 'nobody'])).status, 6);
  for (const command of ['user', 'key', 'policy']) {
    const help = await redkeep([command, '--help']);
    assert.equal(help.status, 0);
    assert.match(help.out, /Exit status: 0 done/);
  }
});
