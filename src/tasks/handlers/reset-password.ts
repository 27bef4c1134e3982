import type { TaskHandler } from '../task.ts';
import { createChangeInstanceHandler } from './change-instance.ts';
import type { ManagedSite } from './create-instance.ts';

/** What the task of ResetPassword carries: the new `InstanceSecrets`, sealed for the instance, in base64. */
export interface PasswordPayload {
  readonly sealedSecrets: string;
}

/** Changes the password of a managed instance; those who are signed in stay so. */
export function createResetPasswordHandler(site: ManagedSite): TaskHandler {
  return createChangeInstanceHandler(site, {
    async read({ payload }) {
      const { sealedSecrets } = JSON.parse(payload) as PasswordPayload;
      return { sealedSecrets: Buffer.from(sealedSecrets, 'base64') };
    },
  });
}
