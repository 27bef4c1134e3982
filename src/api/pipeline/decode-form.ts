import { commonErrors } from '../errors/common-errors.ts';
import { type WireSchema, wireTypeOf } from '../schema.ts';
import { isInteger } from './decode-json.ts';

/** A member, an element or the leaf of what flattened names spell. */
type Node = string | Branch;
interface Branch {
  [name: string]: Node;
}

/** Deeper than any structure of the API: `Filters.0.Values.0` is four. */
const MOST_DEPTH = 10;

/**
 * Decodes flattened parameters (`Status.0`, `Filters.0.Values.1`) by a schema. Their order does not matter; elements are ordered by
 * their number, and gaps in the numbering close, so that a large number costs nothing. Integers are decimal text, booleans `true` or
 * `false` in any case (Python's SDK writes `True`). Parameters named in `ignored` belong to the request.
 */
export function decodeForm(schema: WireSchema, parameters: Readonly<Record<string, string>>, ignored: ReadonlySet<string>): object {
  const root: Branch = Object.create(null) as Branch;
  for (const name in parameters) {
    if (!ignored.has(name)) {
      plant(root, name, parameters[name] ?? '');
    }
  }
  return decodeObject(schema, root, '');
}

function plant(root: Branch, name: string, value: string): void {
  if (!name.includes('.')) {
    add(root, name, value, name);
    return;
  }
  const segments = name.split('.', MOST_DEPTH + 1);
  if (segments.length > MOST_DEPTH) {
    throw commonErrors.unknownParameter(name);
  }
  let branch = root;
  for (let i = 0; i < segments.length - 1; i++) {
    const segment = segments[i] ?? '';
    const next = branch[segment] ?? (Object.create(null) as Branch);
    branch[segment] = next;
    if (typeof next === 'string') {
      throw commonErrors.repeatedParameter(segments.slice(0, i + 1).join('.'));
    }
    branch = next;
  }
  add(branch, segments.at(-1) ?? '', value, name);
}

function add(branch: Branch, segment: string, value: string, name: string): void {
  if (branch[segment] !== undefined) {
    throw commonErrors.repeatedParameter(name);
  }
  branch[segment] = value;
}

function decodeObject(schema: WireSchema, branch: Branch, prefix: string): Record<string, unknown> {
  const properties = schema.properties ?? {};
  const decoded: Record<string, unknown> = {};
  for (const name in branch) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const node = branch[name];
    if (property === undefined || node === undefined) {
      throw commonErrors.unknownParameter(prefix + name);
    }
    decoded[name] = decodeNode(property, node, prefix + name);
  }
  for (const name of schema.required ?? []) {
    if (decoded[name] === undefined) {
      throw commonErrors.missingParameter(prefix + name);
    }
  }
  return decoded;
}

function decodeNode(schema: WireSchema, node: Node, path: string): unknown {
  if (typeof node !== 'string') {
    if (schema.type === 'object') {
      return decodeObject(schema, node, `${path}.`);
    }
    if (schema.type === 'array' && schema.items !== undefined) {
      return decodeArray(schema.items, node, path);
    }
    throw commonErrors.wrongType(path, wireTypeOf(schema));
  }
  switch (schema.type) {
    case 'string':
      return node;
    case 'integer':
      return decodeInteger(schema, node, path);
    case 'boolean':
      return decodeBoolean(schema, node, path);
    default:
      throw commonErrors.wrongType(path, wireTypeOf(schema));
  }
}

function decodeArray(items: WireSchema, branch: Branch, path: string): unknown[] {
  const numbers = Object.keys(branch);
  for (const number of numbers) {
    if (!/^(0|[1-9]\d{0,8})$/.test(number)) {
      throw commonErrors.unknownParameter(`${path}.${number}`);
    }
  }
  // Keys that are numbers below 2^32 - 1 come in numeric order (ECMAScript, OrdinaryOwnPropertyKeys).
  return numbers.map((number) => decodeNode(items, branch[number] ?? '', `${path}.${number}`));
}

function decodeInteger(schema: WireSchema, text: string, path: string): number {
  const value = /^-?\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
  if (!isInteger(value, schema.minimum)) {
    throw commonErrors.wrongType(path, wireTypeOf(schema));
  }
  return value;
}

function decodeBoolean(schema: WireSchema, text: string, path: string): boolean {
  const word = text.toLowerCase();
  if (word !== 'true' && word !== 'false') {
    throw commonErrors.wrongType(path, wireTypeOf(schema));
  }
  return word === 'true';
}
