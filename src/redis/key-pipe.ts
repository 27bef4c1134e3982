import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../lib/errors.ts';
import { encodeCommand } from './resp/encode-command.ts';
import { formatAddress, type SourceAddress } from './source-address.ts';
import { toReplyError } from './source-errors.ts';
import { openSourceLink, type SourceLink } from './source-link.ts';
import { toTargetError } from './target-client.ts';

/**
 * Commands whose answers are one line each, sent in batches ahead of their answers. Nothing counts as done before its answer has come: a
 * command that the target puts off (`-LOADING`, `-BUSY`, `-OOM` and the like) is sent again, any other error ends the pipe.
 */
export interface KeyPipe extends AsyncDisposable {
  /** Later commands go to this database. */
  select(database: number): Promise<void>;
  /** Takes an encoded command; resolves when there is room for the next. `onReply` gets the answer's line. */
  send(command: Uint8Array, onReply?: (line: string) => void): Promise<void>;
  /** Resolves when everything has been answered. */
  flush(): Promise<void>;
}

export interface KeyPipeOptions {
  readonly signal: AbortSignal;
  /** How long a target may put commands off; 60 s by default. */
  readonly patienceMs?: number;
}

const BATCH_COMMANDS = 500;
const BATCH_BYTES = 1024 * 1024;
const RETRY_DELAY_MS = 200;
/** Errors of a moment, redis.io error documentation. Memory may come free as well: keys expire, and clients delete. */
const PUT_OFF = /^-(?:LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|OOM)\b/;

interface Entry {
  readonly command: Uint8Array;
  readonly onReply: ((line: string) => void) | undefined;
}

/** Throws as `withTarget`, `target-out-of-memory`, `target-key-exists`, `target-is-replica` and `target-refused`. */
export async function openKeyPipe(address: SourceAddress, options: KeyPipeOptions): Promise<KeyPipe> {
  const { signal, patienceMs = 60_000 } = options;
  const link = await open(address, signal);
  let batch: Entry[] = [];
  let batchBytes = 0;
  let inFlight: Promise<void> = Promise.resolve();

  async function exchange(entries: readonly Entry[]): Promise<void> {
    const deadline = performance.now() + patienceMs;
    let left = entries;
    for (;;) {
      const replies = await ask(
        link,
        left.map(({ command }) => command),
      );
      const putOff = left.filter((_, index) => PUT_OFF.test(replies[index] ?? ''));
      for (const [index, line] of replies.entries()) {
        const isError = line.startsWith('-');
        if (isError && (!PUT_OFF.test(line) || performance.now() > deadline)) {
          throw toKeyError(address, line.slice(1));
        }
        if (!isError) {
          left[index]?.onReply?.(line);
        }
      }
      if (putOff.length === 0) {
        return;
      }
      left = putOff;
      await delay(RETRY_DELAY_MS, undefined, { signal });
    }
  }

  async function flushBatch(): Promise<void> {
    await inFlight;
    const entries = batch;
    batch = [];
    batchBytes = 0;
    if (entries.length > 0) {
      inFlight = exchange(entries).catch((error: unknown) => {
        throw toTargetError(error);
      });
      // Thrown where it is awaited, with the next batch.
      inFlight.catch(() => {});
    }
  }

  async function flush(): Promise<void> {
    await flushBatch();
    await inFlight;
  }

  return {
    flush,
    async select(database) {
      // An answer of its own: what follows must not land elsewhere where this one is put off.
      await flush();
      await exchange([{ command: Buffer.from(encodeCommand(['SELECT', String(database)])), onReply: undefined }]);
    },
    async send(command, onReply) {
      batch.push({ command, onReply });
      batchBytes += command.length;
      if (batch.length >= BATCH_COMMANDS || batchBytes >= BATCH_BYTES) {
        await flushBatch();
      }
    },
    async [Symbol.asyncDispose]() {
      link.destroy();
      await inFlight.catch(() => {});
    },
  };
}

async function open(address: SourceAddress, signal: AbortSignal): Promise<SourceLink> {
  try {
    const link = await openSourceLink(address, { signal, connectTimeoutMs: 10_000, idleTimeoutMs: 120_000 });
    const { user, password } = address;
    if (password !== undefined) {
      link.send('AUTH', ...(user === undefined ? [] : [user]), password);
      const reply = await link.readLine();
      if (reply.startsWith('-')) {
        link.destroy();
        throw toReplyError(address, 'AUTH', reply.slice(1));
      }
    }
    return link;
  } catch (error) {
    throw toTargetError(error);
  }
}

/** Sends commands and answers their lines, in order. */
async function ask(link: SourceLink, commands: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  let partial = '';
  const received = link.receive((bytes) => {
    let from = 0;
    while (lines.length < commands.length) {
      const end = bytes.indexOf(10, from);
      if (end < 0) {
        partial += bytes.toString('latin1', from);
        return undefined;
      }
      lines.push((partial + bytes.toString('latin1', from, end)).replace(/\r$/, ''));
      partial = '';
      from = end + 1;
    }
    return bytes.subarray(from);
  });
  const written = link.write(Buffer.concat(commands));
  await received;
  await written;
  return lines;
}

function toKeyError(address: SourceAddress, reply: string): DomainError {
  const name = formatAddress(address);
  if (reply.startsWith('OOM')) {
    return new DomainError('target-out-of-memory', `${name} has no memory for more keys: ${reply}`, {
      hint: 'raise maxmemory of the target, then restore again',
    });
  }
  if (reply.startsWith('BUSYKEY')) {
    return new DomainError('target-key-exists', `${name} holds a key already that the restore would write`, {
      hint: 'restore with replacing, which lets keys of the backup take the place of those of the target',
    });
  }
  if (reply.startsWith('READONLY')) {
    return new DomainError('target-is-replica', `${name} has become a replica`, { hint: 'restore to its master' });
  }
  return toReplyError(address, 'RESTORE', reply);
}
