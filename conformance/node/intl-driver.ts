/** Makes the calls that conformance/scenario.md describes through the official international Node SDK, which has no types. */
import { createRequire } from 'node:module';
import type { Call, Outcome } from '../call.ts';
import { serveCalls } from './serve-calls.ts';

type Constructor<Instance = object> = new (...args: unknown[]) => Instance;
type Method = (request: object, done: (error: unknown, answer: Record<string, unknown>) => void) => void;

const require = createRequire(import.meta.url);
const common = (file: string) => require(`tencentcloud-sdk-nodejs-intl-en/tencentcloud/common/${file}.js`) as Constructor;
const { Client, Models } = require('tencentcloud-sdk-nodejs-intl-en/tencentcloud/redis/v20180412/index.js') as {
  Client: Constructor<Record<string, Method>>;
  Models: Record<string, Constructor<{ deserialize(parameters: object): void }>>;
};
const Credential = common('credential');
const ClientProfile = common('profile/client_profile');
const HttpProfile = common('profile/http_profile');

await serveCalls(async ({ sign, method, endpoint, secretId, secretKey, region, action, params }: Call): Promise<Outcome> => {
  const profile = new ClientProfile(sign, new HttpProfile('http://', endpoint, method));
  const client = new Client(new Credential(secretId, secretKey), region, profile);
  const Request = Models[`${action}Request`];
  if (Request === undefined || client[action] === undefined) {
    throw new Error(`the SDK has no action ${action}`);
  }
  const request = new Request();
  request.deserialize(params);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  client[action](request, (error, answer) => {
    if (error === null) {
      resolve({ ok: true, detail: answer });
    } else {
      const { code, message, requestId } = error as { code: string; message: string; requestId: string };
      resolve({ ok: false, detail: { code, message, requestId } });
    }
  });
  return promise;
});
