import type { ActionContext } from '../action.ts';

type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

/** Throws InvalidParameter.InvalidParameter where a list has more than `most` elements. */
export function assertElements(name: string, values: readonly unknown[], most: number, ctx: Context): void {
  if (values.length > most) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `${name} has ${values.length} elements; it must have at most ${most}.`,
      zh: `${name} 有 ${values.length} 个元素，最多 ${most} 个。`,
    });
  }
}

/** Throws InvalidParameter.InvalidParameter unless the value is one of those that there are. */
export function assertOneOf<Value extends string | number>(name: string, value: Value, allowed: readonly Value[], ctx: Context): void {
  if (!allowed.includes(value)) {
    const quoted = JSON.stringify(typeof value === 'string' ? value.slice(0, 64) : value);
    const words = allowed.join(', ');
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `${name} is ${quoted}; it must be one of ${words}.`,
      zh: `${name} 为 ${quoted}，必须是 ${words} 之一。`,
    });
  }
}
