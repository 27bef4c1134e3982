import { DomainError } from '../lib/errors.ts';
import { type RestoreDisklessDelay, skipDisklessDelay } from './diskless-delay.ts';
import { createRdbTransfer, type RdbSink } from './rdb-transfer.ts';
import { formatAddress, type SourceAddress } from './source-address.ts';
import { toReplyError } from './source-errors.ts';
import { openSourceLink, type SourceLink } from './source-link.ts';

export interface ReplicaSessionOptions {
  readonly signal?: AbortSignal;
  /** 10 s by default. */
  readonly connectTimeoutMs?: number;
  /** How long the source may send nothing, not even a newline; 60 s by default, as `repl-timeout`. */
  readonly idleTimeoutMs?: number;
  /** Ask for the RDB and nothing after it, so that the source never counts this session as a replica. */
  readonly rdbOnly?: boolean;
  /** The source's own version from INFO. Valkey sends an older RDB format, or none at all, to a replica that does not tell its version. */
  readonly serverVersion?: string;
  /** Opt-in: CONFIG SET repl-diskless-sync-delay 0 until the RDB begins, then back. */
  readonly skipDisklessDelay?: boolean;
}

/** What FULLRESYNC said: the RDB holds everything up to this offset of this history. */
export interface FullResync {
  readonly replicationId: string;
  readonly replicationOffset: number;
}

export interface ReceivedRdb extends FullResync {
  /** `length`: sent from a file of the source. `eof`: streamed by its fork child. */
  readonly form: 'length' | 'eof';
  readonly sizeBytes: number;
}

/**
 * We are the replica. The handshake is done when this exists; `receiveRdb` starts the synchronisation. No acknowledgement is ever sent,
 * so the source neither starts its stream in the eof form nor counts this session for WAIT.
 */
export interface ReplicaSession extends AsyncDisposable {
  /** False where the source is older than 6.2: closing the session right after the RDB then takes its place. */
  readonly isRdbOnly: boolean;
  /** What went less than well, one sentence each; grows until the session is closed. */
  readonly warnings: readonly string[];
  /**
   * PSYNC, once for each session, and the RDB into `sink`. Resolves with its last byte. `onFullResync` is called before the first byte.
   * Throws what `sink` throws, and `source-permission-denied`, `source-loading`, `source-misconf`, `source-no-master-link`,
   * `source-refused`, `source-closed`, `source-stalled`, `source-protocol-error` or `aborted`; the connection is then gone.
   */
  receiveRdb(sink: RdbSink, onFullResync?: (resync: FullResync) => void): Promise<ReceivedRdb>;
  /**
   * Ends the connection. After an RDB-only transfer it first lets the source close, so that its fork child ends in peace. Idempotent, never
   * throws.
   */
  close(): Promise<void>;
}

