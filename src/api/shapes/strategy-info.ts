import type { ListedPolicy, PolicyKind } from '../../catalog/access.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { formatWireTime } from './wire-time.ts';

/** How the vendor says where a policy comes from: 2, by policy syntax. */
export const CREATE_MODE = 2;

export const Tag = structure({ Key: text('Key.'), Value: text('Value.') });

/** A policy in a list, as the SDK models call it. */
export const StrategyInfo = structure({
  PolicyId: int64('Id.'),
  PolicyName: text('Name.'),
  AddTime: text('When it was made, UTC+8.'),
  Type: int64('1 custom, 2 preset.'),
  Description: text('Description.'),
  CreateMode: int64('2: by policy syntax.'),
  Attachments: int64('Users that it is attached to.'),
  ServiceType: text('Always empty.'),
  IsAttached: optional(int64('Never given: no question here marks an entity.')),
  Deactived: int64('Always 0.'),
  DeactivedDetail: list(text('Product.'), 'Always empty.'),
  IsServiceLinkedPolicy: int64('Always 0.'),
  AttachEntityCount: int64('Users that it is attached to.'),
  AttachEntityBoundaryCount: int64('Always 0.'),
  UpdateTime: text('When it was last changed, UTC+8.'),
  Tags: list(Tag, 'Always empty.'),
  PermissionLevel: text('Always empty.'),
});

/** `Type` and `StrategyType` of a policy. */
export function toPolicyType(kind: PolicyKind): 1 | 2 {
  return kind === 'custom' ? 1 : 2;
}

export function toStrategyInfo(policy: ListedPolicy) {
  return {
    PolicyId: policy.policyId,
    PolicyName: policy.name,
    AddTime: formatWireTime(policy.createdAt),
    Type: toPolicyType(policy.kind),
    Description: policy.description,
    CreateMode: CREATE_MODE,
    Attachments: policy.attachments,
    ServiceType: '',
    Deactived: 0,
    DeactivedDetail: [],
    IsServiceLinkedPolicy: 0,
    AttachEntityCount: policy.attachments,
    AttachEntityBoundaryCount: 0,
    UpdateTime: formatWireTime(policy.updatedAt),
    Tags: [],
    PermissionLevel: '',
  };
}
