import { resolvedAction, type Step } from './context.ts';

/**
 * Runs the action.
 * Reads: action, input, principal, region. Fills: output. Raises: the codes that the action declares.
 */
export const handle: Step = async (ctx) => {
  // `validate` has just made the input by this action's own schema, which the erased type cannot say.
  ctx.output = await resolvedAction(ctx).handle(ctx.input as never, ctx);
  return undefined;
};
