import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { POLICY_CODES } from '../actions/cam/policy-access.ts';
import { PARTS } from '../auth/mistake.ts';
import { actions } from '../registry.ts';
import type { ApiError } from './api-error.ts';
import { apiErrorCodes } from './codes.ts';
import { commonErrors } from './common-errors.ts';
import { type Message, translate } from './message.ts';

const HAN = /\p{Script=Han}/u;

function assertBoth({ en, zh }: Message, what: string): void {
  assert.ok(en !== '' && !HAN.test(en), `${what}: ${en}`);
  assert.match(zh, HAN, what);
}

/** Any common error can be made of texts that are neither English nor Chinese. */
const ARGUMENTS = ['Xyz-1', 'Xyz-2', 'Xyz-3', 'Xyz-4'];
const make = (name: keyof typeof commonErrors) => (commonErrors[name] as (...args: unknown[]) => ApiError)(...ARGUMENTS);
const names = Object.keys(commonErrors) as Array<keyof typeof commonErrors>;

describe('common errors', () => {
  for (const name of names.filter((each) => each !== 'signatureFailure' && each !== 'denied')) {
    test(`${name} has an English and a Chinese text that quote the same`, () => {
      const { text, message } = make(name);
      assertBoth(text, name);
      assert.equal(message, text.en);
      const quotes = (sentence: string) => ARGUMENTS.filter((argument) => sentence.includes(argument));
      // The Chinese type error was seen to name the type, the English one not to.
      assert.deepEqual(quotes(text.zh), name === 'wrongType' ? ['Xyz-1', 'Xyz-2'] : quotes(text.en));
    });
  }

  test('a denial, and a signature failure with and without explanation, have both', () => {
    assertBoth(commonErrors.denied('InvalidParameter.PermissionDenied', 'id', 'redis:X', '*').text, 'denied');
    assertBoth(commonErrors.signatureFailure().text, 'signatureFailure');
    assertBoth(commonErrors.signatureFailure({ en: 'More.', zh: '更多。' }).text, 'signatureFailure');
  });

  test('the texts that the real service was seen to answer are word for word', () => {
    const seen: ReadonlyArray<readonly [ApiError, string, string?]> = [
      [
        commonErrors.signatureFailure(),
        'The provided credentials could not be validated. Please check your signature is correct.',
        '请求签名验证失败，请检查您的签名计算是否正确。',
      ],
      [commonErrors.secretIdNotFound(), 'The SecretId is not found, please ensure that your SecretId is correct.'],
      [commonErrors.tokenFailure(), 'Token verification failed, please check if your Token is correct.'],
      [commonErrors.signatureExpire(), 'The signature is expired, please request again.'],
      [commonErrors.missingHeader('X-TC-Action'), 'The request header is missing a required common parameter `X-TC-Action`.'],
      [commonErrors.missingParameter('Action'), 'The request is missing a required parameter `Action`.'],
      [commonErrors.invalidAction(), 'The request `Action` is invalid or not found.'],
      [commonErrors.malformedParameter('Nonce'), 'Parameter `Nonce` type error.'],
      [
        commonErrors.wrongType('SmsSdkAppId', 'uint64'),
        'The value type of parameter `SmsSdkAppId` is not valid',
        '参数 `SmsSdkAppId` 取值类型错误。参数类型应为 `uint64`。',
      ],
      [commonErrors.unknownParameter('$schema'), 'The parameter `$schema` is not recognized.'],
      [commonErrors.invalidRegion('X-TC-Region'), 'A value specified in `X-TC-Region` is not valid, is unsupported, or cannot be used.'],
      [commonErrors.unsupportedRegion(), 'The action not support this region.'],
      [
        commonErrors.invalidValue('SystemDisk.DiskSize', '50'),
        'The value `50` specified in the parameter `SystemDisk.DiskSize` is not valid',
      ],
      [
        commonErrors.denied('AuthFailure.UnauthorizedOperation', 'r-1', 'tcb:DescribeStaticStore', 'qcs::tcb:ap-shanghai::env/e'),
        'You are not authorized to perform this operation. Check your CAM policies, and ensure that you are using the correct access keys. [[request id:r-1]you are not authorized to perform operation (tcb:DescribeStaticStore)\nresource (qcs::tcb:ap-shanghai::env/e) has no permission\n]',
        '操作未授权，请检查CAM策略。[[request id:r-1]you are not authorized to perform operation (tcb:DescribeStaticStore)\nresource (qcs::tcb:ap-shanghai::env/e) has no permission\n]',
      ],
      [
        commonErrors.requestLimit(6, 5),
        'Your current request times equals to `6` in a second, which exceeds the frequency limit `5` for a second. Please reduce the frequency of calls.',
        '您当前每秒请求 `6` 次，超过了每秒频率上限 `5`，请稍后重试。',
      ],
      [
        commonErrors.oversizeV1(),
        'The provided credentials could not be validated because of exceeding request size limit, please use new signature method `TC3-HMAC-SHA256`.',
      ],
    ];
    for (const [{ text, code }, en, zh = text.zh] of seen) {
      assert.deepEqual(text, { en, zh }, code);
    }
    assert.ok(
      commonErrors.unsupportedContentType('multipart/form-data').message.includes('not support Content-Type=`multipart/form-data`'),
    );
    const source = readFileSync(new URL('common-errors.ts', import.meta.url), 'utf8');
    const marked = [...source.matchAll(/\/\*\*[^/]*\bseen\b[^/]*\*\/\s+(\w+): \(/g)].map(([, name = '']) => name);
    const here = readFileSync(import.meta.filename, 'utf8');
    assert.ok(marked.length >= 15, `${marked}`);
    assert.deepEqual(
      marked.filter((name) => !here.includes(`commonErrors.${name}(`)),
      [],
      'each text that is marked as seen is compared here',
    );
  });

  test('what a caller chose is quoted, but not at any length', () => {
    for (const error of [commonErrors.unknownParameter('x'.repeat(1e6)), commonErrors.wrongType('x'.repeat(1e6), 'bool')]) {
      assert.ok(error.text.en.length < 400 && error.text.zh.length < 400);
    }
  });
});

/** The source of everything that can raise an error, one text. */
const sources = globSync('**/*.ts', { cwd: new URL('..', import.meta.url) })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));

