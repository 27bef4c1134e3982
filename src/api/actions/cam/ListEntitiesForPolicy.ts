import { defineAction } from '../../action.ts';
import { int64, list, optional, structure, text, uint64 } from '../../schema.ts';
import { formatWireTime } from '../../shapes/wire-time.ts';
import { readPage } from './page.ts';
import { getPolicy } from './policy-access.ts';

export const AttachEntityOfPolicy = structure({
  Id: text('Number of the user.'),
  Name: text('Name of the user.'),
  Uin: int64('Uin of the user.'),
  RelatedType: int64('1: attached to a user.'),
  AttachmentTime: text('When it was attached, UTC+8.'),
});

const FILTERS: readonly string[] = ['All', 'User', 'Group', 'Role'];

export const ListEntitiesForPolicy = defineAction({
  name: 'ListEntitiesForPolicy',
  product: 'cam',
  summary: 'Lists the sub-accounts that have a policy.',
  description: 'In the order in which they got it. There are no groups and roles: these filters list nothing.',
  input: structure({
    PolicyId: uint64('Id of the policy.'),
    Page: optional(uint64('Number of the page, 1 to 200. Default: 1.')),
    Rp: optional(uint64('Rows of a page, 1 to 200. Default: 20.')),
    EntityFilter: optional(text('All (default), User, Group or Role.')),
  }),
  output: structure({ TotalNum: int64('Entities that match.'), List: list(AttachEntityOfPolicy, 'The page.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.EntityFilterError',
    'InvalidParameter.ParamError',
    'ResourceNotFound.PolicyIdNotFound',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: { PolicyId: 10000001 },
    output: {
      TotalNum: 1,
      List: [{ Id: '1', Name: 'reader', Uin: 100000000003, RelatedType: 1, AttachmentTime: '2018-09-01 10:00:00' }],
    },
  },

  async handle(parameters, ctx) {
    const { PolicyId, EntityFilter = 'All' } = parameters;
    const { limit, offset } = readPage(parameters, ctx);
    if (!FILTERS.includes(EntityFilter)) {
      throw ctx.fail('InvalidParameter.EntityFilterError', {
        en: `EntityFilter is ${JSON.stringify(EntityFilter.slice(0, 64))}; it must be ${FILTERS.join(', ')}.`,
        zh: `EntityFilter 为 ${JSON.stringify(EntityFilter.slice(0, 64))}，必须是 ${FILTERS.join('、')} 之一。`,
      });
    }
    const { catalog } = ctx.services;
    const { accountId } = ctx.principal;
    const { policyId } = await getPolicy(PolicyId, catalog, ctx);
    const hasUsers = EntityFilter === 'All' || EntityFilter === 'User';
    const attachments = hasUsers ? await catalog.policies.attachments({ accountId, policyId }) : [];
    const users = new Map((await catalog.users.list(accountId)).map((user) => [user.uin, user]));
    return {
      TotalNum: attachments.length,
      List: attachments.slice(offset, offset + limit).map(({ uin, attachedAt }) => ({
        Id: String(users.get(uin)?.uid ?? ''),
        Name: users.get(uin)?.name ?? '',
        Uin: Number(uin),
        RelatedType: 1,
        AttachmentTime: formatWireTime(attachedAt),
      })),
    };
  },
});
