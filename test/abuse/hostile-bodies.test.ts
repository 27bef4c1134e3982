import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { hashPayload } from '../../src/api/auth/tc3.ts';
import type { RawRequest } from '../../src/api/http-message.ts';
import { MOST_PARAMETERS } from '../../src/api/pipeline/parameters.ts';
import { KEY } from '../harness/api-fixture.ts';
import { bytesInUse, MB } from '../harness/bytes-in-use.ts';
import { parseAnswer, sendRaw } from '../harness/raw-http.ts';
import { type SignOptions, signTc3Request, signV1Request } from '../harness/signed-request.ts';
import { codeOf, type ServedApi, serveApi, toHead } from './served-api.ts';

/** A stall is a failure: each of these takes a fraction of a second. */
const QUICK = { timeout: 20_000 };

let served: ServedApi;
before(async () => {
  served = await serveApi();
});
after(() => served[Symbol.asyncDispose]());

const timestampS = () => served.fixture.clock.now() / 1000;

function post(body: string | Buffer, options: Partial<SignOptions> = {}): RawRequest {
  const request = signTc3Request({
    key: KEY,
    action: 'DescribeInstances',
    timestampS: timestampS(),
    payloadHash: hashPayload(body),
    ...options,
  });
  return { ...request, body: Buffer.from(body) };
}

const send = async (body: string | Buffer, options: Partial<SignOptions> = {}, lines: string[] = []) =>
  codeOf(await served.send(post(body, options), lines));

describe('JSON', () => {
  const DEEP = 100_000;

  test('of 100,000 levels is refused by its first level', QUICK, async () => {
    assert.equal(await send(`${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`), 'UnknownParameter');
    assert.equal(await send(`{"InstanceTags":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`), 'InvalidParameter');
    assert.equal(await send(`{"InstanceId":${'{"InstanceId":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`), 'InvalidParameter');
    assert.equal(await send('['.repeat(DEEP)), 'InvalidParameter');
    assert.equal(await send('{"a":'.repeat(DEEP)), 'InvalidParameter');
  });

  test('of 10 MB in one text, in a million members or in a million elements is answered', QUICK, async () => {
    assert.equal(await send(`{"InstanceName":"${'a'.repeat(10_000_000)}"}`), 'InvalidParameter.InvalidParameter');
    const members = Array.from({ length: 600_000 }, (_, i) => `"m${i}":1`).join();
    assert.equal(await send(`{${members}}`), 'UnknownParameter');
    assert.equal(await send(`{"Status":[${'2,'.repeat(1_000_000)}2]}`), 'ok');
    assert.equal(await send(`{"Limit":${'1'.repeat(1_000_000)}}`), 'InvalidParameter');
  });

  test('with member names that collide in a table by their numbers is answered', QUICK, async () => {
    const names = Array.from({ length: 200_000 }, (_, i) => `"${(i * 16_384) % 4_294_967_295}":1`).join();
    assert.equal(await send(`{${names}}`), 'UnknownParameter');
    const nulls = Array.from({ length: 200_000 }, (_, i) => `"${i}":null`).join();
    assert.equal(await send(`{${nulls}}`), 'UnknownParameter');
  });

  test('that names what every object has changes no object', QUICK, async () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__']) {
      for (const body of [`{"${name}":{"Limit":5}}`, `{"${name}":null}`, `{"InstanceTags":[{"TagKey":"a","TagValue":"b","${name}":{}}]}`]) {
        assert.equal(await send(body), 'UnknownParameter', body);
      }
    }
    assert.equal(await send('{"\\u005f_proto__":{"isOversize":true}}'), 'UnknownParameter');
    assertUnpolluted();
  });

  test('that is no JSON, or no object, is InvalidParameter', QUICK, async () => {
    const texts = [
      '',
      ' ',
      'null',
      '1',
      '"a"',
      '[]',
      '{',
      '{}{}',
      '{"Limit":01}',
      "{'Limit':1}",
      '{"Limit":1,}',
      '{"Limit":NaN}',
      '\ufeff{}',
      '{}\0',
    ];
    for (const text of [...texts, Buffer.from([0x7b, 0xff, 0x7d]), Buffer.from('{"SearchKey":"\xe9"}', 'latin1')]) {
      assert.equal(await send(text), 'InvalidParameter', text.toString());
    }
    assert.equal(await send('{"Limit":1e400}'), 'InvalidParameter');
    assert.equal(await send('{"Limit":"x","Limit":5}'), 'ok');
  });
});

