import { ApiCallError, type Client } from '../api/client.ts';
import { describeError } from '../lib/errors.ts';
import { NO_INSTANCE, suggestInstance } from './find-instance.ts';
import { findNear } from './find-near.ts';
import { listBackups } from './list-backups.ts';
import { listInstances } from './list-instances.ts';

/** A call that failed, and what it was made with. */
interface FailedCall {
  readonly client: Client;
  readonly parameters: object;
  readonly from: CallOrigin;
}

export interface CallOrigin {
  readonly region: string;
  /** Where the key was read, for a person. */
  readonly keySource: string;
}

const failedCalls = new WeakMap<ApiCallError, FailedCall>();

/** A client whose errors `describeFailure` can explain. Nothing is looked up before that is asked for. */
export function explained(client: Client, from: CallOrigin): Client {
  return {
    async call<Answer extends object>(product: string, action: string, parameters: object = {}) {
      try {
        return await client.call<Answer>(product, action, parameters);
      } catch (error) {
        if (error instanceof ApiCallError) {
          failedCalls.set(error, { client, parameters, from });
        }
        throw error;
      }
    },
  };
}

/** What is printed of anything that a command threw: its text and, where it can be told, what was meant or what to do next. */
export async function describeFailure(error: unknown): Promise<string> {
  const text = describeError(error);
  const call = error instanceof ApiCallError ? failedCalls.get(error) : undefined;
  if (!(error instanceof ApiCallError) || call === undefined) {
    return text;
  }
  const advice = await advise(error, call).catch(() => undefined);
  return advice === undefined ? text : `${text.replace(/[.。]$/, '')}; ${advice}`;
}

async function advise({ code, message }: ApiCallError, { client, parameters, from }: FailedCall): Promise<string | undefined> {
  const { InstanceId, BackupId } = parameters as { InstanceId?: unknown; BackupId?: unknown };
  if (/^AuthFailure\.(SecretIdNotFound|SignatureFailure|TokenFailure|SignatureExpire)$/.test(code)) {
    return code === 'AuthFailure.SignatureExpire' ? 'set the clock of this machine right' : `the key is the one in ${from.keySource}`;
  }
  if (code === 'InvalidParameterValue' && message.includes('X-TC-Region')) {
    return adviseOnRegion(from.region);
  }
  if (code === 'ResourceNotFound.InstanceNotExists' && typeof InstanceId === 'string') {
    return suggestInstance(InstanceId, await listInstances(client)) ?? NO_INSTANCE;
  }
  if (code === 'InvalidParameterValue.BackupNotExists' && typeof InstanceId === 'string' && typeof BackupId === 'string') {
    const ids = (await listBackups(client, InstanceId)).map((row) => row.BackupId);
    return suggestBackup(BackupId, ids) ?? `\`redkeep backup list ${InstanceId}\` shows those that there are`;
  }
  return undefined;
}

/** `did you mean …?` where the id of a backup is near, or begins like that. */
export function suggestBackup(given: string, ids: readonly string[]): string | undefined {
  const begun = ids.filter((id) => given.length >= 4 && id.startsWith(given));
  const near = begun.length === 1 ? begun[0] : findNear(given, ids);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

async function adviseOnRegion(given: string): Promise<string> {
  const { regions } = await import('../api/regions.ts');
  const names = [...regions.keys()];
  const near = findNear(given, names);
  return `there is no region ${given}; ${near === undefined ? '' : `did you mean ${near}? `}regions are ${names.join(', ')}`;
}
