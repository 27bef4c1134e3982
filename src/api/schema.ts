import {
  Boolean as Bool,
  Number as Float,
  Integer,
  Array as List,
  Object as Structure,
  type TArray,
  type TBoolean,
  String as Text,
  type TInteger,
  type TNumber,
  type TObject,
  type TProperties,
  type TSchema,
  type TString,
} from 'typebox';

export { Optional as optional } from 'typebox';

/**
 * The types that API 3.0 knows, as JSON Schema. Only names are imported from typebox, never its `Type` object: a bundler then keeps
 * 18 kB of it, and none of its compiler (which costs a third of a second at start) is ever loaded.
 */
export function text(description: string): TString {
  return Text({ description });
}

export function int64(description: string): TInteger {
  return Integer({ description, format: 'int64' });
}

/** A negative value is a type error, as in the vendor's gateway. */
export function uint64(description: string): TInteger {
  return Integer({ description, format: 'uint64', minimum: 0 });
}

/** Of answers only. */
export function float(description: string): TNumber {
  return Float({ description });
}

export function bool(description: string): TBoolean {
  return Bool({ description });
}

export function list<Item extends TSchema>(item: Item, description: string): TArray<Item> {
  return List(item, { description });
}

export function structure<Properties extends TProperties>(properties: Properties, description = ''): TObject<Properties> {
  return Structure(properties, description === '' ? {} : { description });
}

/** What the pipeline reads of a schema. */
export interface WireSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  /** Of an integer. */
  readonly minimum?: number;
  /** Of an array. */
  readonly items?: WireSchema;
  /** Of an object. */
  readonly properties?: Readonly<Record<string, WireSchema>>;
  readonly required?: readonly string[];
}

/** Reads a schema made by the functions above. */
export function toWireSchema(schema: TSchema): WireSchema {
  return schema as unknown as WireSchema;
}

/** A type as the vendor's type errors call it. */
export type WireType = 'array' | 'bool' | 'int64' | 'object' | 'string' | 'uint64';

export function wireTypeOf({ type, minimum }: WireSchema): WireType {
  switch (type) {
    case 'boolean':
      return 'bool';
    case 'integer':
      return minimum === 0 ? 'uint64' : 'int64';
    default:
      return type;
  }
}
