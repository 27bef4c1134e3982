import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { createEventLog } from '../../test/harness/event-log.ts';
import { openTempCatalog, type TempCatalog } from '../../test/harness/temp-catalog.ts';
import type { NewEvent } from '../catalog/events.ts';
import { deliverEvents, signEvent } from './deliver-events.ts';

const SECRET = 'of the webhook';
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 10, 24, 4);

let temp: TempCatalog;
let receiver: Server;
let received: Array<{ headers: IncomingHttpHeaders; body: string }>;
let answer: number;
let now: number;
let outcomes: string[];
beforeEach(async () => {
  temp = await openTempCatalog();
  received = [];
  outcomes = [];
  answer = 204;
  now = START;
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => {
      body += data.toString();
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(answer, answer === 302 ? { location: '/elsewhere' } : {}).end('whatever');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterEach(async () => {
  receiver.close();
  receiver.closeAllConnections();
  await temp[Symbol.asyncDispose]();
});

const event = (key: string, changes: Partial<NewEvent> = {}): NewEvent => ({
  kind: 'schedule-failed',
  key,
  at: START,
  accountId: '100000000001',
  region: 'ap-guangzhou',
  instanceId: 'crs-5a4py64p',
  message: 'it failed – 失败',
  ...changes,
});

const deliver = (url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?x=1`, log = createEventLog()) =>
  deliverEvents({
    events: temp.catalog.events,
    webhook: { url, secret: SECRET },
    clock: { now: () => now },
    log,
    onDelivery: (outcome) => outcomes.push(outcome),
    signal: new AbortController().signal,
  });

test('sends an event once, as JSON under a signature over time and body', async () => {
  assert.equal(await temp.catalog.events.record(event('one')), true);
  assert.equal(await temp.catalog.events.record(event('one')), false);
  now += 5_999;
  await deliver();
  await deliver();
  assert.equal(received.length, 1);
  const { headers, body } = received[0] ?? assert.fail();
  assert.deepEqual(JSON.parse(body), {
    id: 1,
    kind: 'schedule-failed',
    key: 'one',
    time: '2026-11-24T04:00:00.000Z',
    account: '100000000001',
    region: 'ap-guangzhou',
    instance: 'crs-5a4py64p',
    message: 'it failed – 失败',
  });
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['x-redkeep-event'], '1');
  assert.equal(headers['x-redkeep-timestamp'], String(START / 1000 + 5));
  assert.equal(headers['x-redkeep-signature'], `sha256=${signEvent(SECRET, String(START / 1000 + 5), body)}`);
  assert.notEqual(signEvent('another secret', String(START / 1000 + 5), body), signEvent(SECRET, String(START / 1000 + 5), body));
  assert.deepEqual(outcomes, ['taken']);
});

test('user and password of the address go as Basic, and are not told', async () => {
  await temp.catalog.events.record(event('one'));
  const log = createEventLog();
  const { port } = receiver.address() as AddressInfo;
  await deliver(`http://hook:p%40ss-of-the-hook@127.0.0.1:${port}/`, log);
  assert.deepEqual(outcomes, ['taken']);
  assert.equal(received[0]?.headers.authorization, `Basic ${Buffer.from('hook:p@ss-of-the-hook').toString('base64')}`);
  await temp.catalog.events.record(event('two'));
  answer = 500;
  const [refusal] = await Promise.all([log.next('webhook.refused'), deliver(`http://hook:p%40ss-of-the-hook@127.0.0.1:${port}/`, log)]);
  assert.equal(refusal['error'], 'it answered 500');
});

test('signs as documented', () => {
  // printf %s '1700000000.{"id":1}' | openssl dgst -sha256 -hmac secret
  assert.equal(signEvent('secret', '1700000000', '{"id":1}'), '3dd1b9aef568d75f6790a84bd2e5dfa1f44409eef3cbdbd3f10b837376100c11');
});

for (const status of [302, 400, 500]) {
  test(`an answer of ${status} takes nothing: tried again, less and less often, for a day`, async () => {
    await temp.catalog.events.record(event('one'));
    answer = status;
    const gaps: number[] = [];
    let last = now;
    // A look each second would take long; the row says when the next try is due.
    while (now - START <= DAY_MS) {
      const before = received.length;
      await deliver();
      if (received.length > before) {
        gaps.push((now - last) / 1_000);
        last = now;
      }
      now += 10_000;
    }
    assert.deepEqual(gaps.slice(0, 9), [0, 10, 20, 40, 80, 160, 320, 600, 600]);
    assert.ok(outcomes.every((outcome) => outcome === 'refused'));
    now += 1_000_000;
    const tries = received.length;
    answer = 204;
    await deliver();
    assert.equal(received.length, tries, 'given up after a day');
  });
}

for (const hours of [7, 42 * 24]) {
  test(`a clock that is set back by ${hours} hours keeps no event waiting, tried before or not`, async () => {
    const ahead = hours * 3_600_000;
    now += ahead;
    await temp.catalog.events.record(event('tried', { at: now }));
    answer = 503;
    await deliver();
    await temp.catalog.events.record(event('untried', { at: now }));
    now -= ahead;
    await deliver();
    assert.deepEqual(outcomes, ['refused', 'refused'], 'tried at once');
    now += 19_999;
    answer = 204;
    await deliver();
    assert.deepEqual(outcomes, ['refused', 'refused', 'taken'], 'the other waits no longer than a try in vain lets it');
    now += 1;
    await deliver();
    assert.deepEqual(outcomes, ['refused', 'refused', 'taken', 'taken']);
  });
}

test('goes on where it stopped when the receiver is back, in the order of events', async () => {
  await temp.catalog.events.record(event('one'));
  await temp.catalog.events.record(event('two'));
  answer = 503;
  await deliver();
  assert.equal(received.length, 1);
  answer = 200;
  now += 10_000;
  await deliver();
  assert.deepEqual(
    received.map(({ body }) => (JSON.parse(body) as { key: string }).key),
    ['one', 'one', 'two'],
  );
});

test('a receiver that is not there is a refusal like any other', async () => {
  await temp.catalog.events.record(event('one'));
  const { port } = receiver.address() as AddressInfo;
  receiver.close();
  await once(receiver, 'close');
  await deliver(`http://127.0.0.1:${port}/`);
  assert.deepEqual(outcomes, ['refused']);
  assert.equal((await temp.catalog.events.newest('100000000001', 5))[0]?.failedTries, 1);
});
