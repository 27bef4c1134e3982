import type { WireSchema } from '../../src/api/schema.ts';

export type TypeFault = 'InvalidParameter' | 'MissingParameter' | 'UnknownParameter';

/**
 * What the contract says of a JSON input before its action sees it, written apart from the decoder: the first fault in the order of the
 * members, then the first member that is missing. Null and the empty list are absent.
 */
export function typeFaultOf(schema: WireSchema, input: unknown): TypeFault | undefined {
  return input === null || isAbsent(input) ? 'InvalidParameter' : valueFaultOf(schema, input);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function valueFaultOf(schema: WireSchema, value: unknown): TypeFault | undefined {
  switch (schema.type) {
    case 'string':
      // What no UTF-8 can say is no text.
      return typeof value === 'string' && value.isWellFormed() ? undefined : 'InvalidParameter';
    case 'boolean':
      return typeof value === schema.type ? undefined : 'InvalidParameter';
    case 'integer':
      return isWhole(value, schema.minimum === 0) ? undefined : 'InvalidParameter';
    case 'array':
      return Array.isArray(value) ? firstFault(value, (item) => valueFaultOf(itemsOf(schema), item)) : 'InvalidParameter';
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? membersFaultOf(schema, value) : 'InvalidParameter';
  }
}

function membersFaultOf(schema: WireSchema, value: object): TypeFault | undefined {
  const properties = new Map(Object.entries(schema.properties ?? {}));
  const fault = firstFault(Object.entries(value), ([name, member]: [string, unknown]) => {
    const property = properties.get(name);
    if (property === undefined) {
      return 'UnknownParameter';
    }
    // An empty list is absent only where a list is meant.
    return member === null ? undefined : valueFaultOf(property, member);
  });
  const members = new Map<string, unknown>(Object.entries(value));
  return fault ?? ((schema.required ?? []).some((name) => isAbsent(members.get(name))) ? 'MissingParameter' : undefined);
}

function firstFault<Item>(items: Iterable<Item>, faultOf: (item: Item) => TypeFault | undefined): TypeFault | undefined {
  for (const item of items) {
    const fault = faultOf(item);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

function isWhole(value: unknown, unsigned: boolean): boolean {
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= (unsigned ? 0 : -(2 ** 63)) && value <= (unsigned ? 2 ** 64 : 2 ** 63)
  );
}

export function itemsOf(schema: WireSchema): WireSchema {
  if (schema.items === undefined) {
    throw new Error('an array without items is no schema of the API');
  }
  return schema.items;
}
