import type { ActionContext } from '../../action.ts';

const MOST_ROWS = 200;
const MOST_PAGE = 200;

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
