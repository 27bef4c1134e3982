import { DomainError } from '../lib/errors.ts';

type Inside = Record<string, unknown> | unknown[];

/**
 * `--Name value` or `--Name=value` as parameters; `--Tags.0.Key value` lies inside a list or an object. Names start with a capital letter on the
 * wire, which keeps them apart from the command's own options. Throws `usage-error`, which says what is wrong with which word.
 */
export function readParameters(words: readonly string[]): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const [, name, joined] = /^--([A-Z]\w*(?:\.(?:\d{1,4}|[A-Z]\w*))*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      throw new DomainError('usage-error', `${JSON.stringify(word)} is no parameter`, { hint: hintFor(word) });
    }
    const value = joined ?? words[++i];
    if (value === undefined) {
      throw new DomainError('usage-error', `--${name} has no value`, { hint: `write --${name} VALUE` });
    }
    put(parameters, name, readValue(value));
  }
  assertNoGaps(parameters, '');
  return parameters;
}

function hintFor(word: string): string {
  const [, first = '', rest = ''] = /^-{0,2}([A-Za-z])(\w*)/.exec(word) ?? [];
  const example = first === '' ? '--Name value' : `--${first.toUpperCase()}${rest} value`;
  return `parameters are written as in the API, ${example}; a value of several words goes in quotes`;
}

function put(parameters: Record<string, unknown>, name: string, value: unknown): void {
  const parts = name.split('.');
  let inside: Inside = parameters;
  for (const [i, part] of parts.entries()) {
    const next = parts[i + 1];
    const there = (inside as Record<string, unknown>)[part];
    if (next === undefined) {
      if (there !== undefined) {
        throw new DomainError('usage-error', `--${name} is given twice`);
      }
      (inside as Record<string, unknown>)[part] = value;
      return;
    }
    const wanted: Inside = /^\d/.test(next) ? [] : {};
    if (there === undefined) {
      (inside as Record<string, unknown>)[part] = wanted;
    } else if (typeof there !== 'object' || there === null || Array.isArray(there) !== Array.isArray(wanted)) {
      throw new DomainError('usage-error', `--${name} does not fit what was given of --${parts.slice(0, i + 1).join('.')} before`);
    }
    inside = (inside as Record<string, unknown>)[part] as Inside;
  }
}

/** A list must be given from 0 on. */
function assertNoGaps(value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null) {
    return;
  }
  if (Array.isArray(value)) {
    const gap = Array.from(value).indexOf(undefined);
    if (gap >= 0) {
      throw new DomainError('usage-error', `--${name}.${gap} is missing`, { hint: 'lists are counted from 0' });
    }
  }
  for (const [part, inside] of Object.entries(value)) {
    assertNoGaps(inside, name === '' ? part : `${name}.${part}`);
  }
}

function readValue(text: string): unknown {
  if (!/^(-?\d+(\.\d+)?|true|false|\[.*\]|\{.*\}|".*")$/s.test(text)) {
    return text;
  }
  try {
    const value: unknown = JSON.parse(text);
    // A number that JavaScript would round is an identifier: it stays text.
    return typeof value === 'number' && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}
