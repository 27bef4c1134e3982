/** Makes the calls that conformance/scenario.md describes through the official Node SDK. */
import { createRequire } from 'node:module';
import type { Client as SdkClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js';
import type { Call, Outcome } from '../call.ts';
import { serveCalls } from './serve-calls.ts';

const require = createRequire(import.meta.url);
const { Client } = require('tencentcloud-sdk-nodejs/tencentcloud/services/redis/v20180412/redis_client.js') as {
  Client: typeof SdkClient;
};

await serveCalls(async ({ sign, method, endpoint, secretId, secretKey, region, action, params }: Call): Promise<Outcome> => {
  const client = new Client({
    credential: { secretId, secretKey },
    region,
    profile: { signMethod: sign, httpProfile: { endpoint, protocol: 'http://', reqMethod: method } },
  });
  try {
    const answer: Record<string, unknown> = await client.request(action, params);
    return { ok: true, detail: answer };
  } catch (error) {
    const { code, message, requestId } = error as { code: string; message: string; requestId: string };
    return { ok: false, detail: { code, message, requestId } };
  }
});
