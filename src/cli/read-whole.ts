import { DomainError } from '../lib/errors.ts';

/** The number of an option or argument. Throws `usage-error`, which names it, unless it is a whole number of at most nine digits. */
export function readWhole(name: string, text: string): number {
  if (!/^-?\d{1,9}$/.test(text.trim())) {
    throw new DomainError('usage-error', `${name} is ${JSON.stringify(text)}; it must be a whole number`);
  }
  return Number(text);
}
