import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from './errors.ts';
import { syncDirectory } from './sync-directory.ts';

/** Who did what, for those who must know later: one JSON object a line. */
export interface AuditLog {
  /**
   * Durable when it resolves; the time (`at`, ISO 8601) is added. Entries that come while others are being flushed share the next flush.
   * Throws `audit-unavailable` where the file cannot be written: what is to be recorded first must then not be done.
   */
  append(entry: AuditEntry): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export interface AuditEntry {
  /** Such as `download.started`. */
  readonly event: string;
  readonly [field: string]: unknown;
}

/**
 * An append-only file (mode 0600), made where there is none. A file that was moved away, as logrotate does, is left alone from the next
 * entry on and a new one begun: no signal is needed. A crash can leave half a line; the next start ends it, so that no entry is lost in it.
 */
export async function openAuditLog(path: string, now: () => number = Date.now): Promise<AuditLog> {
  let file = await openFile(path);
  let waiting: Array<{ line: string; resolve: () => void; reject: (error: unknown) => void }> = [];
  let flushing: Promise<void> | undefined;
  // A write that failed may have left half a line.
  let endsInside = await endsInsideLine(file);

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await write(batch.map(({ line }) => line).join(''));
        for (const { resolve } of batch) {
          resolve();
        }
      } catch (cause) {
        const error = new DomainError('audit-unavailable', `cannot write ${path}: ${cause instanceof Error ? cause.message : cause}`, {
          retryable: true,
          hint: 'make room on its disk, or let the service write there',
          cause,
        });
        for (const { reject } of batch) {
          reject(error);
        }
      }
    }
    flushing = undefined;
  }

  async function write(lines: string): Promise<void> {
    if (await wasMoved(path, file)) {
      const next = await openFile(path);
      await file.close();
      file = next;
      endsInside = await endsInsideLine(file);
    }
    const text = endsInside ? `\n${lines}` : lines;
    endsInside = true;
    await file.appendFile(text);
    await file.datasync();
    endsInside = false;
  }

  return {
    append(entry) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ line: `${JSON.stringify({ at: new Date(now()).toISOString(), ...entry })}\n`, resolve, reject });
      flushing ??= flush();
      return promise;
    },
    async close() {
      await flushing;
      await file.close();
    },
  };
}

async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  await syncDirectory(dirname(path));
  return file;
}

async function wasMoved(path: string, file: FileHandle): Promise<boolean> {
  const [named, ours] = await Promise.all([stat(path).catch(() => undefined), file.stat()]);
  return named === undefined || named.ino !== ours.ino || named.dev !== ours.dev;
}

async function endsInsideLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) {
    return false;
  }
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}
