import { createHash } from 'node:crypto';
import { defineAction } from '../../action.ts';
import { regions } from '../../regions.ts';
import { list, optional, structure, text, uint64 } from '../../schema.ts';
import { readInstances } from './tagged-instances.ts';

const MOST_IDS = 50;
const MOST_LIMIT = 1000;

/** All fields of the SDK model, in its order. */
export const TagResource = structure({
  TagKey: text('Key.'),
  TagValue: text('Value.'),
  ResourceId: text('Instance.'),
  TagKeyMd5: text('MD5 of the key, hexadecimal.'),
  TagValueMd5: text('MD5 of the value, hexadecimal.'),
  ServiceType: text('redis.'),
  Category: text('Custom.'),
});

export const DescribeResourceTagsByResourceIds = defineAction({
  name: 'DescribeResourceTagsByResourceIds',
  product: 'tag',
  summary: 'Lists the tags of instances.',
  description: 'Ordered by instance and key. An instance that does not exist, and a resource of another product, has none.',
  input: structure({
    ServiceType: text('redis; another has no resources here.'),
    ResourcePrefix: text('instance; another has no resources here.'),
    ResourceIds: list(text('Id.'), 'Instances, at most 50.'),
    ResourceRegion: text('Region of the instances.'),
    Offset: optional(uint64('Rows to skip, a multiple of Limit. Default: 0.')),
    Limit: optional(uint64('Size of the page, 1 to 1000. Default: 15.')),
    Category: optional(text('Custom, System (there are none) or All. Default: All.')),
  }),
  output: structure({
    TotalCount: uint64('Tags that match.'),
    Offset: uint64('As asked for.'),
    Limit: uint64('As asked for.'),
    Tags: list(TagResource, 'The page.'),
  }),
  errors: [
    'AuthFailure.UnauthorizedOperation',
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter',
    'InvalidParameterValue.OffsetInvalid',
    'InvalidParameterValue.RegionInvalid',
    'InvalidParameterValue.ResourceIdInvalid',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: { ServiceType: 'redis', ResourcePrefix: 'instance', ResourceIds: ['crs-7m2k9q4d'], ResourceRegion: 'ap-guangzhou' },
    output: {
      TotalCount: 1,
      Offset: 0,
      Limit: 15,
      Tags: [toTagResource({ instanceId: 'crs-7m2k9q4d', key: 'team', value: 'orders' })],
    },
  },

  async handle({ ServiceType, ResourcePrefix, ResourceIds, ResourceRegion, Offset = 0, Limit = 15, Category = 'All' }, ctx) {
    if (ResourceIds.length > MOST_IDS || Limit < 1 || Limit > MOST_LIMIT || !['All', 'Custom', 'System'].includes(Category)) {
      throw ctx.fail('InvalidParameter', {
        en: `ResourceIds has ${ResourceIds.length} elements, Limit is ${Limit}, Category is ${JSON.stringify(Category.slice(0, 16))}; at most ${MOST_IDS}, 1 to ${MOST_LIMIT}, and All, Custom or System are allowed.`,
        zh: `ResourceIds 有 ${ResourceIds.length} 个元素，Limit 为 ${Limit}，Category 为 ${JSON.stringify(Category.slice(0, 16))}；分别允许最多 ${MOST_IDS} 个、1 到 ${MOST_LIMIT}，以及 All、Custom 或 System。`,
      });
    }
    if (Offset % Limit !== 0 || !Number.isSafeInteger(Offset)) {
      throw ctx.fail('InvalidParameterValue.OffsetInvalid', {
        en: `Offset is ${Offset}; it must be a multiple of Limit, ${Limit}.`,
        zh: `Offset 为 ${Offset}，必须是 Limit（${Limit}）的整数倍。`,
      });
    }
    if (!regions.has(ResourceRegion)) {
      const quoted = JSON.stringify(ResourceRegion.slice(0, 64));
      throw ctx.fail('InvalidParameterValue.RegionInvalid', {
        en: `ResourceRegion is ${quoted}, which is no region; DescribeRegions lists them.`,
        zh: `ResourceRegion 为 ${quoted}，该地域不存在；可通过 DescribeRegions 查询。`,
      });
    }
    const { catalog } = ctx.services;
    const isOurs = ServiceType === 'redis' && ResourcePrefix === 'instance';
    const malformed = ResourceIds.find((id) => !/^crs-[a-z0-9]{8}$/.test(id));
    if (isOurs && malformed !== undefined) {
      const quoted = JSON.stringify(malformed.slice(0, 64));
      throw ctx.fail('InvalidParameterValue.ResourceIdInvalid', {
        en: `ResourceIds holds ${quoted}; an instance id is crs- and eight lower-case letters or digits.`,
        zh: `ResourceIds 包含 ${quoted}；实例 ID 必须是 crs- 加八位小写字母或数字。`,
      });
    }
    const ids =
      isOurs && Category !== 'System'
        ? await readInstances([...new Set(ResourceIds)], ResourceRegion, catalog, ctx.principal.accountId)
        : [];
    const tags = await catalog.tags.ofInstances(ids);
    return { TotalCount: tags.length, Offset, Limit, Tags: tags.slice(Offset, Offset + Limit).map(toTagResource) };
  },
});

function toTagResource({ instanceId, key, value }: { instanceId: string; key: string; value: string }) {
  return {
    TagKey: key,
    TagValue: value,
    ResourceId: instanceId,
    TagKeyMd5: md5(key),
    TagValueMd5: md5(value),
    ServiceType: 'redis',
    Category: 'Custom',
  };
}

function md5(value: string): string {
  return createHash('md5').update(value).digest('hex');
}
