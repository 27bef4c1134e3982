/** How a client is told to sign and send. */
export interface Form {
  readonly sign: 'TC3-HMAC-SHA256' | 'HmacSHA1' | 'HmacSHA256';
  readonly method: 'POST' | 'GET';
  /** The endpoint is given as a whole URL, not as host and port. */
  readonly isUrl?: true;
  /** Parameters of tccli in dotted form instead of JSON. */
  readonly unfold?: true;
}

/** One line to a client program. */
export interface Call extends Form {
  readonly step: string;
  /** `host[:port]`, or a URL. */
  readonly endpoint: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly region: string;
  readonly action: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** How often to call; more than once: at the same time, and `detail` is the list of the outcomes. */
  readonly times: number;
  /** RateLimitExceededMaxRetries of a Go client. */
  readonly rateLimitRetries: number;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
}

/** What the models of the client hold after the call, or the error that it raised. */
export type Outcome =
  | { readonly ok: true; readonly detail: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly detail: Failure };

/** One line from a client program. */
export interface Report {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: unknown;
}
