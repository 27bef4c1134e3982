import { NOBODY, type RequestContext } from './pipeline/context.ts';

const MOST_TEXT = 200;
const MOST_ITEMS = 20;

/**
 * Tells the audit log of a call that changes something, or was refused to: who, from where, which action, of what, and how it ended. Durable
 * when it resolves. Calls that only read are not told of, nor those that nobody has signed or
 * that come too fast: they could fill a disk.
 */
export async function auditCall(ctx: RequestContext, code: string): Promise<void> {
  const { action, principal, services, raw } = ctx;
  if (action?.access.kind !== 'write' || principal === NOBODY || code === 'RequestLimitExceeded') {
    return;
  }
  await services.audit.append({
    event: 'api.called',
    requestId: ctx.requestId,
    address: raw.remoteAddress,
    accountId: principal.accountId,
    uin: principal.uin,
    secretId: principal.secretId,
    action: `${action.product}:${action.name}`,
    region: ctx.region,
    of: namesIn(ctx.input),
    code,
  });
}

/** What an input names, by its members that end in Id, Ids, Uin, Name or Resource: everything else may be long or secret. */
function namesIn(input: object): Record<string, unknown> {
  const named = Object.entries(input).filter(([name]) => /(?:Ids?|Uin|Name|Resource)$/.test(name));
  return Object.fromEntries(named.map(([name, value]) => [name, shorten(value)]));
}

function shorten(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.slice(0, MOST_ITEMS).map(shorten);
  }
  return typeof value === 'string' ? value.slice(0, MOST_TEXT) : value;
}
