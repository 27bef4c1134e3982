import { DomainError } from '../../lib/errors.ts';

/** Throws `catalog-conflict` with `message` where a conditional change met no row. */
export function expectOneRow(changed: bigint, message: string): void {
  if (changed !== 1n) {
    throw new DomainError('catalog-conflict', message);
  }
}
