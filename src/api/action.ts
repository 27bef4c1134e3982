import type { Static, TObject, TProperties } from 'typebox';
import type { Catalog, Instance, InstanceSecrets } from '../catalog/catalog.ts';
import type { AuditLog } from '../lib/audit-log.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenBox } from './auth/session-token.ts';
import type { DownloadLinks } from './download-links.ts';
import type { ApiError } from './errors/api-error.ts';
import type { ApiErrorCode } from './errors/codes.ts';
import type { Message } from './errors/message.ts';
import type { LocalMachine } from './local-machine.ts';
import type { Product } from './versions.ts';

/** Whose key signed the request. The root account's `uin` is its `accountId`; any other `uin` is a sub-account of it. */
export interface Principal {
  readonly secretId: string;
  readonly accountId: string;
  readonly uin: string;
  /** Of a temporary key: the calls that it may make are those which its user may make and its policy allows. */
  readonly session?: Session;
}

export interface Session {
  /** As its user named it. */
  readonly name: string;
  /** Policy document as JSON. */
  readonly policy: string;
}

/** The actions that there are. */
export interface ActionIndex {
  /** The action that is served under a name as policies write it, `service:Action` in any case. */
  find(name: string): AnyAction | undefined;
  /** `service:Action` of whatever a policy may speak about, served or not. */
  readonly names: readonly string[];
}

/** What handlers may use beside their input. */
export interface ActionServices {
  readonly actions: ActionIndex;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Logger;
  /** `seed`: the rules of the contract's first edition. `current`: those of today's. */
  readonly profile: 'seed' | 'current';
  /** How many of the newest backups of an instance nobody deletes without force. */
  readonly keepMin: number;
  /** Encrypts secrets for the row of that instance. */
  readonly sealSecrets: (instanceId: string, secrets: InstanceSecrets) => Uint8Array;
  /** Whether that is the password of an instance, `` of one without; decided in constant time. */
  readonly isPassword: (instance: Instance, password: string) => boolean;
  /** The machine on which this process runs managed servers; absent where it runs none. */
  readonly machine?: LocalMachine;
  /** Encrypts the secret key of that access key for its row. */
  readonly sealSecretKey: (secretId: string, secretKey: string) => Uint8Array;
  /** Seals and opens the tokens of temporary keys. */
  readonly tokens: TokenBox;
  readonly downloadLinks: DownloadLinks;
  /** Where every change is told before its answer goes out. */
  readonly audit: Pick<AuditLog, 'append'>;
  /** Tells the worker of this process that a task waits; losing the call only delays it. */
  readonly wakeWorker: () => void;
}

export interface ActionContext<Code extends ApiErrorCode = ApiErrorCode> {
  readonly requestId: string;
  readonly principal: Principal;
  /** A known region, or `` where the action needs none and none was given. */
  readonly region: string;
  /** The Host header, as sent; `` where there is none. */
  readonly host: string;
  readonly services: ActionServices;
  /** Of a call that names no instance: which ones the caller may see; undefined where it may see all of the account and region. */
  readonly canSee: ((instanceId: string) => boolean) | undefined;
  /** Whether the caller may also call an action, `service:Action`, that names no instance. */
  readonly mayCall: (action: string) => boolean;
  /** Whether the caller may make this very call on an instance that the input does not name, such as that of a task. */
  readonly mayCallOn: (instanceId: string) => boolean;
  /** The error to throw; only codes that the action declares are accepted. */
  readonly fail: (code: Code, text: Message) => ApiError;
}

/**
 * On which resources an action works. `operation`: on none that it names, so that a policy must allow it on `*`. A function: on the
 * instances that the input names; where it names none, on those that the caller may see (`canSee`). `caller`: on the caller alone, who
 * needs no permission to learn who they are.
 */
export type ResourceRule<Input> = 'operation' | 'caller' | ((input: Input) => readonly string[]);

export interface Action<
  Input extends TProperties = TProperties,
  Output extends TProperties = TProperties,
  Code extends ApiErrorCode = ApiErrorCode,
> {
  /** As on the wire. */
  readonly name: string;
  readonly product: Product;
  readonly summary: string;
  /** What a caller must know beyond the schema; plain sentences. */
  readonly description: string;
  readonly input: TObject<Input>;
  /** Without RequestId, which every answer has. */
  readonly output: TObject<Output>;
  /** The codes that the handler may fail with; those of the pipeline's steps come on top. */
  readonly errors: readonly Code[];
  readonly access: { readonly kind: 'read' | 'write'; readonly resource: ResourceRule<Static<TObject<Input>>> };
  /** Requests per second for each sub-account and region. */
  readonly ratePerSecond: number;
  readonly regionRequired: boolean;
  /** Run by a test against a catalog that holds the contract's example; a read must answer exactly this. */
  readonly example: { readonly input: Static<TObject<Input>>; readonly output: Static<TObject<Output>> };
  readonly handle: (input: Static<TObject<Input>>, ctx: ActionContext<Code>) => Promise<Static<TObject<Output>>>;
}

/** Types an action against its own schemas and freezes it. */
export function defineAction<Input extends TProperties, Output extends TProperties, const Code extends ApiErrorCode>(
  action: Action<Input, Output, Code>,
): Action<Input, Output, Code> {
  return Object.freeze(action);
}

/** An action whose types the pipeline does not know: its input has been validated against its schema before it gets there. */
export interface AnyAction extends Omit<Action, 'handle' | 'access' | 'example'> {
  readonly access: { readonly kind: 'read' | 'write'; readonly resource: ResourceRule<never> };
  readonly example: { readonly input: object; readonly output: object };
  readonly handle: (input: never, ctx: ActionContext) => Promise<object>;
}
