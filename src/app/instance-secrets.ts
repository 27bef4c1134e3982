import { createHash, timingSafeEqual } from 'node:crypto';
import type { Instance, InstanceSecrets } from '../catalog/catalog.ts';
import type { SealedLabel } from '../catalog/sealed-columns.ts';
import type { Keyring } from '../repository/keyring.ts';

/** Seals and opens the secrets of instances for their rows. A sealed text is bound to its instance: moved to another row it does not open. */
export interface SecretBox {
  seal(instanceId: string, secrets: InstanceSecrets): Uint8Array;
  open(instance: Instance): InstanceSecrets;
  /** Whether that is the instance's password, `` where it has none; in constant time. */
  isPassword(instance: Instance, password: string): boolean;
}

const LABEL: SealedLabel = 'instance-secrets';

export function createSecretBox(keyring: Keyring): SecretBox {
  const open = (instance: Instance) =>
    JSON.parse(keyring.open(LABEL, instance.sealedSecrets, Buffer.from(instance.instanceId)).toString()) as InstanceSecrets;
  return {
    seal: (instanceId, secrets) => keyring.seal(LABEL, Buffer.from(JSON.stringify(secrets)), Buffer.from(instanceId)),
    open,
    isPassword: (instance, password) => timingSafeEqual(hash(open(instance).password ?? ''), hash(password)),
  };
}

/** Of one length, whatever the text's. */
function hash(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
