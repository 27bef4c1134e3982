import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ROOT } from '../harness/service.ts';

/** A checkout with the real launcher, and fake `node` and `npm` that note how they are called. */
describe('the launcher', () => {
  let place: string;
  let root: string;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'redkeep launcher '));
    root = join(place, 'a checkout');
    await mkdir(join(root, 'bin'), { recursive: true });
    await copyFile(join(ROOT, 'redkeep'), join(root, 'redkeep'));
    await writeFile(join(root, 'package-lock.json'), '{}');
    await program('node', 'case "$1" in -e) exit 0;; --version) echo v20.0.0;; esac');
    // As npm would, it brings the pinned Node; that one prints what it is to run.
    await program(
      'npm',
      'echo "npm $*" >>"$LOG"; mkdir -p node_modules/.bin; printf \'#!/bin/sh\\necho "pinned node: $*"\\n\' >node_modules/.bin/node; chmod +x node_modules/.bin/node',
    );
  });
  afterEach(() => rm(place, { recursive: true }));

  const program = (name: string, script: string) => writeFile(join(root, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

  function launch(
    args: string[],
    options: { path?: string; cwd?: string; env?: Record<string, string> } = {},
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    const env = { HOME: place, LOG: join(place, 'npm.log'), PATH: `${join(root, 'bin')}:/usr/bin:/bin`, ...options.env };
    return new Promise((resolve) => {
      execFile(options.path ?? join(root, 'redkeep'), args, { cwd: options.cwd ?? root, env }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  it('sets up once, lean, and then does no set-up work', async () => {
    const first = await launch(['instance', 'list']);
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /^pinned node: .*src\/main\.ts instance list$/m);
    assert.match(first.stderr, /setting up \(lean packages; once\)/);
    await program('npm', 'echo "npm must not run"; exit 1');
    const second = await launch(['instance', 'list']);
    assert.equal(second.status, 0, second.stderr);
    assert.equal(second.stderr, '');
  });

  it('adds the development packages for tests without emptying what is there, and sets up anew for a newer lockfile', async () => {
    const npmLog = async () => readFile(join(place, 'npm.log'), 'utf8');
    await launch(['instance', 'list']);
    await launch(['set-up', '--dev']);
    await utimes(join(root, 'package-lock.json'), new Date(), new Date(Date.now() + 60_000));
    await launch(['instance', 'list']);
    assert.deepEqual(
      (await npmLog())
        .trim()
        .split('\n')
        .map((line) => line.replace(/ --no-audit.*/, '')),
      ['npm ci --ignore-scripts --omit=dev', 'npm install --no-save --ignore-scripts --include=dev', 'npm ci --ignore-scripts --omit=dev'],
    );
  });

  it('replaces no packages under a running service', async () => {
    await launch(['instance', 'list']);
    await mkdir(join(root, 'data'));
    await writeFile(join(root, 'data/serving.json'), `{"endpoint":"http://127.0.0.1:1","pid":${process.pid}}`);
    await utimes(join(root, 'package-lock.json'), new Date(), new Date(Date.now() + 60_000));
    const { status, stderr } = await launch(['instance', 'list']);
    assert.equal(status, 3);
    assert.match(stderr, new RegExp(`running service \\(pid ${process.pid}\\) still uses the old ones`));
  });

  it('works through a link and from another directory', async () => {
    const link = join(place, 'link');
    await symlink(join(root, 'redkeep'), link);
    const { status, stdout } = await launch(['check'], { path: link, cwd: '/' });
    assert.equal(status, 0);
    assert.match(stdout, /^pinned node: .*a checkout\/src\/main\.ts check$/m);
  });

  it('sets up once where two start at a time', async () => {
    await program(
      'npm',
      `sleep 0.3; ${'echo npm >>"$LOG"; mkdir -p node_modules/.bin; printf "#!/bin/sh\\n" >node_modules/.bin/node; chmod +x node_modules/.bin/node'}`,
    );
    const both = await Promise.all([launch(['check']), launch(['check'])]);
    assert.deepEqual(
      both.map(({ status }) => status),
      [0, 0],
    );
    assert.equal(await readFile(join(place, 'npm.log'), 'utf8'), 'npm\n');
  });

  it('says what is missing with exit status 3: an old Node, no npm, packages that do not come', async () => {
    await program('node', 'case "$1" in -e) exit 1;; --version) echo v18.0.0;; esac');
    const old = await launch(['check']);
    assert.equal(old.status, 3);
    assert.match(old.stderr, /Node v18\.0\.0 is too old: install Node 20 or newer/);
    await program('node', 'exit 0');
    await program('npm', 'exit 1');
    const failed = await launch(['check']);
    assert.equal(failed.status, 3);
    assert.match(failed.stderr, /the npm packages could not be installed/);
    await rm(join(root, 'bin/node'));
    const none = await launch(['check'], { env: { PATH: await onlyTools(place) } });
    assert.equal(none.status, 3);
    assert.match(none.stderr, /node is missing/);
  });
});

/** A directory with what the launcher needs of the system, but without Node. */
async function onlyTools(place: string): Promise<string> {
  const tools = join(place, 'tools');
  await mkdir(tools);
  for (const tool of ['sh', 'dirname', 'readlink', 'grep', 'id', 'sed', 'flock', 'mkdir', 'rmdir', 'cat']) {
    await symlink(`/usr/bin/${tool}`, join(tools, tool));
  }
  return tools;
}
