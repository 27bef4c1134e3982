import type { Message } from '../../errors/message.ts';

/** The part of a policy document that is wrong: the vendor has a code for each. */
export type PolicyPart =
  | 'document'
  | 'version'
  | 'statement'
  | 'effect'
  | 'action'
  | 'principal'
  | 'resource'
  | 'resource-form'
  | 'resource-project'
  | 'resource-region'
  | 'resource-account'
  | 'condition'
  | 'condition-operator'
  | 'condition-value';

/** A policy document is refused. The text names the statement, the value and what it may be, for the caller. `message` is the English one. */
export class PolicyError extends Error {
  readonly part: PolicyPart;
  readonly text: Message;

  constructor(part: PolicyPart, text: Message) {
    super(text.en);
    this.name = 'PolicyError';
    this.part = part;
    this.text = text;
  }
}

/** How a value is shown in a message: as JSON, cut where it is long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
