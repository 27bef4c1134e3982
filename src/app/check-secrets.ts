import type { Catalog } from '../catalog/catalog.ts';
import { describeError } from '../lib/errors.ts';
import type { Keyring } from '../repository/keyring.ts';
import { openSecretKey } from './access-keys.ts';
import type { Report } from './check.ts';
import { createSecretBox } from './instance-secrets.ts';

const PAGE = 1000;

/** Opens the sealed secrets of every instance and every access key. */
export async function checkSecrets(catalog: Catalog, keyring: Keyring, report: Report): Promise<void> {
  const secrets = createSecretBox(keyring);
  const accountId = (await catalog.settings.get('account-id')) ?? '';
  for (let offset = 0, more = true; more; offset += PAGE) {
    const { instances } = await catalog.instances.list({ accountId, states: ['attaching', 'online', 'detached'], limit: PAGE, offset });
    for (const instance of instances) {
      try {
        secrets.open(instance);
      } catch (error) {
        report(instance.instanceId, `its secrets cannot be opened: ${describeError(error)}`);
      }
    }
    more = instances.length === PAGE;
  }
  for (const key of await catalog.accessKeys.all()) {
    try {
      openSecretKey(keyring, key);
    } catch (error) {
      report(key.secretId, `its secret key cannot be opened: ${describeError(error)}`);
    }
  }
}
