import { chmodSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { SeededRandom } from '../../src/managed/seeded-random.ts';

/** One change of stored objects, by their names; null is an object that is gone. */
export interface Damage {
  readonly what: string;
  readonly changed: ReadonlyMap<string, Buffer | null>;
}

/** Where a header, a footer or a tag is: the bytes of an object that no length of random places would be sure to meet. */
export interface Edge {
  readonly name: string;
  readonly at: number;
}

/** The stored objects of a repository in a directory, which are damaged one at a time and put back. */
export class StoredObjects {
  readonly #root: string;
  readonly #originals = new Map<string, Buffer>();

  constructor(root: string) {
    this.#root = root;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) {
        const path = join(entry.parentPath, entry.name);
        chmodSync(path, 0o600);
        this.#originals.set(relative(root, path), readFileSync(path));
      }
    }
  }

  names(prefix: string): string[] {
    return [...this.#originals.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  bytes(name: string): Buffer {
    const bytes = this.#originals.get(name);
    if (bytes === undefined) {
      throw new Error(`there is no object ${name}`);
    }
    return bytes;
  }

  do({ changed }: Damage): void {
    for (const [name, bytes] of changed) {
      if (bytes === null) {
        unlinkSync(join(this.#root, name));
      } else {
        writeFileSync(join(this.#root, name), bytes);
      }
    }
  }

  undo({ changed }: Damage): void {
    for (const name of changed.keys()) {
      writeFileSync(join(this.#root, name), this.bytes(name), { mode: 0o600 });
    }
  }

  /** All bytes are as they were. */
  areWhole(): boolean {
    return [...this.#originals].every(([name, bytes]) => {
      const path = join(this.#root, name);
      return statSync(path).size === bytes.length && readFileSync(path).equals(bytes);
    });
  }
}

/**
 * Header and footer of everything below `prefix`, byte by byte: every frame's header and tag, and sealed objects (manifest, index, section),
 * which are little else, as a whole.
 */
export function findEdges(objects: StoredObjects, prefix: string): Edge[] {
  return objects.names(prefix).flatMap((name) => {
    const bytes = objects.bytes(name);
    const places = /data-/.test(name) ? splitFrames(bytes).flatMap(toFrameEdges) : Array.from(bytes.keys());
    return places.map((at) => ({ name, at }));
  });
}

interface FrameSpan {
  readonly from: number;
  readonly to: number;
}

const FRAME_HEADER = 20;
const TAG = 16;

function toFrameEdges({ from, to }: FrameSpan): number[] {
  return [
    ...Array.from({ length: FRAME_HEADER }, (_, index) => from + index),
    ...Array.from({ length: TAG }, (_, index) => to - TAG + index),
  ];
}

/** By the lengths in their headers; see docs/repository-format.md. */
export function splitFrames(bytes: Buffer): FrameSpan[] {
  const frames: FrameSpan[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = from + FRAME_HEADER + bytes.readUInt32BE(from + 16) + TAG;
    frames.push({ from, to });
    from = to;
  }
  return frames;
}

export function flip({ name, at }: Edge, objects: StoredObjects, random: SeededRandom): Damage {
  const bytes = Buffer.from(objects.bytes(name));
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return { what: `a bit of byte ${at} of ${name} flipped`, changed: new Map([[name, bytes]]) };
}

/** The attempt that is damaged, and the others whose bytes may get into it: another attempt of the same backup, another backup. */
export interface Prefixes {
  readonly own: string;
  readonly others: readonly [string, string];
}

/**
 * A change at a random place of an attempt: flipped, cut off, grown or gone, swapped inside the attempt, or with what lies at the same place of
 * another one. It always changes a byte.
 */
export function damageAnywhere(objects: StoredObjects, { own, others }: Prefixes, random: SeededRandom): Damage {
  for (;;) {
    const names = objects.names(own);
    // Half of all places are in the data, wherever they are; the others are in what describes them.
    const data = names.filter((name) => /data-/.test(name));
    const [firstName = ''] = names;
    const name = random.below(2) === 0 ? random.pick([data[0] ?? firstName, ...data]) : random.pick([firstName, ...names]);
    const bytes = objects.bytes(name);
    const at = random.below(bytes.length);
    const twin = name.replace(own, random.pick([others[0], others[1]]));
    const damage = random.pick(KINDS)({ objects, random, name, bytes, at, twin, names });
    if (damage !== undefined && [...damage.changed].some(([changed, now]) => now === null || !now.equals(objects.bytes(changed)))) {
      return damage;
    }
  }
}

interface Place {
  readonly objects: StoredObjects;
  readonly random: SeededRandom;
  readonly name: string;
  readonly bytes: Buffer;
  readonly at: number;
  /** The object of the same role in another attempt. */
  readonly twin: string;
  readonly names: readonly string[];
}

const LONGEST_RANGE = 4_096;

function flipBit(place: Place): Damage {
  return flip(place, place.objects, place.random);
}

function truncate({ name, bytes, at }: Place): Damage {
  return { what: `${name} cut at ${at} of ${bytes.length}`, changed: new Map([[name, bytes.subarray(0, at)]]) };
}

function grow({ name, bytes, random }: Place): Damage {
  const more = 1 + random.below(64);
  return { what: `${name} with ${more} bytes more`, changed: new Map([[name, Buffer.concat([bytes, random.bytes(more)])]]) };
}

function remove({ name }: Place): Damage {
  return { what: `${name} gone`, changed: new Map([[name, null]]) };
}

function swapRanges({ name, bytes, at, random }: Place): Damage {
  const other = random.below(bytes.length);
  const [low, high] = at < other ? [at, other] : [other, at];
  const length = Math.min(high - low, bytes.length - high, 1 + random.below(LONGEST_RANGE));
  const swapped = Buffer.from(bytes);
  bytes.copy(swapped, low, high, high + length);
  bytes.copy(swapped, high, low, low + length);
  return { what: `${length} bytes at ${low} and ${high} of ${name} swapped`, changed: new Map([[name, swapped]]) };
}

function swapFrames({ name, bytes, random }: Place): Damage | undefined {
  if (!/data-/.test(name)) {
    return undefined;
  }
  const frames = splitFrames(bytes).map(({ from, to }) => bytes.subarray(from, to));
  const [one, other] = [random.below(frames.length), random.below(frames.length)];
  const swapped = frames.map((frame, index) =>
    index === one ? (frames[other] ?? frame) : index === other ? (frames[one] ?? frame) : frame,
  );
  return { what: `frames ${one} and ${other} of ${name} swapped`, changed: new Map([[name, Buffer.concat(swapped)]]) };
}

function swapObjects({ objects, name, bytes, names, random }: Place): Damage {
  const other = random.pick([name, ...names]);
  return {
    what: `${name} and ${other} swapped`,
    changed: new Map([
      [name, objects.bytes(other)],
      [other, bytes],
    ]),
  };
}

function swapWithTwin({ objects, name, bytes, twin }: Place): Damage {
  return {
    what: `${name} and ${twin} swapped`,
    changed: new Map([
      [name, objects.bytes(twin)],
      [twin, bytes],
    ]),
  };
}

function rangeOfTwin({ objects, name, bytes, at, twin, random }: Place): Damage {
  const mixed = Buffer.from(bytes);
  const length = 1 + random.below(LONGEST_RANGE);
  objects.bytes(twin).copy(mixed, at, at, at + length);
  return { what: `up to ${length} bytes at ${at} of ${name} from ${twin}`, changed: new Map([[name, mixed]]) };
}

type Kind = (place: Place) => Damage | undefined;

/** Flips, cuts and swaps in like parts, with the rarer ones beside them. */
const KINDS: readonly [Kind, ...Kind[]] = [
  flipBit,
  ...[flipBit, flipBit, flipBit, flipBit, flipBit],
  ...[truncate, truncate, truncate, truncate, grow, remove],
  ...[swapRanges, swapRanges, swapFrames, swapObjects, swapWithTwin, rangeOfTwin],
];
