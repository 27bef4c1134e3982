import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import type { ClientProfile, HttpProfile } from 'tencentcloud-sdk-nodejs/tencentcloud/common/interface.js';
import type { Client as SdkClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js';
import { type ApiCallError, createClient } from '../../src/api/client.ts';
import { createHttpServer, type HttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type ApiFixture, INSTANCE_ID, insertExample, KEY, openApiFixture } from '../harness/api-fixture.ts';

const require = createRequire(import.meta.url);
const { Client } = require('tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js') as {
  Client: typeof SdkClient;
};

let fixture: ApiFixture;
let server: HttpServer;
let port: number;

before(async () => {
  fixture = await openApiFixture({ clock: systemClock });
  await insertExample(fixture.catalog);
  server = createHttpServer({
    handle: (raw) => fixture.api.handle(raw),
    health: () => true,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  ({ port } = await server.listen('127.0.0.1', 0));
});
after(async () => {
  await server.close();
  await fixture[Symbol.asyncDispose]();
});

interface SdkOptions {
  readonly host: string;
  readonly signMethod?: NonNullable<ClientProfile['signMethod']>;
  readonly reqMethod?: NonNullable<HttpProfile['reqMethod']>;
  readonly secretKey?: string;
  readonly region?: string;
  readonly headers?: Record<string, string>;
}

function connectSdk({ host, signMethod, reqMethod, secretKey = KEY.secretKey, region = 'ap-guangzhou', headers }: SdkOptions): SdkClient {
  return new Client({
    credential: { secretId: KEY.secretId, secretKey },
    region,
    profile: {
      ...(signMethod === undefined ? {} : { signMethod }),
      httpProfile: {
        endpoint: `${host}:${port}`,
        protocol: 'http://',
        ...(reqMethod === undefined ? {} : { reqMethod }),
        ...(headers === undefined ? {} : { headers }),
      },
    },
  });
}

const EXAMPLE_IDS = ['2e4127f8-affe-11e8-941e-4846fb00c75d', '6cbbf53a-affe-11e8-905b-4846fb00c75d'];

for (const host of ['127.0.0.1', 'localhost']) {
  for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA1', 'HmacSHA256'] as const) {
    for (const reqMethod of ['POST', 'GET'] as const) {
      test(`Node SDK: ${signMethod} ${reqMethod} at ${host}`, async () => {
        const client = connectSdk({ host, signMethod, reqMethod });
        const answer = await client.DescribeInstanceBackups({
          InstanceId: INSTANCE_ID,
          Limit: 5,
          Offset: 0,
          Status: [2, -1],
          BeginTime: '2018-09-04 12:51:21',
        });
        assert.equal(answer.TotalCount, 2);
        assert.deepEqual(
          answer.BackupSet?.map((backup) => backup.BackupId),
          EXAMPLE_IDS,
        );
        assert.match(answer.RequestId ?? '', /^[0-9a-f-]{36}$/);
      });
    }
  }
}

describe('Node SDK', () => {
  test('with its defaults', async () => {
    const answer = await connectSdk({ host: '127.0.0.1' }).DescribeInstances({ InstanceIds: [INSTANCE_ID] });
    assert.equal(answer.InstanceSet?.[0]?.Region, 'ap-guangzhou');
  });

  test('reads code, message, request id and trace id of an error', async () => {
    const headers = { 'X-TC-TraceId': 'ffe0c072-8a5d-4e17-8887-a8a60252abca' };
    const client = connectSdk({ host: '127.0.0.1', headers });
    const error = await client.DescribeInstanceBackups({ InstanceId: 'crs-00000000' }).catch((thrown: unknown) => thrown);
    const { code, message, requestId, traceId } = error as { code: string; message: string; requestId: string; traceId: string };
    assert.deepEqual([code, message], ['ResourceNotFound.InstanceNotExists', 'No instance crs-00000000 is found in region ap-guangzhou.']);
    assert.match(requestId, /^[0-9a-f-]{36}$/);
    assert.equal(traceId, headers['X-TC-TraceId']);
  });

  test('is told of a wrong key and a wrong region', async () => {
    const wrongKey = connectSdk({ host: 'localhost', secretKey: 'wrong' });
    await assert.rejects(wrongKey.DescribeInstances({}), { code: 'AuthFailure.SignatureFailure' });
    const wrongRegion = connectSdk({ host: 'localhost', region: 'ap-atlantis' });
    await assert.rejects(wrongRegion.DescribeInstances({}), { code: 'InvalidParameterValue' });
  });

  test('starts a backup and follows its task', async () => {
    const client = connectSdk({ host: '127.0.0.1' });
    const { TaskId } = await client.ManualBackupInstance({ InstanceId: INSTANCE_ID, Remark: '订单 <a & b>', StorageDays: 0 });
    assert.equal(typeof TaskId, 'number');
    const info = await client.DescribeTaskInfo({ TaskId: TaskId ?? 0 });
    assert.deepEqual([info.Status, info.InstanceId], ['preparing', INSTANCE_ID]);
    const running = await client.DescribeInstanceBackups({ InstanceId: INSTANCE_ID, Status: [1] });
    assert.equal(running.BackupSet?.[0]?.Remark, '订单 <a & b>');
  });

  test('schedules automatic backups and reads the schedule', async () => {
    const client = connectSdk({ host: '127.0.0.1' });
    const WeekDays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
    const changed = await client.ModifyAutoBackupConfig({
      InstanceId: INSTANCE_ID,
      WeekDays,
      TimePeriod: '23:00-00:00',
      BackupStorageDays: 7,
    });
    assert.deepEqual([changed.WeekDays, changed.TimePeriod, changed.AutoBackupType], [WeekDays, '23:00-00:00', 1]);
    const read = await client.DescribeAutoBackupConfig({ InstanceId: INSTANCE_ID });
    assert.deepEqual([read.WeekDays, read.TimePeriod, read.BackupStorageDays, read.BinlogStorageDays], [WeekDays, '23:00-00:00', 7, 7]);
    await assert.rejects(client.ModifyAutoBackupConfig({ InstanceId: INSTANCE_ID, TimePeriod: '1-2' }), {
      code: 'InvalidParameter.Period',
    });
  });
});

interface IntlClient {
  DescribeInstanceBackups(request: object, done: (error: Error | null, answer: IntlAnswer) => void): void;
}
interface IntlAnswer {
  readonly TotalCount: number;
  readonly BackupSet: ReadonlyArray<{ readonly BackupId: string }>;
}

/** The package has no types: what is used of it is written down here. */
function connectIntlSdk(signMethod: string | undefined, region: string | undefined): { ask(parameters: object): Promise<IntlAnswer> } {
  const common = (file: string) =>
    require(`tencentcloud-sdk-nodejs-intl-en/tencentcloud/common/${file}.js`) as new (
      ...args: unknown[]
    ) => object;
  const redis = require('tencentcloud-sdk-nodejs-intl-en/tencentcloud/redis/v20180412/index.js') as {
    Client: new (...args: unknown[]) => IntlClient;
    Models: { DescribeInstanceBackupsRequest: new () => { deserialize(parameters: object): void } };
  };
  const HttpProfile = common('profile/http_profile');
  const ClientProfile = common('profile/client_profile');
  const Credential = common('credential');
  const profile = new ClientProfile(signMethod, new HttpProfile('http://', `127.0.0.1:${port}`));
  const client = new redis.Client(new Credential(KEY.secretId, KEY.secretKey), region, profile);
  return {
    ask(parameters) {
      const request = new redis.Models.DescribeInstanceBackupsRequest();
      request.deserialize(parameters);
      const { promise, resolve, reject } = Promise.withResolvers<IntlAnswer>();
      client.DescribeInstanceBackups(request, (error, answer) => (error === null ? resolve(answer) : reject(error)));
      return promise;
    },
  };
}

describe('intl Node SDK', () => {
  for (const signMethod of [undefined, 'TC3-HMAC-SHA256', 'HmacSHA1']) {
    test(`lists with ${signMethod ?? 'its default, v1 HmacSHA256 POST'}`, async () => {
      const answer = await connectIntlSdk(signMethod, 'ap-guangzhou').ask({ InstanceId: INSTANCE_ID, Limit: 5, Offset: 0, Status: [2] });
      assert.equal(answer.TotalCount, 2);
      assert.deepEqual(
        answer.BackupSet.map((backup) => backup.BackupId),
        EXAMPLE_IDS,
      );
    });
  }

  test('without a region sends the text null, which is no region', async () => {
    await assert.rejects(connectIntlSdk('TC3-HMAC-SHA256', undefined).ask({ InstanceId: INSTANCE_ID }), { code: 'InvalidParameterValue' });
  });

  test('reads code and message of an error', async () => {
    await assert.rejects(connectIntlSdk(undefined, 'ap-guangzhou').ask({ InstanceId: 'x' }), (error: unknown) => {
      const { code, message } = error as { code: string; message: string };
      assert.equal(code, 'InvalidParameter.InvalidParameter');
      assert.match(message, /^InstanceId is "x"/);
      return true;
    });
  });
});

describe('our own client', () => {
  const options = { ...KEY, region: 'ap-guangzhou' };

  test('calls any action of any product', async () => {
    const client = createClient({ ...options, endpoint: `http://127.0.0.1:${port}` });
    const answer = await client.call<{ TotalCount: number }>('redis', 'DescribeInstanceBackups', { InstanceId: INSTANCE_ID, Status: [2] });
    assert.equal(answer.TotalCount, 2);
    const attached = await client.call('redkeep', 'AttachInstance', { InstanceName: 'x', Host: '127.0.0.1', Port: 1 });
    assert.match(String(attached['InstanceId']), /^crs-/);
  });

  test('throws the code, message and request id of an error', async () => {
    const client = createClient({ ...options, endpoint: `http://localhost:${port}` });
    await assert.rejects(client.call('redis', 'DescribeTaskInfo', { TaskId: 12345 }), (error: ApiCallError) => {
      assert.deepEqual([error.name, error.code], ['ApiCallError', 'InvalidParameter.InvalidParameter']);
      assert.equal(error.message, 'TaskId 12345 is not a task in region ap-guangzhou.');
      assert.match(error.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  });

  test('tells an endpoint that does not answer, one that is no API, and words that are none', async () => {
    const free = createHttpServer({
      handle: async () => ({ headers: {}, body: 'hello' }),
      health: () => true,
      metrics: async () => ({ contentType: '', text: '' }),
    });
    const { port: other } = await free.listen('127.0.0.1', 0);
    const client = createClient({ ...options, endpoint: `http://127.0.0.1:${other}` });
    await assert.rejects(client.call('redis', 'DescribeInstances'), { code: 'answer-malformed' });
    await free.close();
    await assert.rejects(client.call('redis', 'DescribeInstances'), { code: 'server-unreachable' });
    await assert.rejects(client.call('cvm', 'DescribeInstances'), { code: 'product-unknown' });
    assert.throws(() => createClient({ ...options, endpoint: 'ftp://x' }), { code: 'endpoint-invalid' });
  });
});
