import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** What the tests read of an answer of the international SDK; its errors have `code` and `message`. */
export interface IntlAnswer {
  readonly TotalCount: number;
  readonly BackupSet: ReadonlyArray<{ readonly BackupId: string; readonly Status: number }>;
  readonly RequestId: string;
}

export interface IntlClient {
  describeInstanceBackups(parameters: object): Promise<IntlAnswer>;
}

type Constructor<Instance = object> = new (...args: unknown[]) => Instance;

/** A client of the official international Node SDK, which has no types; by default it signs v1 HmacSHA256 in a POST form. */
export function connectIntlSdk(options: {
  readonly host: string;
  readonly credential: { readonly secretId: string; readonly secretKey: string };
  readonly region: string | undefined;
  readonly signMethod?: string;
}): IntlClient {
  const common = (file: string) => require(`tencentcloud-sdk-nodejs-intl-en/tencentcloud/common/${file}.js`) as Constructor;
  const { Client, Models } = require('tencentcloud-sdk-nodejs-intl-en/tencentcloud/redis/v20180412/index.js') as {
    Client: Constructor<{
      DescribeInstanceBackups(request: object, done: (error: unknown, answer: IntlAnswer) => void): void;
    }>;
    Models: { DescribeInstanceBackupsRequest: Constructor<{ deserialize(parameters: object): void }> };
  };
  const http = new (common('profile/http_profile'))('http://', options.host);
  const profile = new (common('profile/client_profile'))(options.signMethod, http);
  const key = new (common('credential'))(options.credential.secretId, options.credential.secretKey);
  const client = new Client(key, options.region, profile);
  return {
    describeInstanceBackups(parameters) {
      const request = new Models.DescribeInstanceBackupsRequest();
      request.deserialize(parameters);
      const { promise, resolve, reject } = Promise.withResolvers<IntlAnswer>();
      client.DescribeInstanceBackups(request, (error, answer) => (error === null ? resolve(answer) : reject(error)));
      return promise;
    },
  };
}
