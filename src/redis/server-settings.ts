import { type AdminClientOptions, askIfAllowed, connectAdminClient, toPairs } from './admin-client.ts';
import type { SourceAddress } from './source-address.ts';

/** What neither the RDB nor the replication stream carries. */
export interface ServerSettings {
  /** Lines of ACL LIST. They hold password hashes, without which no user could be restored: keep them sealed and never show them. */
  readonly aclUsers: readonly string[];
  /** CONFIG GET *, without directives that hold a secret. */
  readonly config: Readonly<Record<string, string>>;
  /** `name version` of each loaded module. */
  readonly modules: readonly string[];
  /** What could not be read and the ACL rule that would allow it, one sentence each. */
  readonly missing: readonly string[];
}

const SECRET_DIRECTIVES = new Set(['masterauth', 'primaryauth', 'masteruser', 'primaryuser']);
/** `requirepass`, `tls-key-file-pass`, and what modules call such things. */
const SECRET_NAME = /pass(?:word|wd|phrase)?$|secret|token|credential|private-key/;

/** Throws as `connectAdminClient` does; a missing permission is named in `missing`. */
export async function readServerSettings(address: SourceAddress, options: AdminClientOptions = {}): Promise<ServerSettings> {
  await using client = await connectAdminClient(address, options);
  const missing: string[] = [];
  const read = async (what: string, rule: string, ...args: string[]): Promise<unknown> => {
    const reply = await askIfAllowed(client, ...args);
    if (reply === undefined) {
      missing.push(`${what} of the source is not in the backup: its user lacks ${rule}`);
    }
    return reply;
  };
  const users = await read('the list of ACL users', '+acl|list', 'ACL', 'LIST');
  const config = await read('the configuration', '+config|get', 'CONFIG', 'GET', '*');
  const modules = await read('the list of modules', '+module|list', 'MODULE', 'LIST');
  return {
    aclUsers: Array.isArray(users) ? users.map(String) : [],
    config: Object.fromEntries(toPairs(config).filter(([name]) => !isSecret(name))),
    modules: Array.isArray(modules) ? modules.map(describeModule) : [],
    missing,
  };
}

/** True for directives whose value must not leave the source. */
export function isSecret(directive: string): boolean {
  const name = directive.toLowerCase();
  return SECRET_DIRECTIVES.has(name) || SECRET_NAME.test(name);
}

function describeModule(fields: unknown): string {
  const pairs = new Map(toPairs(fields));
  return `${pairs.get('name') ?? ''} ${pairs.get('ver') ?? ''}`.trim();
}
