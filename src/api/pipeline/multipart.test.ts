import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type ApiFixture, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { isMultipart } from './multipart.ts';

const TYPE = 'multipart/form-data; boundary=b1';
const part = (name: string, value: string) => `--b1\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

describe('form', () => {
  const is = (body: string, contentType = TYPE) => isMultipart(Buffer.from(body, 'latin1'), contentType);

  test('one part or more, an empty value, further headers and a quoted boundary are well-formed', () => {
    assert.ok(is(`${part('Limit', '5')}--b1--\r\n`));
    assert.ok(is(`${part('Limit', '5')}--b1--`));
    assert.ok(is(`${part('A', '')}${part('B', '\r\n--b\r\n')}--b1--\r\n`));
    const file = '--b1\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1--\r\n';
    assert.ok(is(file));
    assert.ok(is(file, 'multipart/form-data; charset=utf-8; boundary="b1"; x=y'));
    assert.ok(is(file.replace('Content-Disposition: form-data; name="f"', 'content-disposition:form-data;filename=x;name=f')));
  });

  test('anything else is broken', () => {
    const whole = `${part('Limit', '5')}--b1--\r\n`;
    for (const [body, contentType] of [
      ['', TYPE],
      ['{"Limit":5}', TYPE],
      ['--b1--\r\n', TYPE],
      ['--b1', TYPE],
      [part('Limit', '5'), TYPE],
      [`${part('Limit', '5')}--b1-`, TYPE],
      [`${whole}trailing`, TYPE],
      [`preamble\r\n${whole}`, TYPE],
      [whole.replaceAll('\r\n', '\n'), TYPE],
      [whole.replace('name="Limit"', 'x="Limit"'), TYPE],
      [whole.replace('form-data', 'attachment'), TYPE],
      [whole.replace('\r\n\r\n', '\r\n'), TYPE],
      [whole, 'multipart/form-data'],
      [whole, 'multipart/form-data; boundary='],
      [whole, 'multipart/form-data; boundary=b2'],
      [whole, `multipart/form-data; boundary=${'b'.repeat(71)}`],
      [`--b1\r\nX: ${'x'.repeat(9000)}\r\nContent-Disposition: form-data; name=a\r\n\r\n5\r\n--b1--`, TYPE],
    ] as const) {
      assert.equal(is(body, contentType), false, JSON.stringify(body.slice(0, 80)));
    }
  });

  test('every truncation of a well-formed body but that of its last newline is broken', () => {
    const whole = `${part('A', '1')}${part('B', '2')}--b1--\r\n`;
    for (let length = 0; length < whole.length - 2; length++) {
      assert.equal(is(whole.slice(0, length)), false, String(length));
    }
  });

  test('any bytes are judged, never thrown at', () => {
    const piece = fc.constantFrom('--b1', '--', '\r\n', '\r\n\r\n', 'Content-Disposition: form-data; name=a', 'x', '\0');
    fc.assert(fc.property(fc.array(piece), (pieces) => typeof is(pieces.join('')) === 'boolean'));
  });
});

describe('in the pipeline', () => {
  const whole = `${part('Limit', '5')}--b1--\r\n`;
  async function ask(options: object, fixture: ApiFixture) {
    return (await fixture.call('DescribeInstances', {}, { contentType: TYPE, ...options })).Error;
  }

  test('multipart is refused by name, a broken one is InvalidRequest, and the signature comes first', async () => {
    await using fixture = await openApiFixture();
    const refused = { Code: 'UnsupportedProtocol', Message: 'this action does not support Content-Type=`multipart/form-data`' };
    assert.deepEqual(await ask({ body: whole }, fixture), refused);
    const broken = { Code: 'InvalidRequest', Message: 'The multipart request body is malformed.' };
    assert.deepEqual(await ask({ body: '{"Limit":5}' }, fixture), broken);
    assert.deepEqual(await ask({ body: whole, contentType: 'multipart/form-data' }, fixture), broken);
    const forged = { body: 'broken', key: { secretId: 'AKIDroot', secretKey: 'wrong' } };
    assert.equal((await ask(forged, fixture))?.Code, 'AuthFailure.SignatureFailure');
  });

  test('multipart is TC3 only: without X-TC-Action that header is missing', async () => {
    await using fixture = await openApiFixture();
    const raw = {
      method: 'POST',
      path: '/',
      query: 'Action=DescribeInstances',
      headers: { 'content-type': TYPE },
      body: Buffer.from(whole),
      isOversize: false,
    };
    assert.equal((await fixture.send(raw)).Error?.Message, 'The request header is missing a required common parameter `X-TC-Action`.');
  });
});
