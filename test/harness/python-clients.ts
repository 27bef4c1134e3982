import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installOnce } from './install-once.ts';
import { ROOT } from './service.ts';

const run = promisify(execFile);
const VENV = join(ROOT, '.cache', 'python');

/** Exact versions, each with the hashes that pip checks. */
export const PYTHON_REQUIREMENTS = join(ROOT, 'conformance/python/requirements.txt');

/**
 * Installs the official Python SDK and tccli into a virtual environment, once for a checkout. Returns its `bin` directory, or undefined
 * where there is no python3 that can make one.
 */
export async function installPythonClients(): Promise<string | undefined> {
  try {
    await run('python3', ['-c', 'import venv, ensurepip']);
  } catch {
    return undefined;
  }
  await installOnce(VENV, await readFile(PYTHON_REQUIREMENTS, 'utf8'), async () => {
    await run('python3', ['-m', 'venv', '--clear', VENV]);
    const pip = ['install', '--quiet', '--no-compile', '--disable-pip-version-check', '--require-hashes', '-r', PYTHON_REQUIREMENTS];
    await run(join(VENV, 'bin/pip'), pip, { maxBuffer: 1 << 24 });
  });
  return join(VENV, 'bin');
}
