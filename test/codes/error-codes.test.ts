import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { AnyAction } from '../../src/api/action.ts';
import { actions } from '../../src/api/registry.ts';
import { PRODUCT_VERSIONS } from '../../src/api/versions.ts';
import { type ServedApi, serveApi } from '../abuse/served-api.ts';
import { type Answer, insertManaged, KEY } from '../harness/api-fixture.ts';
import { signTc3Request } from '../harness/signed-request.ts';
import { ABSENT_CODES, GATEWAY_CODES } from './absent-codes.ts';
import { accessProvocations } from './access-provocations.ts';
import { backupProvocations } from './backup-provocations.ts';
import { describeCodes } from './describe-codes.ts';
import { DOCUMENTED_CODES } from './documented-codes.ts';
import { type Key, type Provocation, provokeCommon } from './provocation.ts';

const HAN = /\p{Script=Han}/u;
const provocations = { ...backupProvocations, ...accessProvocations };

/**
 * Each code that an action declares is brought about over HTTP, told in both languages, and has changed nothing by then. What an action does
 * not declare cannot leave it: `fail` takes no other code.
 */
for (const action of actions) {
  describe(action.name, () => {
    for (const code of action.errors) {
      test(code, async () => {
        const provocation = provocations[action.name]?.[code] ?? provokeCommon(action, code);
        assert.ok(provocation !== undefined, `say in test/codes how ${action.name} comes to answer ${code}`);
        await assertProvoked(action, code, provocation);
      });
    }
  });
}

async function assertProvoked(action: AnyAction, code: string, provocation: Provocation): Promise<void> {
  await using served = await serveApi({}, provocation.site);
  const { fixture } = served;
  await insertManaged(fixture.catalog);
  const key = (await provocation.caller?.(fixture)) ?? KEY;
  await provocation.prepare?.(fixture);
  const before = fixture.commits();
  const input = { ...action.example.input, ...provocation.input };
  const inEnglish = await send(served, action, key, input, 'en-US');
  const inChinese = await send(served, action, key, input, 'zh-CN');
  assert.deepEqual([inEnglish.Error?.Code, inChinese.Error?.Code], [code, code], JSON.stringify([inEnglish, inChinese]));
  const [english = '', chinese = ''] = [inEnglish.Error?.Message, inChinese.Error?.Message];
  assert.ok(english !== '' && !HAN.test(english), english);
  assert.match(chinese, HAN);
  assert.deepEqual([Object.keys(inEnglish).sort(), Object.keys(inChinese).sort()], Array(2).fill(['Error', 'RequestId']));
  assert.equal(fixture.commits(), before, 'a refused call changes nothing');
  assert.equal(fixture.wakes(), 0);
}

async function send({ send: sendRaw, fixture }: ServedApi, action: AnyAction, key: Key, input: object, language: string): Promise<Answer> {
  const { status, body } = await sendRaw(
    signTc3Request({
      key,
      action: action.name,
      version: PRODUCT_VERSIONS[action.product],
      timestampS: Math.floor(fixture.clock.now() / 1000),
      body: JSON.stringify(input),
      headers: { 'x-tc-language': language },
    }),
  );
  assert.equal(status, 200);
  return (JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as { Response: Answer }).Response;
}

test('each provocation is of a code that its action declares, and no action declares one twice', () => {
  for (const [name, codes] of Object.entries(provocations)) {
    const declared: readonly string[] = actions.find((action) => action.name === name)?.errors ?? [];
    assert.deepEqual(
      Object.keys(codes).filter((code) => !declared.includes(code)),
      [],
      name,
    );
  }
  for (const { name, errors } of actions) {
    assert.equal(new Set(errors).size, errors.length, name);
  }
});

test('each documented code of an official action is declared, answered by the gateway, or has a reason why it cannot arise', () => {
  const used = new Set<string>();
  for (const action of actions.filter(({ product }) => product === 'redis' || product === 'region' || product === 'tag')) {
    const documented = DOCUMENTED_CODES[action.name];
    assert.ok(documented !== undefined, `${action.name}: test/codes/documented-codes.ts does not have its codes`);
    for (const code of documented) {
      const reason = [`${action.name} ${code}`, code].find((each) => Object.hasOwn(ABSENT_CODES, each));
      const isDeclared = (action.errors as readonly string[]).includes(code);
      if (reason !== undefined) {
        used.add(reason);
      }
      assert.ok((reason === undefined) === (isDeclared || GATEWAY_CODES.has(code)), `${action.name} ${code}`);
    }
  }
  assert.deepEqual(
    Object.keys(ABSENT_CODES).filter((each) => !used.has(each)),
    [],
    'reasons for nothing',
  );
});

test('docs/error-codes.md is what the actions declare; node test/codes/describe-codes.ts --write renews it', () => {
  assert.equal(readFileSync(new URL('../../docs/error-codes.md', import.meta.url), 'utf8'), describeCodes());
});
