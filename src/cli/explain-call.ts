import type { AnyAction } from '../api/action.ts';
import type { ApiCallError } from '../api/client.ts';
import { actions } from '../api/registry.ts';
import { toWireSchema, type WireSchema, wireTypeOf } from '../api/schema.ts';
import { findNear } from './find-near.ts';

/** The product that has an action of that name. */
export function productOf(action: string): string | undefined {
  return actions.find(({ name }) => name === action)?.product;
}

/** What is wrong with a call that the service refused by `error`, and what it should be; undefined where that is not known. */
export function explainCall(error: ApiCallError, call: { product: string; action: string; parameters: object }): string | undefined {
  const action = actions.find(({ name, product }) => name === call.action && product === call.product);
  if (action === undefined) {
    return error.code === 'InvalidAction' ? explainName(call) : undefined;
  }
  const [, path] = /`([^`]+)`/.exec(error.message) ?? [];
  const root = toWireSchema(action.input);
  switch (error.code) {
    case 'UnknownParameter':
      return path === undefined ? undefined : explainUnknown(action, root, path);
    case 'MissingParameter':
      return `${action.name} needs ${(root.required ?? []).map((name) => `--${name}`).join(', ')}`;
    default:
      return path === undefined ? undefined : explainType(root, path, call.parameters);
  }
}

function explainName({ product, action }: { product: string; action: string }): string {
  const elsewhere = productOf(action);
  if (elsewhere !== undefined) {
    return `${action} is an action of --product ${elsewhere}, not of ${product}`;
  }
  const near = findNear(
    action,
    actions.map(({ name }) => name),
  );
  return near === undefined ? 'names of actions are written as in DescribeInstances' : `did you mean ${near}?`;
}

/** `path` as the service writes it, such as `ResourceTags.0.TagKy`. */
function explainUnknown(action: AnyAction, root: WireSchema, path: string): string | undefined {
  const parts = path.split('.');
  const unknown = parts.pop() ?? '';
  const inside = schemaAt(root, parts)?.properties;
  if (inside === undefined) {
    return undefined;
  }
  const names = Object.keys(inside);
  const near = findNear(unknown, names);
  const of = [action.name, ...parts].join('.');
  const all = names.length === 0 ? `${of} has no parameters` : `${of} has ${names.join(', ')}`;
  return near === undefined ? all : `did you mean ${[...parts, near].join('.')}? ${all}`;
}

function explainType(root: WireSchema, path: string, parameters: object): string | undefined {
  const parts = path.split('.');
  const wanted = schemaAt(root, parts);
  if (wanted === undefined) {
    return undefined;
  }
  const value = parts.reduce<unknown>((inside, part) => (inside as Record<string, unknown> | undefined)?.[part], parameters);
  const example = {
    array: `${isOfNumbers(wanted) ? "'[1,2]'" : `'["a","b"]'`} or --${path}.0 ${isOfNumbers(wanted) ? '1' : 'a'}`,
    object: `'{"Name":"value"}' or --${path}.Name value`,
    bool: 'true',
  }[wireTypeOf(wanted) as string];
  // What is printed ends up in the logs of scripts.
  const shown = /Password|Secret|Token|ClientKey/.test(path) ? '…' : String(value);
  const how = wireTypeOf(wanted) === 'string' ? `'${JSON.stringify(shown)}', in quotes for the shell and in quotes as JSON` : example;
  return `it must be ${describeType(wanted)}${how === undefined ? '' : `: --${path} ${how}`}`;
}

function isOfNumbers(schema: WireSchema): boolean {
  return schema.items?.type === 'integer';
}

function describeType(schema: WireSchema): string {
  const words = {
    array: 'a list',
    object: 'an object',
    string: 'a string',
    bool: 'true or false',
    int64: 'a whole number',
    uint64: 'a whole number, 0 or more',
  };
  return schema.type === 'array' && schema.items !== undefined ? `a list, each ${describeType(schema.items)}` : words[wireTypeOf(schema)];
}

function schemaAt(root: WireSchema, parts: readonly string[]): WireSchema | undefined {
  return parts.reduce<WireSchema | undefined>(
    (schema, part) => (schema?.type === 'array' ? schema.items : schema?.properties?.[part]),
    root,
  );
}
