import type { ActionContext } from '../../action.ts';

const MOST_ROWS = 200;
const MOST_PAGE = 200;
/** As long as the longest name of a policy: a longer text finds nothing. */
const MOST_KEYWORD_LENGTH = 128;

/** The rows of a page as CAM counts pages: `Rp` rows each, 1 to 200, `Page` from 1 to 200. */
export function readPage(
  { Rp = 20, Page = 1 }: { Rp?: number | undefined; Page?: number | undefined },
  ctx: ActionContext<'InvalidParameter.ParamError'>,
): { limit: number; offset: number } {
  if (Rp < 1 || Rp > MOST_ROWS) {
    throw ctx.fail('InvalidParameter.ParamError', {
      en: `Rp is ${Rp}; it must be 1 to ${MOST_ROWS}.`,
      zh: `Rp 为 ${Rp}，必须是 1 到 ${MOST_ROWS}。`,
    });
  }
  if (Page < 1 || Page > MOST_PAGE) {
    throw ctx.fail('InvalidParameter.ParamError', {
      en: `Page is ${Page}; it must be 1 to ${MOST_PAGE}.`,
      zh: `Page 为 ${Page}，必须是 1 到 ${MOST_PAGE}。`,
    });
  }
  return { limit: Rp, offset: (Page - 1) * Rp };
}

/** Throws InvalidParameter.ParamError unless the text can be looked for in names of policies. */
export function assertKeyword(keyword: string, ctx: ActionContext<'InvalidParameter.ParamError'>): void {
  if (keyword.length > MOST_KEYWORD_LENGTH || keyword.includes('\0')) {
    throw ctx.fail('InvalidParameter.ParamError', {
      en: `Keyword has ${keyword.length} characters; it must have at most ${MOST_KEYWORD_LENGTH} and none of them NUL.`,
      zh: `Keyword 有 ${keyword.length} 个字符，最多 ${MOST_KEYWORD_LENGTH} 个，且不能包含 NUL。`,
    });
  }
}