describe('compressed bodies', () => {
  const bomb = gzipSync(Buffer.alloc(200 * MB));

  test('a gzip bomb is refused by its encoding, or read as the bytes that it is, and never inflated', QUICK, async () => {
    const before = await bytesInUse();
    for (const encoding of ['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'gzip, gzip', 'GZIP']) {
      assert.equal(await send(bomb, { headers: { 'content-encoding': encoding } }), 'UnsupportedProtocol', encoding);
    }
    assert.equal(await send(bomb), 'InvalidParameter');
    const form = signV1Request({ key: KEY, timestampS: timestampS(), method: 'POST', parameters: { Action: 'DescribeInstances' } });
    assert.equal(codeOf(await served.send({ ...form, body: bomb }, ['Content-Encoding: gzip'])), 'InvalidParameter');
    assert.ok((await bytesInUse()) - before < 4 * MB);
  });

  test('a transfer encoding of gzip is not taken off either', QUICK, async () => {
    const request = post(bomb);
    const head = toHead(request, ['Transfer-Encoding: gzip, chunked', 'Connection: close']);
    const chunk = Buffer.concat([Buffer.from(`${bomb.length.toString(16)}\r\n`), bomb, Buffer.from('\r\n0\r\n\r\n')]);
    const answer = await sendRaw(served.port, Buffer.concat([head, chunk]));
    assert.ok(answer.status === 400 || codeOf(answer) === 'InvalidParameter', answer.text);
  });

  test('the API and its server have no way to inflate', () => {
    const root = join(import.meta.dirname, '../..');
    for (const path of globSync('src/{api,http}/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))) {
      assert.doesNotMatch(
        readFileSync(join(root, path), 'utf8'),
        /gunzip|inflate|brotliDecompress|zstdDecompress|createUnzip|\bunzip/i,
        path,
      );
    }
  });
});

describe('size', () => {
  test('a body of 100 MB is refused before it is sent', QUICK, async () => {
    const head = toHead(post('{}'), [`Content-Length: ${100 * MB}`]);
    const socket = connect(served.port, '127.0.0.1').setEncoding('latin1');
    socket.write(head);
    const [text] = (await once(socket, 'data')) as [string];
    assert.equal(codeOf(parseAnswer(text)), 'RequestSizeLimitExceeded');
    socket.destroy();
  });

  test('a body without an end is cut off, and little of it is ever held', QUICK, async () => {
    const head = toHead(post('{}'), ['Transfer-Encoding: chunked']);
    const socket = connect(served.port, '127.0.0.1');
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.write(head);
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MB, 0x61), Buffer.from('\r\n')]);
    const before = await bytesInUse();
    let [sent, most] = [0, 0];
    for (; !socket.destroyed; sent++) {
      if (!socket.write(chunk)) {
        await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
      }
      most = sent % 8 === 0 ? Math.max(most, await bytesInUse()) : most;
    }
    assert.ok(sent >= 64 && sent <= 100, `${sent} MB were taken`);
    assert.ok(most < before + 16 * MB, `${most - before} bytes were held`);
    assert.ok((await bytesInUse()) - before < 4 * MB);
  });
});

describe('forms', () => {
  const form = async (text: string, method: 'GET' | 'POST' = 'POST') => {
    const signed = signV1Request({ key: KEY, timestampS: timestampS(), method, parameters: { Action: 'DescribeInstances' } });
    const request = method === 'GET' ? { ...signed, query: text } : { ...signed, body: Buffer.from(text) };
    return codeOf(await served.send(request));
  };
  const signed = async (parameters: Record<string, string>) =>
    codeOf(await served.send(signV1Request({ key: KEY, timestampS: timestampS(), method: 'POST', parameters })));

  test('of more parameters than any action has are refused, whoever sends them', QUICK, async () => {
    assert.equal(await form('a'.repeat(1_000_000)), 'MissingParameter');
    for (const text of ['&'.repeat(1_000_000), 'a&'.repeat(500_000), '='.repeat(1_000_000)]) {
      assert.match(await form(text), /^(?:Invalid|Missing)Parameter$/);
    }
    const many = (count: number) => Array.from({ length: count }, (_, i) => `p${i}=`).join('&');
    assert.equal(await form(many(MOST_PARAMETERS)), 'MissingParameter');
    assert.equal(await form(many(MOST_PARAMETERS + 1)), 'InvalidParameter');
    assert.equal(await form(many(100_000)), 'InvalidParameter');
    assert.equal(await form(many(4_500), 'GET'), 'MissingParameter');
  });

  test('with names that collide in a table by their numbers are answered', QUICK, async () => {
    const parameters = Object.fromEntries(Array.from({ length: 4_900 }, (_, i) => [`Status.${i * 16_384}`, '2']));
    assert.equal(await signed({ Action: 'DescribeInstances', ...parameters }), 'ok');
    const names = Object.fromEntries(Array.from({ length: 4_900 }, (_, i) => [String(i * 16_384), '2']));
    assert.equal(await signed({ Action: 'DescribeInstances', ...names }), 'UnknownParameter');
  });

  test('with names that every object has change no object', QUICK, async () => {
    for (const name of [
      '__proto__',
      'constructor',
      'toString',
      '__proto__.Limit',
      'constructor.prototype.Limit',
      'InstanceTags.0.__proto__',
    ]) {
      assert.equal(await signed({ Action: 'DescribeInstances', [name]: '5' }), 'UnknownParameter', name);
    }
    assert.equal(await signed({ Action: 'DescribeInstances', 'Status.__proto__': '5' }), 'UnknownParameter');
    for (const name of ['__proto__', 'constructor', 'toString']) {
      assert.equal(await signed({ Action: name }), 'InvalidAction', name);
      assert.equal(await signed({ Action: 'DescribeInstances', Version: name }), 'NoSuchVersion', name);
      assert.equal(await signed({ Action: 'DescribeInstances', Region: name }), 'InvalidParameterValue', name);
      assert.equal(await signed({ Action: 'DescribeInstances', SecretId: name }), 'AuthFailure.SecretIdNotFound', name);
    }
    assertUnpolluted();
  });

  test('with the same names in SignedHeaders sign nothing by them', QUICK, async () => {
    const signedHeaders = 'content-type;host;constructor;__proto__;tostring';
    assert.equal(await send('{}', { signedHeaders, signedValues: { constructor: '', ['__proto__']: '' } }), 'ok');
    assertUnpolluted();
  });
});

function assertUnpolluted(): void {
  for (const value of [{}, [], () => {}]) {
    const inherited: string[] = [];
    for (const name in value as object) {
      inherited.push(name);
    }
    assert.deepEqual(inherited, []);
  }
}
