import type { AnyAction } from '../action.ts';
import { createAuthenticate, type FindCredential } from './authenticate.ts';
import { authorize } from './authorize.ts';
import type { Step } from './context.ts';
import { readEnvelope } from './envelope.ts';
import { handle } from './handle.ts';
import { createRateLimit } from './limit.ts';
import { createRegionCheck } from './region.ts';
import { createResolve } from './resolve.ts';
import { refuseUnbuilt } from './unbuilt.ts';
import { validateInput } from './validate.ts';

export interface PipelineOptions {
  readonly actions: readonly AnyAction[];
  readonly credentials: FindCredential;
  readonly roots: readonly string[];
  readonly rateLimit: 'on' | 'off';
  readonly explainsSignatures: boolean;
}

/** The way of a request, in order. What each step reads, fills and raises stands at the step. */
export function createPipeline(options: PipelineOptions): readonly Step[] {
  return [
    readEnvelope,
    createResolve(options.actions, options.roots),
    createAuthenticate(options.credentials, { explains: options.explainsSignatures }),
    refuseUnbuilt,
    createRegionCheck(options.roots),
    ...(options.rateLimit === 'on' ? [createRateLimit()] : []),
    validateInput,
    authorize,
    handle,
  ];
}
