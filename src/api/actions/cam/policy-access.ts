import type { PolicyRecord } from '../../../catalog/access.ts';
import type { CatalogTables } from '../../../catalog/catalog.ts';
import type { ActionContext } from '../../action.ts';
import { parseNewDocument } from '../../auth/policy/new-document.ts';
import { PolicyError, type PolicyPart } from '../../auth/policy/policy-error.ts';
import type { ApiErrorCode } from '../../errors/codes.ts';

/** "Use limits" page of CAM. */
const MOST_DOCUMENT_LENGTH = 6144;
/** SDK, InvalidParameter.DescriptionLengthOverlimit. */
const MOST_DESCRIPTION_BYTES = 300;

/** The vendor's code for each part of a document that may be wrong. */
const DOCUMENT_CODES = {
  document: 'InvalidParameter.PolicyDocumentError',
  version: 'InvalidParameter.VersionError',
  statement: 'InvalidParameter.StatementError',
  effect: 'InvalidParameter.EffectError',
  action: 'InvalidParameter.ActionError',
  principal: 'InvalidParameter.PrincipalError',
  resource: 'InvalidParameter.ResourceError',
  'resource-form': 'InvalidParameter.ResourceQcsError',
  'resource-project': 'InvalidParameter.ResourceProjectError',
  'resource-region': 'InvalidParameter.ResourceRegionError',
  'resource-account': 'InvalidParameter.ResourceUinError',
  condition: 'InvalidParameter.ConditionError',
  'condition-operator': 'InvalidParameter.ConditionTypeError',
  'condition-value': 'InvalidParameter.ConditionContentError',
} as const satisfies Record<PolicyPart, ApiErrorCode>;

type DocumentCode = (typeof DOCUMENT_CODES)[PolicyPart] | 'InvalidParameter.PolicyDocumentLengthOverLimit';
type FactsCode = 'InvalidParameter.PolicyNameError' | 'InvalidParameter.DescriptionLengthOverlimit';

/** The codes that `assertDocument` and `assertPolicyFacts` raise, for an action to declare. */
export const POLICY_CODES = [
  ...(Object.values(DOCUMENT_CODES) as ReadonlyArray<(typeof DOCUMENT_CODES)[PolicyPart]>),
  'InvalidParameter.PolicyDocumentLengthOverLimit',
  'InvalidParameter.PolicyNameError',
  'InvalidParameter.DescriptionLengthOverlimit',
] as const;

/** Throws the code of the part that is wrong unless `document` is a policy document that is understood to the end and has nothing without effect. */
export function assertDocument(document: string, ctx: ActionContext<DocumentCode>): void {
  if (document.length > MOST_DOCUMENT_LENGTH) {
    throw ctx.fail('InvalidParameter.PolicyDocumentLengthOverLimit', {
      en: `PolicyDocument has ${document.length} characters; it must have at most ${MOST_DOCUMENT_LENGTH}.`,
      zh: `PolicyDocument 有 ${document.length} 个字符，最多 ${MOST_DOCUMENT_LENGTH} 个。`,
    });
  }
  try {
    parseNewDocument(document, ctx.principal.accountId, ctx.services.actions.names);
  } catch (error) {
    throw error instanceof PolicyError ? ctx.fail(DOCUMENT_CODES[error.part], error.text) : error;
  }
}

export function assertPolicyFacts(
  { name, description }: { name?: string | undefined; description?: string | undefined },
  ctx: ActionContext<FactsCode>,
): void {
  if (name !== undefined && !/^[A-Za-z0-9+=,.@_-]{1,128}$/.test(name)) {
    throw ctx.fail('InvalidParameter.PolicyNameError', {
      en: `PolicyName is ${JSON.stringify(name.slice(0, 64))}; it must have 1 to 128 letters, digits or +=,.@-_.`,
      zh: `PolicyName 为 ${JSON.stringify(name.slice(0, 64))}，必须是 1 到 128 个字母、数字或 +=,.@-_。`,
    });
  }
  const bytes = Buffer.byteLength(description ?? '');
  if (bytes > MOST_DESCRIPTION_BYTES) {
    throw ctx.fail('InvalidParameter.DescriptionLengthOverlimit', {
      en: `Description has ${bytes} bytes; it must have at most ${MOST_DESCRIPTION_BYTES}.`,
      zh: `Description 有 ${bytes} 字节，最多 ${MOST_DESCRIPTION_BYTES} 字节。`,
    });
  }
}

/** The policy of that id, custom or preset; else ResourceNotFound.PolicyIdNotFound. */
export async function getPolicy(
  policyId: number,
  tables: CatalogTables,
  ctx: ActionContext<'ResourceNotFound.PolicyIdNotFound'>,
): Promise<PolicyRecord> {
  const policy = Number.isSafeInteger(policyId) ? await tables.policies.get(ctx.principal.accountId, policyId) : undefined;
  if (policy === undefined) {
    throw ctx.fail('ResourceNotFound.PolicyIdNotFound', { en: `There is no policy ${policyId}.`, zh: `不存在策略 ${policyId}。` });
  }
  return policy;
}

/** Throws InvalidParameter.ParamError for a preset policy. */
export function assertCustom({ kind, name }: PolicyRecord, ctx: ActionContext<'InvalidParameter.ParamError'>): void {
  if (kind === 'preset') {
    throw ctx.fail('InvalidParameter.ParamError', {
      en: `${name} is a preset policy; it cannot be changed or deleted.`,
      zh: `${name} 是预设策略，不可修改或删除。`,
    });
  }
}
