import type { ActionContext, ActionServices, AnyAction, Principal } from '../action.ts';
import { ApiError } from '../errors/api-error.ts';
import { type RawRequest, readHeader } from '../http-message.ts';

/** How the caller signed, and with that where its common parameters are: in headers (tc3) or among the parameters (v1). */
export type SignatureForm = 'tc3' | 'v1';

/**
 * One request on its way through the pipeline. Each step fills the fields named after it; until then they hold what denies: no
 * action, no principal, no region.
 */
export interface RequestContext extends ActionContext {
  readonly raw: RawRequest;
  readonly requestId: string;
  /** Wall clock, milliseconds. */
  readonly arrivedAt: number;
  readonly services: ActionServices;

  // envelope
  form: SignatureForm;
  /** Of v1: the decoded parameters, common ones among them. Of TC3: none, since they are read after the signature is verified. */
  parameters: Readonly<Record<string, string>>;
  actionName: string;
  version: string;
  timestamp: string;
  requestedRegion: string;

  // resolve
  action: AnyAction | undefined;
  /** The name of an action that is known and not built, of which nothing but the signature is looked at; else ``. */
  unbuilt: string;
  // authenticate
  principal: Principal;
  // region
  region: string;
  /** The region whose counters the request uses: the one that the host names, else the requested one. */
  accessRegion: string;
  // validate
  input: object;
  // authorize
  canSee: ((instanceId: string) => boolean) | undefined;
  mayCall: (action: string) => boolean;
  mayCallOn: (instanceId: string) => boolean;
  // handle
  output: object;
}

/** Reads some fields of the context, fills others, throws an ApiError where the request stops. Returns a promise only where it waits. */
export type Step = (ctx: RequestContext) => undefined | Promise<undefined>;

export const NOBODY: Principal = { secretId: '', accountId: '', uin: '' };
const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

export function createContext(raw: RawRequest, requestId: string, services: ActionServices): RequestContext {
  return {
    raw,
    requestId,
    arrivedAt: services.clock.now(),
    services,
    fail,
    form: 'tc3',
    parameters: NOTHING,
    actionName: '',
    version: '',
    timestamp: '',
    requestedRegion: '',
    action: undefined,
    unbuilt: '',
    principal: NOBODY,
    region: '',
    host: readHeader(raw.headers, 'host'),
    accessRegion: '',
    input: NOTHING,
    canSee: seesNothing,
    mayCall: seesNothing,
    mayCallOn: seesNothing,
    output: NOTHING,
  };
}

/** The action that `resolve` has found. */
export function resolvedAction(ctx: RequestContext): AnyAction {
  if (ctx.action === undefined) {
    throw new Error('a step that needs the action ran before resolve');
  }
  return ctx.action;
}

const seesNothing = () => false;

const fail: RequestContext['fail'] = (code, text) => new ApiError(code, text);