test('every code that can be raised is raised with both texts', () => {
  const common = new Set<string>([
    ...names.map((name) => make(name).code),
    ...(['AuthFailure.UnauthorizedOperation', 'InvalidParameter.PermissionDenied', 'UnauthorizedOperation.NoCAMAuthed'] as const).map(
      (code) => commonErrors.denied(code, '', '', '').code,
    ),
  ]);
  const declared = new Set<string>(actions.flatMap(({ errors }) => errors));
  // Raised by way of a table, with the two texts of a PolicyError.
  const policyCodes = new Set<string>(POLICY_CODES);
  for (const code of Object.keys(apiErrorCodes)) {
    // What is not common is raised by an action through `fail`, whose type has both texts; the next test reads them.
    const isRaised = sources.some((source) => new RegExp(`fail\\(\\s*'${code.replaceAll('.', '\\.')}',`).test(source));
    assert.ok(common.has(code) || (declared.has(code) && (isRaised || policyCodes.has(code))), code);
  }
});

test('every text that is written in the sources is English in `en` and Chinese in `zh`', () => {
  const text = String.raw`(\`(?:[^\`\\]|\\.)*\`|'(?:[^'\\]|\\.)*')`;
  let found = 0;
  for (const source of sources) {
    const english = [...source.matchAll(new RegExp(String.raw`\ben:\s*${text}`, 'g'))].map(([, literal = '']) => literal);
    const chinese = [...source.matchAll(new RegExp(String.raw`\bzh:\s*${text}`, 'g'))].map(([, literal = '']) => literal);
    assert.equal(english.length, chinese.length, source.slice(0, 200));
    for (const [i, en] of english.entries()) {
      if (en !== "''") {
        assertBoth({ en, zh: chinese[i] ?? '' }, en);
        found++;
      }
    }
  }
  assert.ok(found >= 60, `${found} texts`);
});

test('a text is chosen by language', () => {
  const message = { en: 'yes', zh: '是' };
  assert.deepEqual([translate(message, 'en-US'), translate(message, 'zh-CN')], ['yes', '是']);
});

test('every part that an explanation can name has both names', () => {
  for (const [part, text] of Object.entries(PARTS)) {
    assertBoth(text, part);
  }
});
