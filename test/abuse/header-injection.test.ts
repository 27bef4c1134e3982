import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { INSTANCE_ID, KEY } from '../harness/api-fixture.ts';
import { type RawAnswer, sendRaw } from '../harness/raw-http.ts';
import { type SignOptions, signTc3Request, signV1Request } from '../harness/signed-request.ts';
import { type ServedApi, serveApi, toHead } from './served-api.ts';

const INJECTED = 'x\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<html>';

let served: ServedApi;
before(async () => {
  served = await serveApi();
});
after(() => served[Symbol.asyncDispose]());

const timestampS = () => served.fixture.clock.now() / 1000;
const tc3 = (options: Partial<SignOptions>) =>
  signTc3Request({ key: KEY, action: 'DescribeInstances', timestampS: timestampS(), ...options });
const v1 = (parameters: Record<string, string>) =>
  signV1Request({ key: KEY, timestampS: timestampS(), method: 'POST', parameters: { Action: 'DescribeInstances', ...parameters } });

/** The answer's members, after a look at its head: one answer, of its true length, with no header but those that every answer has. */
function read(answer: RawAnswer, more: readonly string[] = []): Record<string, unknown> {
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual([...answer.headers.keys()].sort(), ['connection', 'content-length', 'content-type', 'date', ...more].sort());
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(answer.body, 'latin1')));
  return (JSON.parse(Buffer.from(answer.body, 'latin1').toString()) as { Response: Record<string, unknown> }).Response;
}

test('what a Remark holds comes back as text of the JSON and nowhere else', async () => {
  const asked = await served.send(
    tc3({ action: 'ManualBackupInstance', body: JSON.stringify({ InstanceId: INSTANCE_ID, Remark: INJECTED }) }),
  );
  assert.equal(typeof read(asked)['TaskId'], 'number');
  const listed = read(
    await served.send(tc3({ action: 'DescribeInstanceBackups', body: JSON.stringify({ InstanceId: INSTANCE_ID, Status: [1] }) })),
  );
  assert.deepEqual(
    (listed['BackupSet'] as Array<{ Remark: string }>).map(({ Remark }) => Remark),
    [INJECTED],
  );
});

describe('what a caller chose and an error quotes stays inside the JSON', () => {
  for (const name of [
    'Action',
    'Version',
    'Region',
    'Timestamp',
    'Nonce',
    'SignatureMethod',
    'Language',
    'RequestClient',
    'Token',
    INJECTED,
  ]) {
    test(`parameter ${JSON.stringify(name.slice(0, 20))}`, async () => {
      assert.ok(read(await served.send(v1({ [name]: INJECTED })))['RequestId']);
      assert.ok(read(await served.send(tc3({ method: 'GET', query: new URLSearchParams({ [name]: INJECTED }).toString() })))['Error']);
    });
  }

  test('names and values of a JSON body', async () => {
    assert.ok(read(await served.send(tc3({ body: JSON.stringify({ [INJECTED]: 1 }) })))['Error']);
    assert.ok(read(await served.send(tc3({ body: JSON.stringify({ OrderBy: INJECTED }) })))['Error']);
  });
});

describe('X-TC-TraceId', () => {
  test('comes back where it is plain and short', async () => {
    for (const traceId of ['a', '0f8fad5b-d9cb-469f-a165-70867728950e', 'a.b:c_d', 'x'.repeat(128)]) {
      const answer = await served.send(tc3({ headers: { 'x-tc-traceid': traceId } }));
      read(answer, ['x-tc-traceid']);
      assert.equal(answer.headers.get('x-tc-traceid'), traceId);
    }
  });

  test('does not come back in any other form', async () => {
    for (const traceId of ['a b', 'a%0d%0aSet-Cookie:x', 'x'.repeat(129), '<script>', 'a;b', 'a\tb', 'a"b', '\xe9', 'a,b', '$(id)']) {
      read(await served.send(tc3({ headers: { 'x-tc-traceid': traceId } })));
    }
  });

  test('broken off by a line end makes no second header of the answer', async () => {
    for (const lines of [
      ['X-TC-TraceId: a\r\n Set-Cookie: a=b'],
      ['X-TC-TraceId: a\nSet-Cookie: a=b'],
      ['X-TC-TraceId: a\rSet-Cookie: a=b'],
      ['X-TC-TraceId: a', 'X-TC-TraceId: b\r\n\tc'],
      ['X-TC-TraceId: a\0b'],
    ]) {
      const answer = await sendRaw(served.port, toHead(tc3({ method: 'GET' }), ['Connection: close', ...lines]));
      assert.equal(answer.headers.get('set-cookie'), undefined, answer.text);
      assert.ok(answer.status === 200 || answer.status === 400, answer.text);
      assert.ok(!answer.text.includes('a=b'), answer.text);
    }
  });
});

test('X-TC-Language and Language choose between two languages and nothing else', async () => {
  const messageOf = (answer: RawAnswer) => (read(answer)['Error'] as { Message: string }).Message;
  const english = messageOf(await served.send(tc3({ action: 'Nope' })));
  for (const language of ['zh-CN\tx', 'zh', 'fr-FR', '../zh-CN', 'zh-CN%0d%0a', '__proto__', 'x'.repeat(10_000)]) {
    assert.equal(messageOf(await served.send(tc3({ action: 'Nope', headers: { 'x-tc-language': language } }))), english, language);
    assert.equal(messageOf(await served.send(v1({ Action: 'Nope', Language: `${language}\r\nSet-Cookie: a=b` }))), english, language);
  }
});
