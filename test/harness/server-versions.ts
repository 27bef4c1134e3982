import { execFile } from 'node:child_process';
import { access, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installOnce } from './install-once.ts';
import { isRequired } from './required.ts';
import { ROOT } from './service.ts';

const run = promisify(execFile);

/** A server program of one version: `command` with `args` before those of the server itself. */
export interface ServerProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** As the program tells it, such as `8.0.1`. */
  readonly version: string;
}

interface ServerVersion {
  readonly kind: 'redis' | 'valkey';
  /** Major and minor; a suite that has moved on to another does not count. */
  readonly series: string;
  /** Suites of Debian, the last one holds the server. */
  readonly suites: readonly string[];
}

/** The versions that backups are tried with, oldest format first. Each is a word of REDKEEP_REQUIRE, which turns its absence from a skip into a failure. */
export const SERVER_VERSIONS = {
  'redis-6.0': { kind: 'redis', series: '6.0', suites: ['bullseye'] },
  'redis-7.0': { kind: 'redis', series: '7.0', suites: ['bookworm'] },
  'valkey-8.0': { kind: 'valkey', series: '8.0', suites: ['bookworm', 'bookworm-backports'] },
  'valkey-8.1': { kind: 'valkey', series: '8.1', suites: ['trixie'] },
  'redis-8.0': { kind: 'redis', series: '8.0', suites: ['trixie'] },
  'valkey-9.1': { kind: 'valkey', series: '9.1', suites: ['sid'] },
} as const satisfies Record<string, ServerVersion>;
export type ServerName = keyof typeof SERVER_VERSIONS;
export const SERVER_NAMES = Object.keys(SERVER_VERSIONS) as ServerName[];

const CACHE = join(ROOT, '.cache', 'servers');
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Suites of Debian's main archive, in which every other one lies too. */
const DEBIAN_SUITE = /^(?:bullseye|bookworm|trixie|forky|sid|stable|testing|unstable)$/;

/**
 * The server of that version: the one on the PATH where it is of it, else Debian's packages, fetched and unpacked once into `.cache/servers`
 * and run with the C library that they were built for; nothing is installed and no rights are needed. Answers why not, in one sentence, where
 * it cannot be had; throws that where REDKEEP_REQUIRE names the version.
 */
export async function findServer(name: ServerName): Promise<ServerProgram | string> {
  const version: ServerVersion = SERVER_VERSIONS[name];
  let reason: string;
  try {
    const found = (await findOnPath(version)) ?? (await findUnpacked(name, version));
    if (found.version.startsWith(`${version.series}.`)) {
      return found;
    }
    reason = `${version.suites.at(-1)} holds version ${found.version} now`;
  } catch (error) {
    const lines = String(error instanceof Error ? error.message : error)
      .trim()
      .split('\n');
    reason = lines.find((line) => line.startsWith('E: ')) ?? lines.at(-1) ?? '';
  }
  reason = `${name} cannot be had here: ${reason}`;
  if (isRequired(name)) {
    throw new Error(reason);
  }
  return reason;
}

/** All versions: those that can be had, and why the others cannot. */
export async function findServers(): Promise<{ found: Map<ServerName, ServerProgram>; absent: Map<ServerName, string> }> {
  const found = new Map<ServerName, ServerProgram>();
  const absent = new Map<ServerName, string>();
  for (const name of SERVER_NAMES) {
    const server = await findServer(name);
    if (typeof server === 'string') {
      absent.set(name, server);
    } else {
      found.set(name, server);
    }
  }
  return { found, absent };
}

async function findOnPath(version: ServerVersion): Promise<ServerProgram | undefined> {
  try {
    const found = await ask(`${version.kind}-server`, []);
    return found.version.startsWith(`${version.series}.`) ? found : undefined;
  } catch {
    return undefined;
  }
}

async function ask(command: string, args: string[]): Promise<ServerProgram> {
  const { stdout } = await run(command, [...args, '--version']);
  return { command, args, version: /\bv=(\S+)/.exec(stdout)?.[1] ?? '' };
}

