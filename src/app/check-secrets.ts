import type { Catalog } from '../catalog/catalog.ts';
import { SEALED_COLUMNS, SEALED_LABELS } from '../catalog/sealed-columns.ts';
import { describeError } from '../lib/errors.ts';
import type { Keyring } from '../repository/keyring.ts';
import type { Report } from './check.ts';

/** Opens every sealed secret of the catalog. */
export async function checkSecrets(catalog: Catalog, keyring: Keyring, report: Report): Promise<void> {
  for (const label of SEALED_LABELS) {
    for (const { id, sealed } of await catalog.sealed.all(label)) {
      try {
        keyring.open(label, sealed, Buffer.from(id));
      } catch (error) {
        report(id, `its secret in ${SEALED_COLUMNS[label].table} cannot be opened: ${describeError(error)}`);
      }
    }
  }
}
