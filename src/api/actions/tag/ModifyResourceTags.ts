import { type ActionContext, defineAction } from '../../action.ts';
import { list, optional, structure, text } from '../../schema.ts';
import { findTagFault, toTags } from '../instance-tags.ts';
import { parseInstanceResource, readInstances } from './tagged-instances.ts';

const MOST_CHANGES = 10;
const MOST_TAGS = 50;

const TAG_ERRORS = [
  'InvalidParameter.ReservedTagKey',
  'InvalidParameter.Tag',
  'InvalidParameterValue.TagKeyCharacterIllegal',
  'InvalidParameterValue.TagKeyEmpty',
  'InvalidParameterValue.TagKeyLengthExceeded',
  'InvalidParameterValue.TagValueCharacterIllegal',
  'InvalidParameterValue.TagValueLengthExceeded',
] as const;

export const ModifyResourceTags = defineAction({
  name: 'ModifyResourceTags',
  product: 'tag',
  summary: 'Gives an instance tags, changes them, takes them away.',
  description: 'All at once or not at all. Tags can decide who may do what with an instance, so this needs a right on everything.',
  input: structure({
    Resource: text('The instance: qcs::redis:<region>:uin/<account>:instance/<id>; the account may be left out.'),
    ReplaceTags: optional(
      list(
        structure({ TagKey: text('Key.'), TagValue: text('Value.'), Category: optional(text('Accepted, no effect: all are custom.')) }),
        'Tags to add, or to give another value, at most 10.',
      ),
    ),
    DeleteTags: optional(
      list(structure({ TagKey: text('Key.') }), 'Tags to take away, at most 10; one that the instance has not is passed over.'),
    ),
  }),
  output: structure({}),
  errors: [
    'AuthFailure.UnauthorizedOperation',
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameterValue.DeleteTagsParamError',
    'InvalidParameterValue.ResourceDescriptionError',
    'InvalidParameterValue.ResourceIdInvalid',
    'LimitExceeded.ResourceAttachedTags',
    ...TAG_ERRORS,
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: {
      Resource: 'qcs::redis:ap-guangzhou:uin/:instance/crs-7m2k9q4d',
      ReplaceTags: [{ TagKey: 'stage', TagValue: 'test' }],
      DeleteTags: [{ TagKey: 'team' }],
    },
    output: {},
  },

  async handle({ Resource, ReplaceTags = [], DeleteTags = [] }, ctx) {
    const { accountId } = ctx.principal;
    const named = parseInstanceResource(Resource, accountId);
    if (named === undefined) {
      const quoted = JSON.stringify(Resource.slice(0, 128));
      throw ctx.fail('InvalidParameterValue.ResourceDescriptionError', {
        en: `Resource is ${quoted}; it must be qcs::redis:<region>:uin/${accountId}:instance/<id>.`,
        zh: `Resource 为 ${quoted}，必须是 qcs::redis:<region>:uin/${accountId}:instance/<id>。`,
      });
    }
    const changes = ReplaceTags.length + DeleteTags.length;
    if (changes === 0 || ReplaceTags.length > MOST_CHANGES || DeleteTags.length > MOST_CHANGES) {
      throw ctx.fail('InvalidParameter.Tag', {
        en: `ReplaceTags has ${ReplaceTags.length} and DeleteTags ${DeleteTags.length} elements; one of them must have 1 to ${MOST_CHANGES}, the other at most as many.`,
        zh: `ReplaceTags 有 ${ReplaceTags.length} 个、DeleteTags 有 ${DeleteTags.length} 个元素；其中之一须有 1 到 ${MOST_CHANGES} 个，另一个最多同样多。`,
      });
    }
    assertReplaced(ReplaceTags, ctx);
    const replaced = toTags(ReplaceTags);
    const both = replaced.find(({ key }) => DeleteTags.some(({ TagKey }) => TagKey === key));
    if (both !== undefined) {
      throw ctx.fail('InvalidParameterValue.DeleteTagsParamError', {
        en: `The key ${JSON.stringify(both.key)} is in ReplaceTags and in DeleteTags.`,
        zh: `标签键 ${JSON.stringify(both.key)} 同时出现在 ReplaceTags 和 DeleteTags 中。`,
      });
    }
    await ctx.services.catalog.transaction(async (tables) => {
      const [instanceId] = await readInstances([named.instanceId], named.region, tables, accountId);
      if (instanceId === undefined) {
        throw ctx.fail('InvalidParameterValue.ResourceIdInvalid', {
          en: `No instance ${named.instanceId} is found in region ${named.region}.`,
          zh: `地域 ${named.region} 中不存在实例 ${named.instanceId}。`,
        });
      }
      for (const { TagKey } of DeleteTags) {
        await tables.tags.remove(instanceId, TagKey);
      }
      for (const tag of replaced) {
        await tables.tags.set({ instanceId, ...tag });
      }
      const { length } = await tables.tags.ofInstances([instanceId]);
      if (length > MOST_TAGS) {
        throw ctx.fail('LimitExceeded.ResourceAttachedTags', {
          en: `Instance ${instanceId} would have ${length} tags; at most ${MOST_TAGS} are allowed.`,
          zh: `实例 ${instanceId} 将有 ${length} 个标签，最多允许 ${MOST_TAGS} 个。`,
        });
      }
    });
    return {};
  },
});

/** Throws with the vendor's code for the first fault of the tags. */
function assertReplaced(
  tags: ReadonlyArray<{ readonly TagKey: string; readonly TagValue: string }>,
  ctx: ActionContext<(typeof TAG_ERRORS)[number]>,
): void {
  const found = findTagFault('ReplaceTags', tags);
  switch (found?.fault) {
    case undefined:
      return;
    case 'many':
      throw ctx.fail('InvalidParameter.Tag', found.text);
    case 'key-empty':
      throw ctx.fail('InvalidParameterValue.TagKeyEmpty', found.text);
    case 'key-length':
      throw ctx.fail('InvalidParameterValue.TagKeyLengthExceeded', found.text);
    case 'key-character':
      throw ctx.fail('InvalidParameterValue.TagKeyCharacterIllegal', found.text);
    case 'key-reserved':
      throw ctx.fail('InvalidParameter.ReservedTagKey', found.text);
    case 'value-length':
      throw ctx.fail('InvalidParameterValue.TagValueLengthExceeded', found.text);
    case 'value-character':
      throw ctx.fail('InvalidParameterValue.TagValueCharacterIllegal', found.text);
  }
}
