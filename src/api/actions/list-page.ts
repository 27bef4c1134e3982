import type { ActionContext } from '../action.ts';
import { parseWireTime } from '../shapes/wire-time.ts';

type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

/** Throws InvalidParameter.InvalidParameter unless `limit` is 1 to `most` and `offset` a multiple of it. */
export function assertPage({ limit, offset, most }: { limit: number; offset: number; most: number }, ctx: Context): void {
  if (limit < 1 || limit > most) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `Limit is ${limit}; it must be 1 to ${most}.`,
      zh: `Limit 为 ${limit}，必须是 1 到 ${most}。`,
    });
  }
  if (offset < 0 || offset % limit !== 0 || !Number.isSafeInteger(offset)) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `Offset is ${offset}; it must be a multiple of Limit, ${limit}.`,
      zh: `Offset 为 ${offset}，必须是 Limit（${limit}）的整数倍。`,
    });
  }
}

/** Instants from the first millisecond of BeginTime to the last of EndTime, both inclusive. */
export interface TimeSpan {
  readonly begin: number | undefined;
  readonly end: number | undefined;
}

/** Throws InvalidParameter.InvalidParameter where one is no real time of the API's form, or they are the wrong way round. */
export function readTimeSpan(parameters: { BeginTime?: string; EndTime?: string }, ctx: Context): TimeSpan {
  const { BeginTime, EndTime } = parameters;
  const begin = BeginTime === undefined ? undefined : readTime('BeginTime', BeginTime, ctx);
  const end = EndTime === undefined ? undefined : readTime('EndTime', EndTime, ctx) + 999;
  if (begin !== undefined && end !== undefined && begin > end) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `BeginTime ${BeginTime} is later than EndTime ${EndTime}.`,
      zh: `BeginTime ${BeginTime} 晚于 EndTime ${EndTime}。`,
    });
  }
  return { begin, end };
}

function readTime(name: string, value: string, ctx: Context): number {
  const at = parseWireTime(value);
  if (at === undefined) {
    const quoted = JSON.stringify(value.slice(0, 64));
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `${name} is ${quoted}; it must be a real time, yyyy-MM-dd HH:mm:ss.`,
      zh: `${name} 为 ${quoted}，必须是真实时间，格式为 yyyy-MM-dd HH:mm:ss。`,
    });
  }
  return at;
}
