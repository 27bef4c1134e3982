import { type Condition, parseConditions } from './condition.ts';
import { PolicyError, show } from './policy-error.ts';
import { findRepeatedMember } from './repeated-member.ts';
import { parseResource, type ResourcePattern } from './resource.ts';
import { compileWildcard } from './wildcard.ts';

/** A policy document of version 2.0 ("Syntax structure" page of CAM), compiled for evaluation. */
export interface PolicyDocument {
  readonly statements: readonly Statement[];
}

export interface ActionPattern {
  /** As it was given. */
  readonly text: string;
  /** Takes `service:Action` in lower case. */
  matches(lowered: string): boolean;
}

export interface Statement {
  readonly effect: 'allow' | 'deny';
  readonly actions: readonly ActionPattern[];
  /** Takes `service:Action`. */
  matchesAction(action: string): boolean;
  readonly resources: readonly ResourcePattern[];
  /** All must be met. */
  readonly conditions: readonly Condition[];
}

/**
 * Reads a policy document that belongs to the account `owner`. It is read strictly: what is not understood is refused, never skipped.
 * Throws PolicyError.
 */
export function parsePolicyDocument(text: string, owner: string): PolicyDocument {
  const document = parseJson(text);
  refuseOthers(document, ['version', 'statement'], 'document', 'The document');
  if (document['version'] !== '2.0') {
    throw new PolicyError('version', {
      en: `version is ${show(document['version'])}; it must be "2.0".`,
      zh: `version 为 ${show(document['version'])}，必须是 "2.0"。`,
    });
  }
  const given = document['statement'];
  const statements: unknown[] = Array.isArray(given) ? given : [given];
  if (statements.length === 0) {
    throw new PolicyError('statement', {
      en: 'statement is []; it must have at least one element.',
      zh: 'statement 为 []，至少需要一个元素。',
    });
  }
  return { statements: statements.map((statement, i) => parseStatement(statement, owner, `statement ${i + 1}`)) };
}

function parseJson(text: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new PolicyError('document', { en: 'The policy document is not JSON.', zh: '策略文档不是 JSON。' });
  }
  const repeated = findRepeatedMember(text);
  if (repeated !== undefined) {
    throw new PolicyError('document', {
      en: `The policy document has the member ${show(repeated)} twice in one object; each may stand once.`,
      zh: `策略文档的同一对象中成员 ${show(repeated)} 出现两次，每个成员只能出现一次。`,
    });
  }
  return readObject(document, 'document', 'The policy document');
}

function parseStatement(value: unknown, owner: string, where: string): Statement {
  const statement = readObject(value, 'statement', where);
  if (statement['principal'] !== undefined) {
    throw new PolicyError('principal', {
      en: `${where}: principal belongs into the trust policy of a role; a policy is attached to users.`,
      zh: `${where}: principal 只用于角色的信任策略，此处的策略关联到用户。`,
    });
  }
  refuseOthers(statement, ['effect', 'action', 'resource', 'condition'], 'statement', where);
  const { effect, action, resource, condition } = statement;
  if (effect !== 'allow' && effect !== 'deny') {
    throw new PolicyError('effect', {
      en: `${where}: effect is ${show(effect)}; it must be "allow" or "deny".`,
      zh: `${where}: effect 为 ${show(effect)}，必须是 "allow" 或 "deny"。`,
    });
  }
  const actions = readTexts(action, 'action', where).map((text) => parseAction(text, where));
  return {
    effect,
    actions,
    matchesAction(name) {
      const lowered = name.toLowerCase();
      return actions.some(({ matches }) => matches(lowered));
    },
    resources: readTexts(resource, 'resource', where).map((text) => parseResource(text, owner, where)),
    conditions: condition === undefined ? [] : parseConditions(condition, where),
  };
}

/**
 * `*` or `service:Action`, with `*` anywhere, behind the old prefix `name/` or not. Case does not count: no two actions differ in case
 * alone, and a deny with a slip in it would deny nothing.
 */
function parseAction(text: string, where: string): ActionPattern {
  const pattern = text.startsWith('name/') ? text.slice('name/'.length) : text;
  if (pattern !== '*' && !/^[A-Za-z0-9*]+:[A-Za-z0-9*]+$/.test(pattern)) {
    throw new PolicyError('action', {
      en: `${where}: the action is ${show(text)}; it must be * or <service>:<Action>, with * anywhere.`,
      zh: `${where}: action 为 ${show(text)}，必须是 * 或 <service>:<Action>，其中可使用 *。`,
    });
  }
  return { text, matches: compileWildcard(pattern.toLowerCase()) };
}

function readTexts(value: unknown, part: 'action' | 'resource', where: string): readonly string[] {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string')) {
    throw new PolicyError(part, {
      en: `${where}: ${part} is ${show(value)}; it must be a string or a list of strings.`,
      zh: `${where}: ${part} 为 ${show(value)}，必须是字符串或字符串数组。`,
    });
  }
  return texts;
}

function readObject(value: unknown, part: 'document' | 'statement', what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PolicyError(part, { en: `${what} is ${show(value)}; it must be an object.`, zh: `${what} 为 ${show(value)}，必须是对象。` });
  }
  return value as Record<string, unknown>;
}

function refuseOthers(value: Record<string, unknown>, known: readonly string[], part: 'document' | 'statement', what: string): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw new PolicyError(part, {
        en: `${what} has the member ${show(name)}; members are ${known.join(', ')}.`,
        zh: `${what} 含有未知成员 ${show(name)}，可用的成员有 ${known.join('、')}。`,
      });
    }
  }
}
