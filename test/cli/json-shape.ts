import type { TSchema } from 'typebox';
import { toWireSchema, type WireSchema } from '../../src/api/schema.ts';

/**
 * What a JSON document looks like: a type, a list of one shape, an object by its keys, of which those with a `?` may be absent, or what must be one
 * of several. A structure that has a name is described once, under that; the key `...` puts its members beside the others.
 */
export type Shape = 'string' | 'int' | 'number' | 'bool' | 'null' | 'any' | readonly [Shape] | ObjectShape | OneOf | Named;
export interface ObjectShape {
  readonly [key: string]: Shape;
}

export class OneOf {
  readonly shapes: readonly Shape[];
  constructor(...shapes: Shape[]) {
    this.shapes = shapes;
  }
}

export class Named {
  readonly name: string;
  readonly shape: ObjectShape;
  constructor(name: string, shape: ObjectShape) {
    this.name = name;
    this.shape = shape;
  }
}

/** The members of what an action answers. */
export function shapeOf(schema: TSchema): ObjectShape {
  return toShape(toWireSchema(schema)) as ObjectShape;
}

function toShape(schema: WireSchema): Shape {
  switch (schema.type as WireSchema['type'] | 'number') {
    case 'string':
      return 'string';
    case 'integer':
      return 'int';
    case 'number':
      return 'number';
    case 'boolean':
      return 'bool';
    case 'array':
      return [schema.items === undefined ? 'any' : toShape(schema.items)];
    case 'object': {
      const required = new Set(schema.required);
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, inside]) => [required.has(key) ? key : `${key}?`, toShape(inside)]),
      );
    }
  }
}

/** Where a value is not of that shape, and how; undefined where it is. Keys that the shape has not are a fault too. */
export function findFault(value: unknown, shape: Shape, path = '$'): string | undefined {
  if (shape instanceof OneOf) {
    const faults = shape.shapes.map((each) => findFault(value, each, path));
    return faults.includes(undefined) ? undefined : faults.join(' and ');
  }
  if (shape instanceof Named) {
    return findFault(value, shape.shape, path);
  }
  if (typeof shape === 'string') {
    return isOfType(value, shape) ? undefined : `${path} is ${JSON.stringify(value)}, no ${shape}`;
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) {
      return `${path} is no list`;
    }
    return value.map((item, i) => findFault(item, shape[0], `${path}[${i}]`)).find((fault) => fault !== undefined);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `${path} is no object`;
  }
  const { '...': spread, ...own } = shape;
  const members = { ...(spread instanceof Named ? spread.shape : {}), ...own };
  const known = new Map(Object.entries(members).map(([key, inside]) => [key.replace(/\?$/, ''), { inside, mayLack: key.endsWith('?') }]));
  for (const key of Object.keys(value)) {
    if (!known.has(key)) {
      return `${path} has ${key}, which is not documented`;
    }
  }
  for (const [key, { inside, mayLack }] of known) {
    if (!Object.hasOwn(value, key)) {
      if (!mayLack) {
        return `${path} lacks ${key}`;
      }
      continue;
    }
    const fault = findFault((value as Record<string, unknown>)[key], inside, `${path}.${key}`);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

function isList(shape: readonly [Shape] | ObjectShape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'null':
      return value === null;
    case 'int':
      return Number.isSafeInteger(value);
    case 'bool':
      return typeof value === 'boolean';
    default:
      return typeof value === type;
  }
}

/** As the page shows it, on one line; a structure with a name by its name. */
export function renderShape(shape: Shape): string {
  if (shape instanceof OneOf) {
    return shape.shapes.map(renderShape).join(' or ');
  }
  if (shape instanceof Named) {
    return shape.name;
  }
  if (typeof shape === 'string') {
    return shape;
  }
  if (isList(shape)) {
    return `[${renderShape(shape[0])}]`;
  }
  const members = Object.entries(shape).map(([key, inside]) =>
    key === '...' ? `...${renderShape(inside)}` : `${key}: ${renderShape(inside)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** The structures with names in a shape, the outer before the inner. */
export function namedIn(shape: Shape): Named[] {
  if (shape instanceof OneOf) {
    return shape.shapes.flatMap(namedIn);
  }
  if (shape instanceof Named) {
    return [shape, ...namedIn(shape.shape)];
  }
  if (typeof shape === 'string') {
    return [];
  }
  return isList(shape) ? namedIn(shape[0]) : Object.values(shape).flatMap(namedIn);
}
