import type { AccessKey } from '../../../catalog/access.ts';
import type { CatalogTables } from '../../../catalog/catalog.ts';
import { createAccessKeyPair } from '../../../lib/ids.ts';
import type { ActionContext } from '../../action.ts';

/** The vendor's limit: "at most two access keys for each account" (SDK, OperationDenied.AccessKeyOverLimit). */
const MOST_KEYS = 2;

/** Throws OperationDenied.AccessKeyOverLimit where the user has as many keys as it may have. */
export async function assertKeyRoom(
  uin: string,
  tables: CatalogTables,
  ctx: ActionContext<'OperationDenied.AccessKeyOverLimit'>,
): Promise<void> {
  const existing = await tables.accessKeys.ofUser(ctx.principal.accountId, uin);
  if (existing.length >= MOST_KEYS) {
    throw ctx.fail('OperationDenied.AccessKeyOverLimit', {
      en: `User ${uin} has ${existing.length} access keys; at most ${MOST_KEYS} are allowed. Delete one first.`,
      zh: `子用户 ${uin} 已有 ${existing.length} 个密钥，最多 ${MOST_KEYS} 个，请先删除一个。`,
    });
  }
}

/** Makes an active key of a user. The secret is returned this once: only its sealed form is kept. */
export async function createAccessKey(
  owner: { uin: string; description: string },
  tables: CatalogTables,
  ctx: Pick<ActionContext, 'principal' | 'services'>,
): Promise<{ key: AccessKey; secretKey: string }> {
  const { accountId } = ctx.principal;
  const { secretId, secretKey } = createAccessKeyPair();
  const key: AccessKey = {
    secretId,
    accountId,
    uin: owner.uin,
    sealedSecretKey: ctx.services.sealSecretKey(secretId, secretKey),
    status: 'active',
    description: owner.description,
    createdAt: ctx.services.clock.now(),
  };
  await tables.accessKeys.insert(key);
  return { key, secretKey };
}

/** Whose keys a call is about: `given`, else the caller. A user may not manage those of the root account (OperationDenied.SubUin). */
export function readTarget(given: number | undefined, ctx: ActionContext<'OperationDenied.SubUin'>): string {
  const { accountId, uin } = ctx.principal;
  const target = given === undefined ? uin : String(given);
  if (target === accountId && uin !== accountId) {
    throw ctx.fail('OperationDenied.SubUin', {
      en: 'A user may not manage the keys of the root account.',
      zh: '子用户不能管理主账号的密钥。',
    });
  }
  return target;
}

/** The key of that id where it is the target's; else ResourceNotFound.SecretNotExist or OperationDenied.UinNotMatch. */
export async function getAccessKey(
  secretId: string,
  target: string,
  tables: CatalogTables,
  ctx: ActionContext<'ResourceNotFound.SecretNotExist' | 'OperationDenied.UinNotMatch'>,
): Promise<AccessKey> {
  const key = await tables.accessKeys.get(secretId);
  if (key === undefined || key.accountId !== ctx.principal.accountId) {
    throw ctx.fail('ResourceNotFound.SecretNotExist', {
      en: `There is no access key ${JSON.stringify(secretId.slice(0, 64))}.`,
      zh: `不存在密钥 ${JSON.stringify(secretId.slice(0, 64))}。`,
    });
  }
  if (key.uin !== target) {
    throw ctx.fail('OperationDenied.UinNotMatch', {
      en: `Access key ${secretId} does not belong to ${target}; name its user with TargetUin.`,
      zh: `密钥 ${secretId} 不属于 ${target}，请用 TargetUin 指定其所属用户。`,
    });
  }
  return key;
}

/** Status as the wire has it. */
export function toWireStatus({ status }: AccessKey): string {
  return status === 'active' ? 'Active' : 'Inactive';
}
