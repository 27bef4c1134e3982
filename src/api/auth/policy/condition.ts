import { parseIpRanges } from '../../../lib/ip-range.ts';
import type { Message } from '../../errors/message.ts';
import { PolicyError, show } from './policy-error.ts';
import { parsePolicyTime } from './policy-time.ts';
import { compileWildcard } from './wildcard.ts';

/** What a condition may look at. */
export interface Circumstances {
  /** Address of the caller; `` where it is not known. */
  readonly ip: string;
  /** Milliseconds. */
  readonly atMs: number;
  /** Tags of the resource, each `key&value`. */
  readonly tags: readonly string[];
}

export interface Condition {
  readonly key: ConditionKey;
  isMet(circumstances: Circumstances): boolean;
}

const KEYS = { 'qcs:ip': 'ip', 'qcs:current_time': 'date', 'qcs:resource_tag': 'string' } as const;
export type ConditionKey = keyof typeof KEYS;
type Family = (typeof KEYS)[ConditionKey];

/** Whether one value of the key fits the values that the document names. */
type Test = (value: string) => boolean;

interface Operator {
  readonly family: Family;
  /** Undefined where one of the values is malformed. */
  readonly compile: (values: readonly string[]) => Test | undefined;
  /** `not`: met where the test fails, also for a key that has no value. */
  readonly isNegated: boolean;
  readonly expects: Message;
}

const TAG: Message = { en: 'tags in the form key&value', zh: '形如 key&value 的标签' };
const TAG_PATTERN: Message = { en: 'tags in the form key&value, with * anywhere', zh: '形如 key&value 的标签，其中可使用 *' };
const TIME: Message = {
  en: 'real times in the form yyyy-MM-dd HH:mm:ss (UTC+8) or ISO 8601',
  zh: '真实时间，格式为 yyyy-MM-dd HH:mm:ss（UTC+8）或 ISO 8601',
};
const ADDRESS: Message = { en: 'addresses or CIDR ranges', zh: 'IP 地址或 CIDR 网段' };

const OPERATORS: Readonly<Record<string, Operator>> = {
  ...pair('ip_equal', 'ip_not_equal', 'ip', ADDRESS, (values) => parseIpRanges(values)?.has),
  ...pair(
    'string_equal',
    'string_not_equal',
    'string',
    TAG,
    tagTest((value) => (text) => text === value),
  ),
  ...pair(
    'string_equal_ignore_case',
    'string_not_equal_ignore_case',
    'string',
    TAG,
    tagTest((value) => {
      const lowered = value.toLowerCase();
      return (text) => text.toLowerCase() === lowered;
    }),
  ),
  ...pair('string_like', 'string_not_like', 'string', TAG_PATTERN, tagTest(compileWildcard, '*')),
  ...pair(
    'date_equal',
    'date_not_equal',
    'date',
    TIME,
    dateTest((now, value) => now === value),
  ),
  date_less_than: plain(
    'date',
    TIME,
    dateTest((now, value) => now < value),
  ),
  date_less_than_equal: plain(
    'date',
    TIME,
    dateTest((now, value) => now <= value),
  ),
  date_greater_than: plain(
    'date',
    TIME,
    dateTest((now, value) => now > value),
  ),
  date_greater_than_equal: plain(
    'date',
    TIME,
    dateTest((now, value) => now >= value),
  ),
};

const IF_EXIST = '_if_exist';
const FOR_ANY_VALUE = 'for_any_value:';
const FOR_ALL_VALUE = 'for_all_value:';

/**
 * Reads the `condition` of a statement: operator, key, values. Values of a key are alternatives (for a negated operator: none of them may
 * fit), keys and operators must all be met. `_if_exist` is met where the key has no value. `for_any_value:` is met where one of the
 * resource's tags meets the operator by itself ("Conditions" page of CAM): with a negated one that is a tag that fits none of the values,
 * whatever the others are, and none meets it where there are no tags. Throws PolicyError for every operator and key that it does not know: a condition that is skipped
 * would grant what its author did not mean.
 */
export function parseConditions(value: unknown, where: string): readonly Condition[] {
  const operators = readObject(value, `${where}: condition`);
  return Object.entries(operators).flatMap(([name, clause]) => {
    const place = `${where}: condition ${show(name)}`;
    return Object.entries(readObject(clause, place)).map(([key, values]) => parseClause(name, key, values, place));
  });
}

