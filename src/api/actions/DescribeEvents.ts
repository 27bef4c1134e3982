import type { Static } from 'typebox';
import { EVENT_KINDS, type EventKind, type EventQuery, type SiteEvent } from '../../catalog/events.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { formatWireTime } from '../shapes/wire-time.ts';
import { assertInstanceId, visibleIds } from './instance-access.ts';
import { assertPage, readTimeSpan } from './list-page.ts';

const MOST_LIMIT = 100;

const input = structure({
  InstanceId: optional(text('Events about this instance.')),
  Kinds: optional(list(text('Kind.'), `Any of ${EVENT_KINDS.join(', ')}.`)),
  BeginTime: optional(text('At or after yyyy-MM-dd HH:mm:ss, UTC+8.')),
  EndTime: optional(text('At or before yyyy-MM-dd HH:mm:ss, UTC+8.')),
  Limit: optional(int64('Size of the page, 1 to 100. Default: 20.')),
  Offset: optional(int64('Rows to skip, a multiple of Limit. Default: 0.')),
});

const SiteEventInfo = structure({
  EventId: int64('Id, as the webhook sends it.'),
  Kind: text('What kind of thing has happened.'),
  Key: text('Names the occurrence and its period.'),
  Time: text('When, UTC+8.'),
  InstanceId: text('Instance that it is about; empty where it is about the whole service.'),
  Message: text('What happened and what to do.'),
  DeliveredTime: text('When the webhook took it, UTC+8; empty where it has not, or there is none.'),
});

type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

export const DescribeEvents = defineAction({
  name: 'DescribeEvents',
  product: 'redkeep',
  summary: 'Lists what somebody should hear of: the events that a webhook gets.',
  description:
    'Newest first. All filters must hold; an empty list is no filter. Events about the whole service are shown in every region, to who may ' +
    'see all instances of it. An instance that does not exist has no events.',
  input,
  output: structure({ TotalCount: int64('Events that match.'), Events: list(SiteEventInfo, 'The page.') }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError', 'InvalidParameter.InvalidParameter'],
  access: { kind: 'read', resource: ({ InstanceId }) => (InstanceId === undefined ? [] : [InstanceId]) },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p', Kinds: ['schedule-failed'], Limit: 20 }, output: { TotalCount: 0, Events: [] } },

  async handle(parameters, ctx) {
    const { Limit = 20, Offset = 0 } = parameters;
    assertPage({ limit: Limit, offset: Offset, most: MOST_LIMIT }, ctx);
    const filter = readFilter(parameters, ctx);
    const visible = await visibleIds(ctx);
    const { total, events } = await ctx.services.catalog.events.list({
      ...filter,
      ...(visible === undefined ? {} : { instanceIds: visible }),
      accountId: ctx.principal.accountId,
      region: ctx.region,
      limit: Limit,
      offset: Offset,
    });
    return { TotalCount: total, Events: events.map(toInfo) };
  },
});

function readFilter(parameters: Static<typeof input>, ctx: Context): Pick<EventQuery, 'instanceIds' | 'kinds' | 'from' | 'to'> {
  const { InstanceId, Kinds = [] } = parameters;
  if (InstanceId !== undefined) {
    assertInstanceId(InstanceId, ctx);
  }
  const { begin, end } = readTimeSpan(parameters, ctx);
  return {
    ...(InstanceId === undefined ? {} : { instanceIds: [InstanceId] }),
    ...(Kinds.length === 0 ? {} : { kinds: Kinds.map((kind, index) => readKind(kind, index, ctx)) }),
    ...(begin === undefined ? {} : { from: begin }),
    ...(end === undefined ? {} : { to: end }),
  };
}

function readKind(text: string, index: number, ctx: Context): EventKind {
  const kind = EVENT_KINDS.find((each) => each === text);
  if (kind === undefined) {
    const quoted = JSON.stringify(text.slice(0, 64));
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `Kinds.${index} is ${quoted}; it must be one of ${EVENT_KINDS.join(', ')}.`,
      zh: `Kinds.${index} 为 ${quoted}，必须是 ${EVENT_KINDS.join('、')} 之一。`,
    });
  }
  return kind;
}

function toInfo({ eventId, kind, key, at, instanceId, message, deliveredAt }: SiteEvent): Static<typeof SiteEventInfo> {
  return {
    EventId: eventId,
    Kind: kind,
    Key: key,
    Time: formatWireTime(at),
    InstanceId: instanceId,
    Message: message,
    DeliveredTime: deliveredAt === null ? '' : formatWireTime(deliveredAt),
  };
}