async function findUnpacked(name: ServerName, version: ServerVersion): Promise<ServerProgram> {
  const dir = join(CACHE, name);
  await installOnce(dir, JSON.stringify(version), () => unpack(dir, version));
  const libraries = await findLibraries(dir);
  const loaders = await Promise.all(libraries.map(async (library) => (await readdir(library)).map((file) => join(library, file))));
  const loader = loaders.flat().find((file) => /\/ld-linux[^/]*\.so\.\d+$/.test(file));
  if (loader === undefined) {
    throw new Error('its packages hold no loader');
  }
  return ask(loader, ['--library-path', libraries.join(':'), join(dir, 'usr/bin', `${version.kind}-server`)]);
}

/** `lib/x86_64-linux-gnu` and the like, of before and after Debian merged them into /usr. */
async function findLibraries(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const parent of [join(dir, 'lib'), join(dir, 'usr/lib')]) {
    const names = await readdir(parent).catch(() => []);
    found.push(...names.filter((name) => name.endsWith('-linux-gnu')).map((name) => join(parent, name)));
  }
  return found;
}

/** Lets apt, with lists and a package database of its own, choose and check the packages, and unpacks the server and its libraries. */
async function unpack(dir: string, { kind, suites }: ServerVersion): Promise<void> {
  await access(KEYRING).catch(() => {
    throw new Error('the keyring of the Debian archive is not installed');
  });
  const mirror = process.env['REDKEEP_DEBIAN_MIRROR'] ?? (await findMirror());
  await rm(dir, { recursive: true, force: true });
  const apt = join(dir, 'apt');
  await mkdir(join(apt, 'state/lists/partial'), { recursive: true });
  await mkdir(join(apt, 'cache/archives/partial'), { recursive: true });
  await writeFile(join(apt, 'status'), '');
  await writeFile(join(apt, 'sources.list'), suites.map((suite) => `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`).join(''));
  await writeFile(
    join(apt, 'apt.conf'),
    [
      '#clear APT::Update::Post-Invoke;',
      '#clear APT::Update::Post-Invoke-Success;',
      '#clear DPkg::Post-Invoke;',
      `Dir::State "${apt}/state";`,
      `Dir::State::status "${apt}/status";`,
      `Dir::Cache "${apt}/cache";`,
      `Dir::Etc::sourcelist "${apt}/sources.list";`,
      'Dir::Etc::sourceparts "/dev/null";',
      'Dir::Etc::preferences "/dev/null";',
      'Dir::Etc::preferencesparts "/dev/null";',
      'Acquire::Languages "none";',
      'Acquire::http::Timeout "20";',
      'Acquire::Retries "1";',
      'APT::Update::Error-Mode "any";',
      'APT::Install-Recommends "false";',
      'APT::Sandbox::User "";',
      '',
    ].join('\n'),
  );
  const aptGet = (...args: string[]) => run('apt-get', ['-q', '-y', '-c', join(apt, 'apt.conf'), ...args], { maxBuffer: 1 << 24 });
  await aptGet('update');
  await aptGet('-t', suites.at(-1) ?? '', '--download-only', 'install', `${kind}-tools`);
  const archives = join(apt, 'cache/archives');
  for (const file of (await readdir(archives)).filter((name) => /^(?:lib|lua|zlib|redis-|valkey-).*\.deb$/.test(name))) {
    await run('dpkg-deb', ['-x', join(archives, file), dir]);
  }
  // The server's own package has its start-up scripts and this link; the program goes by the name that it is called with.
  await symlink(`${kind}-check-rdb`, join(dir, 'usr/bin', `${kind}-server`));
  await rm(apt, { recursive: true });
}

/** The archive that this machine's own apt uses. */
async function findMirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages']);
  for (const line of stdout.split('\n')) {
    const [uri, suite] = line.split(' ');
    if (uri !== undefined && suite !== undefined && DEBIAN_SUITE.test(suite)) {
      return uri;
    }
  }
  throw new Error("this machine's apt knows no archive of Debian; REDKEEP_DEBIAN_MIRROR may name one");
}
