import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../src/api/client.ts';
import type { Call, Failure, Form, Outcome, Report } from './call.ts';
import type { Client } from './clients.ts';
import { assertElement } from './element-fields.ts';
import { followLife } from './life.ts';

/** Text that each encoding on the way must keep: quotes, markup, URL characters, characters of two to four bytes, no blank at an end. */
export const REMARK = "每日备份 \"a\" 'b' <c d='e'>&amp; 100% + ~*_=?#; naïve Ω 🗄";

const REGION = 'ap-guangzhou';
const REQUEST_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A client whose models know so many fields of an element also has InstanceName among the parameters. */
const KNOWS_NAMES = 15;

/** How long a step may meet the limit of an action, or have it met on purpose. */
const LIMIT_DEADLINE_MS = 120_000;

export type Answer = Readonly<Record<string, unknown>>;
type Elements = ReadonlyArray<Answer>;

export interface ScenarioOptions {
  readonly client: Client;
  readonly form: Form;
  /** `host[:port]` as the client is told it. */
  readonly address: string;
  readonly credential: { readonly secretId: string; readonly secretKey: string };
  readonly ask: (call: Call) => Promise<Report>;
  /** `whole`: all steps; `short`: find, list, two errors, without a new backup. */
  readonly length: 'whole' | 'short';
  /** Also exceeds the limit of the action. */
  readonly withBurst: boolean;
  /** Also the life of an instance of its own. */
  readonly withLife: boolean;
}

/** Follows conformance/scenario.md through one client in one form at one address. Throws at the first step that is not as expected. */
export async function followScenario(options: ScenarioOptions): Promise<void> {
  const { client } = options;
  const caller = createCaller(options);
  const { call, fails } = caller;

  const instances = await call('find the demo instance', 'DescribeInstances', { Limit: 20, Offset: 0 });
  const demo = list(instances['InstanceSet']).find((instance) => instance['InstanceName'] === 'demo');
  assert.ok(demo, 'the demo instance is listed');
  assert.deepEqual([demo['Region'], demo['Status']], [REGION, 2]);
  const InstanceId = String(demo['InstanceId']);
  const describe = (step: string, params: Answer) => listBackups(caller, client, step, { InstanceId, ...params });

  if (options.length === 'whole') {
    await backUpAndFilter(caller, InstanceId, describe);
    if (client.elementFields >= KNOWS_NAMES) {
      const byId = await describe('the first page by id', { Limit: 1 });
      const byName = await listBackups(caller, client, 'the first page by the name alone', { InstanceName: 'demo', Limit: 1 });
      assert.deepEqual(byName, byId);
    }
    await fails('a Limit of 101', 'InvalidParameter.InvalidParameter', { InstanceId, Limit: 101 });
    await fails('an unknown secret id', 'AuthFailure.SecretIdNotFound', { InstanceId }, { secretId: 'AKIDnobody' });
    await fails('an unknown region', 'InvalidParameterValue', { InstanceId }, { region: 'ap-atlantis' });
  } else {
    const { elements } = await describe('list with Status and page', { Limit: 1, Offset: 0, Status: [2] });
    assert.equal(elements.length, 1);
  }
  await fails('an unknown instance', 'ResourceNotFound.InstanceNotExists', { InstanceId: 'crs-00000000' });
  await fails('a wrong key', 'AuthFailure.SignatureFailure', { InstanceId }, { secretKey: 'wrong' });
  if (options.withBurst) {
    await exceedLimit(caller, options, InstanceId);
  }
  if (options.withLife) {
    const { elements } = await describe('a backup to clone', { Limit: 1 });
    await followLife(caller, client, { InstanceId, BackupId: String(elements[0]?.['BackupId']), TypeId: Number(demo['Type']) });
  }
}

async function backUpAndFilter(
  { call }: Caller,
  InstanceId: string,
  describe: (step: string, params: Answer) => Promise<{ total: number; elements: Elements }>,
): Promise<void> {
  const before = await describe('count the backups', { Limit: 1 });
  const { TaskId } = await call('back up with a remark', 'ManualBackupInstance', { InstanceId, Remark: REMARK });
  assert.equal(typeof TaskId, 'number');
  let task = await call('wait for the task', 'DescribeTaskInfo', { TaskId });
  const limit = AbortSignal.timeout(60_000);
  while (task['Status'] !== 'succeed') {
    assert.match(String(task['Status']), /^(?:preparing|running)$/, String(task['TaskMessage']));
    limit.throwIfAborted();
    await delay(50);
    task = await call('wait for the task', 'DescribeTaskInfo', { TaskId });
  }
  assert.deepEqual([task['InstanceId'], task['TaskMessage'], typeof task['TaskType']], [InstanceId, '', 'string']);

  const total = before.total + 1;
  const StartTime = String(task['StartTime']);
  const last = await describe('the last page', { Limit: 2, Offset: Math.floor((total - 1) / 2) * 2 });
  const taken = last.elements.at(-1);
  assert.deepEqual([last.total, taken?.['StartTime'], taken?.['Remark']], [total, StartTime, REMARK]);
  const first = await describe('the first page', { Limit: 1, Offset: 0 });
  const second = await describe('the second page', { Limit: 1, Offset: 1 });
  const both = await describe('two on one page', { Limit: 2, Offset: 0 });
  assert.deepEqual(both.elements, [...first.elements, ...second.elements]);
  const past = await describe('a page past the end', { Limit: 100, Offset: 10_000 });
  assert.deepEqual([past.total, past.elements], [total, []]);

  const times = await describe('from the start of the new backup to that second', { BeginTime: StartTime, EndTime: StartTime });
  assert.deepEqual(times.elements.at(-1), taken);
  assert.ok(times.elements.every((element) => element['StartTime'] === StartTime));
  const since = await describe('from the start of the new backup on', { BeginTime: StartTime });
  assert.deepEqual([since.total, since.elements], [times.total, times.elements]);
  assert.equal((await describe('up to a time long ago', { EndTime: '2018-09-04 12:51:21' })).total, 0);
  const statuses: ReadonlyArray<readonly [number[], number]> = [
    [[2], total],
    [[1, 2, 3, 4], total],
    [[-1, -2], 0],
  ];
  for (const [Status, expected] of statuses) {
    assert.equal((await describe(`Status ${Status}`, { Limit: 2, Status })).total, expected);
  }
}

