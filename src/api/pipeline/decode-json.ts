import { commonErrors } from '../errors/common-errors.ts';
import { type WireSchema, wireTypeOf } from '../schema.ts';

/**
 * Checks a parsed JSON body against a schema, strictly as the gateway does: no number in a string member nor the reverse, and no member
 * that the schema does not name. A member that is null or an empty array counts as absent. Depth is bounded by the schema. Returns
 * `value` itself without such members.
 */
export function decodeJson(schema: WireSchema, value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw commonErrors.malformedJson();
  }
  checkObject(schema, value as Record<string, unknown>, '');
  return value;
}

function checkObject(schema: WireSchema, value: Record<string, unknown>, prefix: string): void {
  const properties = schema.properties ?? {};
  for (const name of Object.keys(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) {
      throw commonErrors.unknownParameter(prefix + name);
    }
    const member = value[name];
    if (member !== null) {
      checkValue(property, member, prefix + name);
    }
    if (member === null || (Array.isArray(member) && member.length === 0)) {
      delete value[name];
    }
  }
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) {
      throw commonErrors.missingParameter(prefix + name);
    }
  }
}

function checkValue(schema: WireSchema, value: unknown, path: string): void {
  switch (schema.type) {
    case 'object':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw commonErrors.wrongType(path, wireTypeOf(schema));
      }
      checkObject(schema, value as Record<string, unknown>, `${path}.`);
      return;
    case 'array':
      if (!Array.isArray(value) || schema.items === undefined) {
        throw commonErrors.wrongType(path, wireTypeOf(schema));
      }
      for (let i = 0; i < value.length; i++) {
        checkValue(schema.items, value[i], `${path}.${i}`);
      }
      return;
    case 'integer':
      if (!isInteger(value, schema.minimum)) {
        throw commonErrors.wrongType(path, wireTypeOf(schema));
      }
      return;
    default:
      if (typeof value !== schema.type) {
        throw commonErrors.wrongType(path, wireTypeOf(schema));
      }
      // Half of a surrogate pair, which an escape can write: no store would keep it as it is.
      if (typeof value === 'string' && !value.isWellFormed()) {
        throw commonErrors.malformedText();
      }
  }
}

const LEAST = -(2 ** 63);
const MOST_SIGNED = 2 ** 63;
const MOST_UNSIGNED = 2 ** 64;

/** An integer that fits 64 bits, signed or (minimum 0) unsigned. Over 2^53 it is rounded, and so beyond every bound that an action sets. */
export function isInteger(value: unknown, minimum: number | undefined): boolean {
  return (
    Number.isInteger(value) && (value as number) >= (minimum ?? LEAST) && (value as number) <= (minimum === 0 ? MOST_UNSIGNED : MOST_SIGNED)
  );
}
