import { dirname, relative } from 'node:path';
import type { SeededRandom } from '../../src/managed/seeded-random.ts';
import type { FileOperation } from './file-operations.ts';

/** What a name refers to: bytes as written, and how many of the writes were flushed. */
interface Inode {
  readonly writes: Array<{ position: number; bytes: Buffer }>;
  flushed: number;
}

/** A change of the entries of one directory. */
interface Change {
  readonly directory: string;
  readonly name: string;
  /** Null removes the name. */
  readonly target: Inode | 'directory' | null;
  flushed: boolean;
}

/**
 * A disk of the least that POSIX promises: bytes are safe after fsync of their file, names after fsync of their directory, and of everything
 * else any part may be lost in a power cut, or none. It keeps a log, and tells what is left after a cut at any place.
 */
export class Disk {
  readonly #root: string;
  readonly #first: Buffer;
  readonly #log: FileOperation[] = [];

  /** A disk with a `repository.json`, which is safe. */
  constructor(root: string, repositoryJson: Buffer) {
    this.#root = root;
    this.#first = repositoryJson;
  }

  get operations(): number {
    return this.#log.length;
  }

  note(operation: FileOperation): void {
    if (operation.kind !== 'open' && operation.kind !== 'read') {
      this.#log.push(operation);
    }
  }

  /** Files by their names, after the first `count` operations and a power cut. */
  afterPowerCut(count: number, random: SeededRandom): Map<string, Buffer> {
    const changes: Change[] = [
      { directory: '', name: 'repository.json', target: { writes: [{ position: 0, bytes: this.#first }], flushed: 1 }, flushed: true },
    ];
    for (const operation of this.#log.slice(0, count)) {
      this.#replay(operation, changes);
    }
    const entries = new Map<string, Inode | 'directory'>();
    for (const { directory, name, target, flushed } of changes) {
      if (flushed || random.below(2) === 0) {
        const path = directory === '' ? name : `${directory}/${name}`;
        if (target === null) {
          entries.delete(path);
        } else {
          entries.set(path, target);
        }
      }
    }
    const files = new Map<string, Buffer>();
    for (const [path, target] of entries) {
      if (target !== 'directory' && isReachable(path, entries)) {
        files.set(path, readAfterCut(target, random));
      }
    }
    return files;
  }

  #replay(operation: FileOperation, changes: Change[]): void {
    const path = relative(this.#root, operation.path);
    const change = (of: string, target: Change['target']) =>
      changes.push({ directory: parentOf(of), name: of.slice(of.lastIndexOf('/') + 1), target, flushed: false });
    const current = (of: string) =>
      changes.findLast(({ directory, name }) => directory === parentOf(of) && name === of.slice(of.lastIndexOf('/') + 1))?.target;
    const inode = current(path);
    switch (operation.kind) {
      case 'create':
        change(path, { writes: [], flushed: 0 });
        return;
      case 'mkdir':
        change(path, 'directory');
        return;
      case 'unlink':
      case 'rmdir':
        change(path, null);
        return;
      case 'write':
        if (typeof inode === 'object') {
          inode?.writes.push({ position: operation.position, bytes: operation.bytes });
        }
        return;
      case 'sync':
        if (inode !== null && typeof inode === 'object') {
          inode.flushed = inode.writes.length;
        }
        return;
      case 'link':
      case 'rename':
        change(relative(this.#root, operation.to), inode ?? null);
        if (operation.kind === 'rename') {
          change(path, null);
        }
        return;
      case 'sync-directory':
        for (const pending of changes) {
          pending.flushed ||= pending.directory === path;
        }
        return;
      default:
    }
  }
}

function parentOf(path: string): string {
  const parent = dirname(path);
  return parent === '.' ? '' : parent;
}

function isReachable(path: string, entries: ReadonlyMap<string, unknown>): boolean {
  const parent = parentOf(path);
  return parent === '' || (entries.get(parent) === 'directory' && isReachable(parent, entries));
}

/** Flushed writes are whole. Of each other one all is left, or nothing, or its beginning; where it made the file longer, zeros are. */
function readAfterCut({ writes, flushed }: Inode, random: SeededRandom): Buffer {
  let bytes = Buffer.alloc(0);
  for (const [index, write] of writes.entries()) {
    const kept = index < flushed ? write.bytes.length : random.pick([0, write.bytes.length, random.below(write.bytes.length + 1)]);
    const length = Math.max(bytes.length, write.position + (index < flushed || random.below(2) === 0 ? write.bytes.length : kept));
    bytes = Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
    write.bytes.copy(bytes, write.position, 0, kept);
  }
  return bytes;
}
