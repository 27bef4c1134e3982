import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { isRequired } from '../test/harness/required.ts';
import { HOST_NAME, type Result, ROWS, siteOf, TERRAFORM_ROWS } from './plan.ts';

/** Its port 80 is free, its loopback is its own, and its view of /etc/hosts can be another one. */
const UNSHARE = ['--map-root-user', '--mount', '--net', 'sh', '-e', '-c'];

/**
 * Runs the rows of site `namespace` in network and mount namespaces made for them; nothing outside is changed. Where the machine does not
 * allow that, the rows are skipped, or fail where `namespace` is required.
 */
export async function runInNamespace(dataDir: string, report: (result: Result) => void): Promise<void> {
  const hosts = join(dataDir, 'conformance-hosts');
  await writeFile(hosts, `127.0.0.1 localhost ${HOST_NAME}\n`);
  const enter = `ip link set lo up; mount --bind "$1" /etc/hosts; getent hosts ${HOST_NAME} >/dev/null`;
  const refusal = await promisify(execFile)('unshare', [...UNSHARE, enter, 'sh', hosts]).then(
    () => undefined,
    (error: Error) => error,
  );
  const left = new Set(
    [...ROWS.filter(({ address }) => siteOf(address) === 'namespace'), ...TERRAFORM_ROWS.filter(inNamespace)].map(toName),
  );
  if (refusal === undefined) {
    const run = `${enter}; shift; exec "$@"`;
    const inside = [process.execPath, join(import.meta.dirname, 'run.ts'), '--inside', dataDir];
    const child = spawn('unshare', [...UNSHARE, run, 'sh', hosts, ...inside], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    for await (const line of createInterface({ input: child.stdout })) {
      const result = JSON.parse(line) as Result;
      left.delete(result.name);
      report(result);
    }
    await ended;
  }
  for (const name of left) {
    report(
      refusal === undefined
        ? { name, outcome: 'failed', detail: 'the run in the namespace ended before it' }
        : {
            name,
            outcome: isRequired('namespace') ? 'failed' : 'skipped',
            detail: `no namespace of its own can be made here: ${refusal.message}`,
          },
    );
  }
}

function inNamespace({ site }: { site: string }): boolean {
  return site === 'namespace';
}

function toName({ name }: { name: string }): string {
  return name;
}