/** The source's side closes within one turn of its 100 ms timer. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Throws `source-unreachable`, `source-tls-failed`, `source-auth-failed` and what `receiveRdb` throws; then nothing stays open. */
export async function openReplicaSession(address: SourceAddress, options: ReplicaSessionOptions = {}): Promise<ReplicaSession> {
  const { signal, connectTimeoutMs = 10_000, idleTimeoutMs = 60_000 } = options;
  const link = await openSourceLink(address, { connectTimeoutMs, idleTimeoutMs, ...(signal === undefined ? {} : { signal }) });
  let isRdbOnly: boolean;
  try {
    isRdbOnly = await shakeHands(link, address, options);
  } catch (error) {
    link.destroy();
    throw error;
  }

  const warnings: string[] = [];
  let restoreDelay: RestoreDisklessDelay = async () => {};
  let isDone = false;
  let closing: Promise<void> | undefined;

  async function synchronise(sink: RdbSink, onFullResync?: (resync: FullResync) => void): Promise<ReceivedRdb> {
    if (options.skipDisklessDelay === true) {
      const adminOptions = { timeoutMs: connectTimeoutMs, ...(signal === undefined ? {} : { signal }) };
      restoreDelay = await skipDisklessDelay(address, adminOptions, (sentence) => warnings.push(sentence));
    }
    link.send('PSYNC', '?', '-1');
    const resync = parseFullResync(address, await link.readLine());
    // Not awaited here, the transfer has begun; `receiveRdb` awaits it at its end.
    const restoring = restoreDelay();
    onFullResync?.(resync);
    const header = await link.readLine();
    if (header.startsWith('-')) {
      throw toReplyError(address, 'PSYNC', header.slice(1));
    }
    const transfer = createRdbTransfer(header, sink);
    await link.receive(transfer.receive);
    if (isRdbOnly && link.hasUnreadBytes()) {
      throw new DomainError('source-protocol-error', `${formatAddress(address)} sent bytes after an RDB that was to be the end`);
    }
    await restoring;
    return { ...resync, form: transfer.form, sizeBytes: transfer.sizeBytes() };
  }

  async function end(): Promise<void> {
    if (isDone && isRdbOnly) {
      await link.finish(CLOSE_TIMEOUT_MS);
    }
    link.destroy();
    await restoreDelay();
  }

  function close(): Promise<void> {
    closing ??= end();
    return closing;
  }

  return {
    isRdbOnly,
    warnings,
    async receiveRdb(sink, onFullResync) {
      try {
        const received = await synchronise(sink, onFullResync);
        isDone = true;
        return received;
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One command at a time: PSYNC is refused while another reply is pending. Answers whether the source knows `rdb-only`. */
async function shakeHands(link: SourceLink, address: SourceAddress, options: ReplicaSessionOptions): Promise<boolean> {
  const { user, password } = address;
  if (password !== undefined) {
    const reply = await ask(link, ['AUTH', ...(user === undefined ? [] : [user]), password]);
    expectNoError(address, 'AUTH', reply);
  }
  expectNoError(address, 'PING', await ask(link, ['PING']));
  // Port 0: nobody can connect to this replica. Sources without an option still take part, so only its absence is let pass.
  await askOption(link, address, ['listening-port', '0']);
  await askOption(link, address, ['capa', 'eof', 'capa', 'psync2']);
  if (options.serverVersion !== undefined && options.serverVersion !== '') {
    await askOption(link, address, ['version', options.serverVersion]);
  }
  return options.rdbOnly === true && (await askOption(link, address, ['rdb-only', '1']));
}

async function ask(link: SourceLink, command: string[]): Promise<string> {
  link.send(...command);
  return link.readLine();
}

/** Answers whether the source knows the option of REPLCONF. */
async function askOption(link: SourceLink, address: SourceAddress, option: string[]): Promise<boolean> {
  const reply = await ask(link, ['REPLCONF', ...option]);
  if (/^-ERR (?:Unrecognized REPLCONF option|syntax error)/i.test(reply)) {
    return false;
  }
  expectNoError(address, `REPLCONF ${option[0]}`, reply);
  return true;
}

function expectNoError(address: SourceAddress, command: string, reply: string): void {
  if (reply.startsWith('-')) {
    throw toReplyError(address, command, reply.slice(1));
  }
  if (!reply.startsWith('+')) {
    throw createUnexpectedReplyError(address, command, reply);
  }
}

/** `+FULLRESYNC <id of 40 hex digits> <offset>`, redis.io replication docs. */
function parseFullResync(address: SourceAddress, reply: string): FullResync {
  expectNoError(address, 'PSYNC', reply);
  const match = /^\+FULLRESYNC ([0-9a-f]{40}) ([0-9]{1,16})$/i.exec(reply);
  const replicationOffset = Number(match?.[2] ?? Number.NaN);
  if (match?.[1] === undefined || !Number.isSafeInteger(replicationOffset)) {
    throw createUnexpectedReplyError(address, 'PSYNC', reply);
  }
  return { replicationId: match[1].toLowerCase(), replicationOffset };
}

function createUnexpectedReplyError(address: SourceAddress, command: string, reply: string): DomainError {
  const message = `${formatAddress(address)} answered ${command} with ${JSON.stringify(reply.slice(0, 100))}, which is no reply of Redis`;
  return new DomainError('source-protocol-error', message, { hint: 'check that the port is that of a Redis or Valkey server' });
}
