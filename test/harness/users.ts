import { PRODUCT_VERSIONS } from '../../src/api/versions.ts';
import type { Answer, ApiFixture } from './api-fixture.ts';
import type { SignOptions } from './signed-request.ts';

export interface TestUser {
  readonly uin: number;
  readonly name: string;
  readonly key: { readonly secretId: string; readonly secretKey: string };
}

export interface TestStatement {
  readonly effect?: 'allow' | 'deny';
  readonly action?: string | readonly string[];
  readonly resource?: string | readonly string[];
  readonly condition?: object;
}

let made = 0;

/** A user with a key, whose one policy has these statements; none: no policy. */
export async function addUser(fixture: ApiFixture, ...statements: TestStatement[]): Promise<TestUser> {
  made++;
  const name = `user-${made}`;
  const user = await callCam(fixture, 'AddUser', { Name: name, UseApi: 1 });
  const uin = user['Uin'] as number;
  if (statements.length > 0) {
    const { PolicyId } = await callCam(fixture, 'CreatePolicy', {
      PolicyName: `policy-${made}`,
      PolicyDocument: toDocument(...statements),
    });
    await callCam(fixture, 'AttachUserPolicy', { PolicyId, AttachUin: uin });
  }
  return { uin, name, key: { secretId: String(user['SecretId']), secretKey: String(user['SecretKey']) } };
}

/** A policy document; a statement allows everything unless it says otherwise. */
export function toDocument(...statements: TestStatement[]): string {
  return JSON.stringify({
    version: '2.0',
    statement: statements.map((statement) => ({ effect: 'allow', action: '*', resource: '*', ...statement })),
  });
}

/** A call of product cam or sts that must succeed. */
export async function callCam(
  fixture: ApiFixture,
  action: string,
  parameters: object,
  options: Partial<SignOptions> = {},
): Promise<Answer> {
  const answer = await fixture.call(action, parameters, { version: PRODUCT_VERSIONS.cam, ...options });
  if (answer.Error !== undefined) {
    throw new Error(`${action}: ${answer.Error.Code}: ${answer.Error.Message}`);
  }
  return answer;
}