function parseClause(name: string, key: string, given: unknown, place: string): Condition {
  if (!isConditionKey(key)) {
    throw new PolicyError('condition', {
      en: `${place}: the key is ${show(key)}; it must be one of ${Object.keys(KEYS).join(', ')}.`,
      zh: `${place}: 条件键为 ${show(key)}，必须是 ${Object.keys(KEYS).join('、')} 之一。`,
    });
  }
  if (name.startsWith(FOR_ALL_VALUE)) {
    throw new PolicyError('condition-operator', {
      en: `${place}: ${FOR_ALL_VALUE} is not offered, since tags take ${FOR_ANY_VALUE} only and the other keys have one value; a not operator without prefix is met where no tag fits.`,
      zh: `${place}: 不支持 ${FOR_ALL_VALUE}，标签仅支持 ${FOR_ANY_VALUE}，其他条件键只有一个值；不带前缀的 not 运算符在没有标签匹配时满足。`,
    });
  }
  const isForAny = name.startsWith(FOR_ANY_VALUE);
  const isOptional = name.endsWith(IF_EXIST);
  const bare = name.slice(isForAny ? FOR_ANY_VALUE.length : 0, isOptional ? -IF_EXIST.length : undefined);
  const operator = Object.hasOwn(OPERATORS, bare) ? OPERATORS[bare] : undefined;
  if (operator === undefined) {
    throw new PolicyError('condition-operator', {
      en: `${place}: the operator is not known; operators are ${Object.keys(OPERATORS).join(', ')}.`,
      zh: `${place}: 未知的条件运算符，可用的有 ${Object.keys(OPERATORS).join('、')}。`,
    });
  }
  if (operator.family !== KEYS[key]) {
    throw new PolicyError('condition-operator', {
      en: `${place}: the key ${key} needs an operator that starts with ${KEYS[key]}_.`,
      zh: `${place}: 条件键 ${key} 需要以 ${KEYS[key]}_ 开头的运算符。`,
    });
  }
  if (isForAny && key !== 'qcs:resource_tag') {
    throw new PolicyError('condition-operator', {
      en: `${place}: ${FOR_ANY_VALUE} is for qcs:resource_tag only, since ${key} has one value.`,
      zh: `${place}: ${FOR_ANY_VALUE} 仅适用于 qcs:resource_tag，${key} 只有一个值。`,
    });
  }
  const test = operator.compile(readValues(given, operator, place));
  if (test === undefined) {
    throw new PolicyError('condition-value', {
      en: `${place}: the values are ${show(given)}; they must be ${operator.expects.en}.`,
      zh: `${place}: 条件值为 ${show(given)}，必须是 ${operator.expects.zh}。`,
    });
  }
  const { isNegated } = operator;
  return {
    key,
    isMet(circumstances) {
      const values = valuesOf(key, circumstances);
      if (values.length === 0 && isOptional) {
        return true;
      }
      return isForAny ? values.some((value) => test(value) !== isNegated) : values.some(test) !== isNegated;
    },
  };
}

function valuesOf(key: ConditionKey, { ip, atMs, tags }: Circumstances): readonly string[] {
  switch (key) {
    case 'qcs:ip':
      return ip === '' ? [] : [ip];
    case 'qcs:current_time':
      return [String(Math.floor(atMs / 1000))];
    case 'qcs:resource_tag':
      return tags;
  }
}

function readValues(given: unknown, operator: Operator, place: string): readonly string[] {
  const values: unknown[] = Array.isArray(given) ? given : [given];
  if (values.length === 0 || !values.every((value) => typeof value === 'string')) {
    throw new PolicyError('condition-value', {
      en: `${place}: the values are ${show(given)}; they must be ${operator.expects.en}.`,
      zh: `${place}: 条件值为 ${show(given)}，必须是 ${operator.expects.zh}。`,
    });
  }
  return values;
}

function readObject(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    throw new PolicyError('condition', {
      en: `${place} is ${show(value)}; it must be an object with at least one member.`,
      zh: `${place} 为 ${show(value)}，必须是至少有一个成员的对象。`,
    });
  }
  return value as Record<string, unknown>;
}

function isConditionKey(key: string): key is ConditionKey {
  return Object.hasOwn(KEYS, key);
}

function plain(family: Family, expects: Message, compile: Operator['compile']): Operator {
  return { family, compile, isNegated: false, expects };
}

function pair(name: string, negated: string, family: Family, expects: Message, compile: Operator['compile']): Record<string, Operator> {
  const operator = plain(family, expects, compile);
  return { [name]: operator, [negated]: { ...operator, isNegated: true } };
}

/** `wildcard` makes up for the `&` that a value lacks. */
function tagTest(compileOne: (value: string) => Test, wildcard = '&'): Operator['compile'] {
  return (values) => {
    const tests = values.map(compileOne);
    const isWellFormed = values.every((value) => value.includes('&') || value.includes(wildcard));
    return isWellFormed ? (text) => tests.some((test) => test(text)) : undefined;
  };
}

function dateTest(compare: (now: number, value: number) => boolean): Operator['compile'] {
  return (values) => {
    const times = values.map(parsePolicyTime).filter((time) => time !== undefined);
    return times.length === values.length ? (now) => times.some((time) => compare(Number(now), time)) : undefined;
  };
}
