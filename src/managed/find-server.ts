import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { DomainError } from '../lib/errors.ts';

export interface ServerBinary {
  /** Absolute path of an executable that told its version. */
  readonly path: string;
  readonly kind: 'redis' | 'valkey';
  /** Such as `7.0.15`. */
  readonly version: string;
}

const SERVER_NAMES = ['redis-server', 'valkey-server'];

/** Where packages and source builds put servers, for services that are started with a bare PATH. */
const USUAL_DIRECTORIES = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin', '/usr/local/sbin', '/usr/sbin'];

/** The first package tool that is there names the install line. */
const INSTALL_LINES = [
  ['apt-get', 'sudo apt-get install -y redis-server'],
  ['dnf', 'sudo dnf install -y valkey'],
  ['apk', 'sudo apk add redis'],
  ['pacman', 'sudo pacman -S --noconfirm valkey'],
  ['zypper', 'sudo zypper install -y redis'],
  ['brew', 'brew install redis'],
] as const;

interface Search {
  /** PATH, and after it the usual places, by default. */
  readonly searchPath?: string;
}

/**
 * Finds a redis-server or valkey-server on `searchPath` (PATH by default) and then in the usual places, and asks it for its version.
 * A file that does not run is passed over. Throws `server-not-found`, with the one line that installs it as its hint.
 */
export async function findServer(options: Search = {}): Promise<ServerBinary> {
  const directories = directoriesOf(options);
  const broken: string[] = [];
  for await (const server of search(directories, broken)) {
    return server;
  }
  const passedOver = broken.length === 0 ? '' : ` (passed over, since it does not tell its version: ${broken.join(', ')})`;
  throw new DomainError('server-not-found', `no redis-server or valkey-server in ${directories.join(', ')}${passedOver}`, {
    hint: `install one: ${await installLine()}`,
  });
}

/** Every server that `findServer` might find, one for each kind and version. */
export async function findServers(options: Search = {}): Promise<ServerBinary[]> {
  const found = new Map<string, ServerBinary>();
  for await (const server of search(directoriesOf(options), [])) {
    const name = `${server.kind} ${server.version}`;
    found.set(name, found.get(name) ?? server);
  }
  return [...found.values()];
}

function directoriesOf({ searchPath }: Search): string[] {
  const searched = (searchPath ?? process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return [...new Set(searchPath === undefined ? [...searched, ...USUAL_DIRECTORIES] : searched)];
}

/** Every server in those directories; what does not tell its version goes to `broken`. */
async function* search(directories: readonly string[], broken: string[]): AsyncGenerator<ServerBinary> {
  for (const name of SERVER_NAMES) {
    for (const directory of directories) {
      const path = join(directory, name);
      if (!(await isExecutable(path))) {
        continue;
      }
      const found = await identifyServer(path);
      if (found === undefined) {
        broken.push(path);
      } else {
        yield found;
      }
    }
  }
}

/** What a server must be to read the data of an instance. */
export type WantedServer = Pick<ServerBinary, 'kind' | 'version'>;

/**
 * Of that kind the oldest that is not older than wanted: data that a server has written are read by no older one. Without a wish the first.
 * Throws `server-not-found`.
 */
export function chooseServer(servers: readonly ServerBinary[], wanted: WantedServer | undefined): ServerBinary {
  const fitting = wanted === undefined ? servers : servers.filter((server) => isFitting(server, wanted)).sort(byVersion);
  const [chosen] = fitting;
  if (chosen === undefined) {
    const here = servers.map(({ kind, version }) => `${kind} ${version}`).join(', ') || 'none';
    throw new DomainError(
      'server-not-found',
      `no ${wanted?.kind ?? 'server'} ${wanted?.version ?? ''} or newer is installed; here is ${here}`,
      {
        hint: `install ${wanted?.kind ?? 'redis'}-server ${wanted?.version ?? ''} or newer`,
      },
    );
  }
  return chosen;
}

function isFitting(server: ServerBinary, wanted: WantedServer): boolean {
  return server.kind === wanted.kind && byVersion(server, wanted) >= 0;
}

function byVersion(a: Pick<ServerBinary, 'version'>, b: Pick<ServerBinary, 'version'>): number {
  const [left, right] = [a, b].map(({ version }) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}

/** What the executable at `path` says that it is, undefined where it does not run or is neither. */
export async function identifyServer(path: string): Promise<ServerBinary | undefined> {
  let output: string;
  try {
    output = (await promisify(execFile)(path, ['--version'], { timeout: 10_000, maxBuffer: 65_536 })).stdout;
  } catch {
    return undefined;
  }
  // "Redis server v=7.0.15 sha=…" or "Valkey server v=8.0.1 sha=…"; a link named redis-server may be a Valkey.
  const [, kind, version] = /^(Redis|Valkey) server v=([0-9]+(?:\.[0-9]+)*)/m.exec(output) ?? [];
  if (kind === undefined || version === undefined) {
    return undefined;
  }
  return { path, kind: kind === 'Valkey' ? 'valkey' : 'redis', version };
}

async function installLine(): Promise<string> {
  for (const [tool, line] of INSTALL_LINES) {
    for (const directory of USUAL_DIRECTORIES.concat('/sbin', '/bin')) {
      if (await isExecutable(join(directory, tool))) {
        return line;
      }
    }
  }
  return 'see https://redis.io/docs/latest/operate/oss_and_stack/install/';
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
