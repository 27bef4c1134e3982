import type { ActionContext } from '../action.ts';
import type { Message } from '../errors/message.ts';

/** The vendor's limits of a tag (tag product, "Limits" page), and how many one call may name. */
const MOST_KEY_LENGTH = 127;
const MOST_VALUE_LENGTH = 255;
const MOST_TAGS = 50;
/** The vendor's own tags begin so; nobody else's may. */
const RESERVED_PREFIX = 'qcs:';
/** What stands between key and value in a policy, and what no list shows. */
const ILLEGAL = /[\p{Cc}&]/u;

interface WireTag {
  readonly TagKey: string;
  readonly TagValue: string;
}

/** Why tags cannot be kept, in the words of the `tag` product's codes, and what to tell the caller. */
export interface TagFault {
  readonly fault: 'many' | 'key-empty' | 'key-length' | 'key-character' | 'key-reserved' | 'value-length' | 'value-character';
  readonly text: Message;
}

/** The first fault of tags that one call names under `parameter`. */
export function findTagFault(parameter: string, tags: readonly WireTag[]): TagFault | undefined {
  const keys = new Set(tags.map(({ TagKey }) => TagKey));
  if (tags.length > MOST_TAGS || keys.size < tags.length) {
    return {
      fault: 'many',
      text: {
        en: `${parameter} has ${tags.length} tags of ${keys.size} keys; it may have at most ${MOST_TAGS}, each of another key.`,
        zh: `${parameter} 有 ${tags.length} 个标签、${keys.size} 个标签键；最多 ${MOST_TAGS} 个，且标签键不能重复。`,
      },
    };
  }
  for (const [index, tag] of tags.entries()) {
    const fault = findKeyFault(tag.TagKey) ?? findValueFault(tag.TagValue);
    if (fault !== undefined) {
      return { fault, text: describeFault(`${parameter}.${index}`, tag, fault) };
    }
  }
  return undefined;
}

/** Tags as they are kept. Throws InvalidParameter.InvalidParameter for any fault of them. */
export function assertTags(
  parameter: string,
  tags: readonly WireTag[],
  ctx: ActionContext<'InvalidParameter.InvalidParameter'>,
): ReadonlyArray<{ readonly key: string; readonly value: string }> {
  const found = findTagFault(parameter, tags);
  if (found !== undefined) {
    throw ctx.fail('InvalidParameter.InvalidParameter', found.text);
  }
  return toTags(tags);
}

export function toTags(tags: readonly WireTag[]): ReadonlyArray<{ readonly key: string; readonly value: string }> {
  return tags.map(({ TagKey: key, TagValue: value }) => ({ key, value }));
}

type OfOne = Exclude<TagFault['fault'], 'many'>;

function findKeyFault(key: string): OfOne | undefined {
  if (key === '') {
    return 'key-empty';
  }
  if (key.length > MOST_KEY_LENGTH) {
    return 'key-length';
  }
  if (ILLEGAL.test(key)) {
    return 'key-character';
  }
  return key.toLowerCase().startsWith(RESERVED_PREFIX) ? 'key-reserved' : undefined;
}

function findValueFault(value: string): OfOne | undefined {
  if (value.length > MOST_VALUE_LENGTH) {
    return 'value-length';
  }
  return ILLEGAL.test(value) ? 'value-character' : undefined;
}

function describeFault(path: string, { TagKey, TagValue }: WireTag, fault: OfOne): Message {
  const isKey = fault.startsWith('key');
  const name = `${path}.${isKey ? 'TagKey' : 'TagValue'}`;
  const quoted = JSON.stringify((isKey ? TagKey : TagValue).slice(0, 64));
  const [least, most] = isKey ? [1, MOST_KEY_LENGTH] : [0, MOST_VALUE_LENGTH];
  return fault === 'key-reserved'
    ? {
        en: `${name} is ${quoted}; keys that begin with ${RESERVED_PREFIX} are reserved: choose another.`,
        zh: `${name} 为 ${quoted}；以“${RESERVED_PREFIX}”开头的标签键为系统保留，请更换。`,
      }
    : {
        en: `${name} is ${quoted}; it must have ${least} to ${most} characters, none of them & or a control character.`,
        zh: `${name} 为 ${quoted}，长度必须为 ${least} 到 ${most} 个字符，且不能包含“&”或控制字符。`,
      };
}
