import { randomUUID } from 'node:crypto';
import { describeError } from '../lib/errors.ts';
import type { ActionServices } from './action.ts';
import { createActionIndex } from './action-index.ts';
import { auditCall } from './audit-call.ts';
import type { ApiError } from './errors/api-error.ts';
import { toApiError } from './errors/from-domain.ts';
import type { RawRequest, RawResponse } from './http-message.ts';
import type { FindCredential } from './pipeline/authenticate.ts';
import { createContext, type RequestContext, type Step } from './pipeline/context.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import { respondError, respondOutput } from './pipeline/respond.ts';
import { DEFAULT_ROOTS } from './regions.ts';
import { actions } from './registry.ts';

/** What is counted of each answered request. */
export interface RequestFacts {
  /** `unknown` where the request named none that exists: callers cannot choose the words. */
  readonly action: string;
  /** `ok` or the wire code of the error. */
  readonly code: string;
  readonly durationMs: number;
}

export interface ApiOptions extends Omit<ActionServices, 'actions'> {
  readonly credentials: FindCredential;
  /** Root domains under which hosts name regions. */
  readonly roots?: readonly string[];
  /** `off` for benches only. */
  readonly rateLimit?: 'on' | 'off';
  /** Tell callers whose signature fails what differs. For a service that only its own machine reaches. Default: false. */
  readonly explainsSignatures?: boolean;
  /** Called after each answer; must not throw. */
  readonly onRequest?: (facts: RequestFacts) => void;
}

export interface Api {
  /** Answers any request inside the envelope; never rejects. */
  handle(raw: RawRequest): Promise<RawResponse>;
}

/** The whole API: one pipeline over the registry. Opens nothing and holds nothing that must be closed. */
export function createApi(options: ApiOptions): Api {
  const { onRequest, log } = options;
  const services: ActionServices = { ...options, actions: createActionIndex(actions) };
  const steps = createPipeline({
    actions,
    credentials: options.credentials,
    roots: (options.roots ?? DEFAULT_ROOTS).map((root) => root.toLowerCase()).sort((a, b) => b.length - a.length),
    rateLimit: options.rateLimit ?? 'on',
    explainsSignatures: options.explainsSignatures ?? false,
  });
  return {
    async handle(raw) {
      const startedAt = performance.now();
      const ctx = createContext(raw, randomUUID(), services);
      let response: RawResponse;
      let error: ApiError | undefined;
      try {
        await run(steps, ctx);
        response = respondOutput(ctx);
      } catch (thrown) {
        error = toApiError(thrown);
        response = respondError(ctx, error);
      }
      try {
        await auditCall(ctx, error?.code ?? 'ok');
      } catch (thrown) {
        log.error({ requestId: ctx.requestId, error: describeError(thrown) }, 'request.not-audited');
        // What was done stays done; but nobody is told that it went well while there is no trace of it. What failed says why it did.
        if (error === undefined) {
          error = toApiError(thrown);
          response = respondError(ctx, error);
        }
      }
      const durationMs = performance.now() - startedAt;
      logRequest(ctx, error, durationMs);
      try {
        onRequest?.({ action: nameOf(ctx), code: error?.code ?? 'ok', durationMs });
      } catch (fault) {
        log.error({ requestId: ctx.requestId, error: describeError(fault) }, 'request.observer-failed');
      }
      return response;
    },
  };
}

async function run(steps: readonly Step[], ctx: RequestContext): Promise<void> {
  for (const step of steps) {
    const pending = step(ctx);
    if (pending !== undefined) {
      await pending;
    }
  }
}

function nameOf({ action, unbuilt }: RequestContext): string {
  return action?.name ?? (unbuilt || 'unknown');
}

/** One line for each request: reads are too many for `info`, faults of ours carry their cause, which the caller is not told. */
function logRequest(ctx: RequestContext, error: ApiError | undefined, durationMs: number): void {
  const { log } = ctx.services;
  const fields = {
    requestId: ctx.requestId,
    action: nameOf(ctx),
    region: ctx.region,
    uin: ctx.principal.uin,
    code: error?.code ?? 'ok',
    durationMs,
  };
  if (error?.cause !== undefined) {
    log.error({ ...fields, error: describeError(error.cause), stack: stackOf(error.cause) }, 'request.faulted');
  } else if (error !== undefined || ctx.action?.access.kind === 'write') {
    log.info(fields, 'request.completed');
  } else {
    log.debug(fields, 'request.completed');
  }
}

function stackOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.stack : undefined;
}
