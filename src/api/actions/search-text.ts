import type { ActionContext } from '../action.ts';

/** As long as the longest name of an instance: a longer text finds nothing. */
const MOST_NAME_LENGTH = 60;
/** As long as the longest host, which a search may also name. */
export const MOST_KEY_LENGTH = 253;

/**
 * Throws InvalidParameter.InvalidParameter unless `text` can be looked for: bounded, since databases bound what they search for, and
 * without NUL, where some of them end a text.
 */
export function assertSearchText(
  name: string,
  text: string,
  ctx: ActionContext<'InvalidParameter.InvalidParameter'>,
  most = MOST_NAME_LENGTH,
): void {
  // In characters as the rule for names counts them; what has more than two units for each needs no counting.
  const length = text.length > 2 * most ? text.length : [...text].length;
  if (length > most || text.includes('\0')) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `${name} has ${length} characters; it must have at most ${most} and none of them NUL.`,
      zh: `${name} 有 ${length} 个字符，最多 ${most} 个，且不能包含 NUL。`,
    });
  }
}
