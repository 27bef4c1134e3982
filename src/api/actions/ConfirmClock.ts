import { CLOCK_CONFIRMED } from '../../catalog/confirmations.ts';
import { defineAction } from '../action.ts';
import { structure, text } from '../schema.ts';
import { formatWireTime } from '../shapes/wire-time.ts';

export const ConfirmClock = defineAction({
  name: 'ConfirmClock',
  product: 'redkeep',
  summary: 'Says that the clock of the server is right.',
  description:
    'For an alarm expiry-stopped that tells of the clock: the next look of retention within an hour believes it again. Look at ServerTime first: by a ' +
    'clock that is ahead, backups expire too early.',
  input: structure({}),
  output: structure({ ServerTime: text('What the clock shows, UTC+8.') }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError'],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: {}, output: { ServerTime: '2026-11-24 12:00:00' } },

  async handle(_input, ctx) {
    const { catalog, clock } = ctx.services;
    const at = clock.now();
    await catalog.settings.set(CLOCK_CONFIRMED, String(at));
    return { ServerTime: formatWireTime(at) };
  },
});