/** Many at once: so many as the action allows are answered, at least one is refused, and nothing else comes. */
async function exceedLimit({ send, fails }: Caller, options: ScenarioOptions, InstanceId: string): Promise<void> {
  const request = { action: 'DescribeInstanceBackups', params: { InstanceId, Limit: 1 } };
  for (let attempt = 1, isExceeded = false; !isExceeded; attempt++) {
    assert.ok(attempt <= 5, 'no burst was refused');
    const burst = send({ step: 'a burst', times: options.client.isSlow === true ? 2 : 60, ...request });
    const { ok, detail } = options.client.isSlow === true ? await besideFlood(burst, options, InstanceId) : await burst;
    assert.ok(ok && Array.isArray(detail));
    const outcomes = detail as Outcome[];
    for (const outcome of outcomes) {
      if (outcome.ok) {
        assert.equal(list(outcome.detail['BackupSet']).length, 1);
      } else {
        assertFailure(outcome.detail, 'RequestLimitExceeded');
      }
    }
    isExceeded = outcomes.some((outcome) => !outcome.ok);
  }
  if (options.client.retriesLimit === true) {
    // It sends the same signed bytes again after one and two seconds.
    const { detail } = await send({ step: 'a burst that the client retries', times: 30, rateLimitRetries: 2, ...request });
    assert.ok((detail as Outcome[]).every((outcome) => outcome.ok));
  }
  await fails('after the burst', 'ResourceNotFound.InstanceNotExists', { InstanceId: 'crs-00000000' });
}

/** Keeps the limit of the action exceeded by calls of our own until `burst` has ended. */
async function besideFlood(burst: Promise<Report>, options: ScenarioOptions, InstanceId: string): Promise<Report> {
  const client = createClient({ ...options.credential, endpoint: `http://${options.address}`, region: REGION });
  const deadline = AbortSignal.timeout(LIMIT_DEADLINE_MS);
  let hasEnded = false;
  const ended = burst.finally(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    deadline.throwIfAborted();
    const calls = Array.from({ length: 25 }, () => client.call('redis', 'DescribeInstanceBackups', { InstanceId, Limit: 1 }));
    await Promise.allSettled([...calls, delay(100)]);
  }
  return ended;
}

export interface Caller {
  send(call: Partial<Call> & Pick<Call, 'step' | 'action' | 'params'>): Promise<Report>;
  /** An action that must be answered. */
  call(step: string, action: string, params: Answer): Promise<Answer>;
  /** DescribeInstanceBackups, which must fail with that code. */
  fails(step: string, code: string, params: Answer, wrong?: Partial<Call>): Promise<void>;
}

function createCaller({ form, address, credential, ask }: ScenarioOptions): Caller {
  const endpoint = form.isUrl === true ? `http://${address}` : address;
  const send: Caller['send'] = (call) => ask({ ...form, ...credential, endpoint, region: REGION, times: 1, rateLimitRetries: 0, ...call });
  // The steps follow each other faster than the limit of the action allows; as any client would, they wait for the next second.
  const sendWithinLimit: Caller['send'] = async (call) => {
    const deadline = AbortSignal.timeout(LIMIT_DEADLINE_MS);
    for (;;) {
      deadline.throwIfAborted();
      const report = await send(call);
      if (report.ok || (report.detail as Failure).code !== 'RequestLimitExceeded') {
        return report;
      }
      await delay(1000 - (Date.now() % 1000));
    }
  };
  return {
    send,
    async call(step, action, params) {
      const report = await sendWithinLimit({ step, action, params });
      assert.ok(report.ok, `${step}: ${JSON.stringify(report.detail)}`);
      const answer = report.detail as Answer;
      assert.match(String(answer['RequestId']), REQUEST_ID, step);
      return answer;
    },
    async fails(step, code, params, wrong) {
      const report = await sendWithinLimit({ step, action: 'DescribeInstanceBackups', params, ...wrong });
      assert.ok(!report.ok, `${step}: answered ${JSON.stringify(report.detail)}`);
      assertFailure(report.detail as Failure, code);
    },
  };
}

function assertFailure({ code, message, requestId }: Failure, expected: string): void {
  assert.equal(code, expected, message);
  assert.ok(message.length > 0);
  assert.match(requestId, REQUEST_ID);
}

async function listBackups({ call }: Caller, client: Client, step: string, params: Answer): Promise<{ total: number; elements: Elements }> {
  const answer = await call(step, 'DescribeInstanceBackups', params);
  const total = answer['TotalCount'];
  assert.ok(typeof total === 'number', `${step}: TotalCount is ${total}`);
  const elements = list(answer['BackupSet']);
  for (const element of elements) {
    assertElement(element, client.elementFields);
  }
  return { total, elements };
}

/** Some clients leave an empty list out when they write their models down. */
function list(value: unknown): Elements {
  return value === undefined || value === null ? [] : (value as Elements);
}
