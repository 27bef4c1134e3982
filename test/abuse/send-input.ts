import assert from 'node:assert/strict';
import { Check } from 'typebox/value';
import type { AnyAction } from '../../src/api/action.ts';
import type { RawRequest } from '../../src/api/http-message.ts';
import { PRODUCT_VERSIONS } from '../../src/api/versions.ts';
import { type Answer, type ApiFixture, KEY } from '../harness/api-fixture.ts';
import { signTc3Request, signV1Request } from '../harness/signed-request.ts';

/** Codes with which the pipeline itself may refuse a signed call of an action that exists. */
const COMMON_CODES: ReadonlySet<string> = new Set(['InvalidParameter', 'MissingParameter', 'UnknownParameter']);
/** In the shape of the pipeline, but a fault of ours: no input may bring them about. */
const FAULTS: ReadonlySet<string> = new Set(['InternalError.InternalError', 'InternalError.DbOperationFailed']);

/** Whether a code says that the pipeline found a wrong type or name; an action that declares the code may mean something else by it. */
export function isTypeFault({ errors }: AnyAction, code: string): boolean {
  return ['InvalidParameter', 'UnknownParameter'].includes(code) && !(errors as readonly string[]).includes(code);
}

/** Sends a JSON body, as it is, and returns the code of the answer, `ok` where there is none, after `assertDocumented`. */
export async function sendJson(fixture: ApiFixture, action: AnyAction, body: string): Promise<string> {
  return ask(fixture, action, signTc3Request({ ...signing(fixture, action), action: action.name, body }), () => body);
}

/** The same for flattened parameters: in a form of v1, or in the query of a TC3 GET, which holds 32 KB. */
export async function sendForm(
  fixture: ApiFixture,
  action: AnyAction,
  parameters: Readonly<Record<string, string>>,
  form: 'v1' | 'query',
): Promise<string> {
  const { version, ...common } = signing(fixture, action);
  const request =
    form === 'v1'
      ? signV1Request({ ...common, method: 'POST', parameters: { Action: action.name, Version: version, ...parameters } })
      : signTc3Request({ ...common, version, action: action.name, method: 'GET', query: new URLSearchParams(parameters).toString() });
  return ask(fixture, action, request, () => JSON.stringify(parameters));
}

/** Sends, and sees that a refused call, and any that only reads, has changed nothing and woken nobody. */
async function ask(fixture: ApiFixture, action: AnyAction, request: RawRequest, describe: () => string): Promise<string> {
  const before = [fixture.commits(), fixture.wakes()];
  const code = assertDocumented(action, await fixture.send(request), describe);
  if (code !== 'ok' || action.access.kind === 'read') {
    assert.deepEqual(
      [fixture.commits(), fixture.wakes()],
      before,
      `${action.name} ${describe().slice(0, 500)} → ${code} changed something`,
    );
  }
  return code;
}

function signing({ clock }: ApiFixture, { product }: AnyAction) {
  return { key: KEY, timestampS: Math.floor(clock.now() / 1000), version: PRODUCT_VERSIONS[product] };
}

/** An answer has the action's shape, or is an error with a text and a code that the action declares or that is common; never a fault. */
function assertDocumented(action: AnyAction, answer: Answer, describe: () => string): string {
  const { RequestId, Error: error, ...output } = answer;
  const label = () => `${action.name} ${describe().slice(0, 500)} → ${JSON.stringify(answer).slice(0, 500)}`;
  assert.match(RequestId, /^[0-9a-f-]{36}$/, label());
  if (error === undefined) {
    assert.ok(Check(action.output, output), label());
    return 'ok';
  }
  assert.deepEqual([Object.keys(output), Object.keys(error)], [[], ['Code', 'Message']], label());
  assert.ok(error.Message !== '' && error.Message.length < 2_000, label());
  assert.ok(!FAULTS.has(error.Code), label());
  assert.ok(COMMON_CODES.has(error.Code) || (action.errors as readonly string[]).includes(error.Code), label());
  return error.Code;
}
