import type { ActionContext } from '../action.ts';

/** The vendor's limits of a tag (tag product, "Limits" page), and how many one call may name. */
const MOST_KEY_LENGTH = 127;
const MOST_VALUE_LENGTH = 255;
const MOST_TAGS = 50;

/**
 * Tags as they are kept. Throws InvalidParameter.InvalidParameter for a key or value that is too long, has a control character or the `&`
 * that stands between both in a policy, a key that is empty or comes twice, and too many.
 */
export function assertTags(
  parameter: string,
  tags: ReadonlyArray<{ readonly TagKey: string; readonly TagValue: string }>,
  ctx: ActionContext<'InvalidParameter.InvalidParameter'>,
): ReadonlyArray<{ readonly key: string; readonly value: string }> {
  const keys = new Set(tags.map(({ TagKey }) => TagKey));
  if (tags.length > MOST_TAGS || keys.size < tags.length) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `${parameter} has ${tags.length} tags of ${keys.size} keys; it may have at most ${MOST_TAGS}, each of another key.`,
      zh: `${parameter} 有 ${tags.length} 个标签、${keys.size} 个标签键；最多 ${MOST_TAGS} 个，且标签键不能重复。`,
    });
  }
  return tags.map(({ TagKey: key, TagValue: value }, index) => {
    assertTagText(`${parameter}.${index}.TagKey`, key, 1, MOST_KEY_LENGTH, ctx);
    assertTagText(`${parameter}.${index}.TagValue`, value, 0, MOST_VALUE_LENGTH, ctx);
    return { key, value };
  });
}

function assertTagText(
  parameter: string,
  text: string,
  least: number,
  most: number,
  ctx: ActionContext<'InvalidParameter.InvalidParameter'>,
): void {
  if (text.length < least || text.length > most || /[\p{Cc}&]/u.test(text)) {
    const quoted = JSON.stringify(text.slice(0, 64));
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `${parameter} is ${quoted}; it must have ${least} to ${most} characters, none of them & or a control character.`,
      zh: `${parameter} 为 ${quoted}，长度必须为 ${least} 到 ${most} 个字符，且不能包含“&”或控制字符。`,
    });
  }
}
