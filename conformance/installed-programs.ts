import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installOnce } from '../test/harness/install-once.ts';
import { installPythonClients } from '../test/harness/python-clients.ts';
import { ROOT } from '../test/harness/service.ts';

const run = promisify(execFile);
const HERE = import.meta.dirname;
const GO = join(ROOT, '.cache', 'go');
const JAVA = join(ROOT, '.cache', 'java');

export type Language = 'node' | 'python' | 'go' | 'java';

/** How to start the programs of one language. */
export interface Programs {
  /** Program name → command. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
  /** A directory to put before PATH. */
  readonly path?: string;
}

/**
 * Installs and builds the programs of a language, once for a checkout. Undefined where the machine has no such language; anything else
 * that goes wrong is thrown.
 */
export const programsOf: Readonly<Record<Language, () => Promise<Programs | undefined>>> = {
  async node() {
    const driver = (name: string) => [process.execPath, join(HERE, name)];
    return { commands: { node: driver('node/driver.ts'), 'node-intl': driver('node/intl-driver.ts') } };
  },
  async python() {
    const bin = await installPythonClients();
    return bin === undefined
      ? undefined
      : {
          commands: {
            python: [join(bin, 'python'), join(HERE, 'python/driver.py')],
            tccli: [process.execPath, join(HERE, 'tccli/driver.ts')],
          },
          path: bin,
        };
  },
  async go() {
    if (!(await answers('go', ['version']))) {
      return undefined;
    }
    // One package at a time: the machine may be shared. The toolchain is the one that is there.
    const env = { ...process.env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
    const build = (cwd: string, ...packages: string[]) => run('go', ['build', '-p=1', '-o', `${GO}/`, ...packages], { cwd, env });
    await installOnce(GO, await contents('go/**/*.{go,mod,sum}'), async () => {
      await build(join(HERE, 'go'), './driver', './terraform-order');
      await build(join(HERE, 'go/redis'), '.');
    });
    const program = (name: string) => [join(GO, name)];
    return { commands: { go: program('driver'), 'go-redis': program('redis'), 'terraform-order': program('terraform-order') } };
  },
  async java() {
    if (!(await answers('mvn', ['--version'])) || !(await answers('javac', ['-version']))) {
      return undefined;
    }
    await installOnce(JAVA, await contents('java/{pom.xml,src/**/*.java}'), async () => {
      const goals = ['compile', 'dependency:copy-dependencies'];
      await run('mvn', ['--batch-mode', '--quiet', ...goals], { cwd: join(HERE, 'java'), maxBuffer: 1 << 24 });
    });
    const java = ['java', '-XX:TieredStopAtLevel=1', '-cp', `${JAVA}/classes:${JAVA}/lib/*`, 'Driver'];
    return { commands: { java } };
  },
};

async function answers(program: string, args: string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    () => false,
  );
}

/** The text of all files that a build is made of. */
async function contents(pattern: string): Promise<string> {
  const files = globSync(pattern, { cwd: HERE }).sort();
  return (await Promise.all(files.map((file) => readFile(join(HERE, file), 'utf8')))).join('');
}
