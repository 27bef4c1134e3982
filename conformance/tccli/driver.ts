/** Makes the calls that conformance/scenario.md describes through tccli, which must be on PATH: one process for each call. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call, Outcome } from '../call.ts';
import { serveCalls } from '../node/serve-calls.ts';

// tccli keeps its configuration in the home directory; the user's must not decide anything here.
const home = mkdtempSync(join(tmpdir(), 'redkeep-tccli-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

await serveCalls((call) => {
  const args = ['redis', call.action, '--endpoint', `http://${call.endpoint}`, '--region', call.region, ...parametersOf(call)];
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const env = { ...process.env, HOME: home, TENCENTCLOUD_SECRET_ID: call.secretId, TENCENTCLOUD_SECRET_KEY: call.secretKey };
  execFile('tccli', args, { env }, (error, stdout, stderr) => {
    const failure = /code:(\S+) message:([\s\S]*) requestId:(\S+)/.exec(stderr);
    if (error === null) {
      resolve({ ok: true, detail: JSON.parse(stdout) });
    } else if (error.code === 255 && failure !== null) {
      const [, code = '', message = '', requestId = ''] = failure;
      resolve({ ok: false, detail: { code, message, requestId } });
    } else {
      reject(new Error(`tccli ended with ${error.code}, not with 255 and an error of the API: ${stdout}${stderr}`));
    }
  });
  return promise;
});

function parametersOf({ params, unfold }: Call): string[] {
  if (unfold !== true) {
    return Object.entries(params).flatMap(([name, value]) => [`--${name}`, typeof value === 'string' ? value : JSON.stringify(value)]);
  }
  return ['--cli-unfold-argument', ...Object.entries(params).flatMap(([name, value]) => [`--${name}`, ...[value].flat().map(String)])];
}
