/** Why bytes are not given out; a word for metrics and the audit log. */
export type RefusalReason =
  | 'link-invalid'
  | 'link-expired'
  | 'address-not-allowed'
  | 'backup-gone'
  | 'method'
  | 'range'
  | 'changed'
  | 'damaged'
  | 'unavailable'
  | 'fault';

export interface Refusal {
  readonly reason: RefusalReason;
  readonly status: number;
  /** First word of the plain text that the client gets. */
  readonly code: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function define(
  reason: RefusalReason,
  status: number,
  code: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return { reason, status, code, text, headers };
}

/** What a client is told instead of bytes: never more than whoever made up the link knows already. */
export const refusals = {
  method: define('method', 405, 'MethodNotAllowed', 'a link takes GET and HEAD.', { Allow: 'GET, HEAD' }),
  link: define(
    'link-invalid',
    403,
    'LinkInvalid',
    'this link was not made here, or not all of it has arrived; ask DescribeBackupUrl for one.',
  ),
  expired: define('link-expired', 403, 'LinkExpired', 'a link lives for six hours; ask DescribeBackupUrl for a new one.'),
  address: define('address-not-allowed', 403, 'AddressNotAllowed', 'this link may not be used from this address.'),
  gone: define('backup-gone', 404, 'BackupGone', 'the backup of this link has expired or was removed.'),
  range: define('range', 416, 'RangeNotSatisfiable', 'the file ends before the range begins.'),
  changed: define('changed', 412, 'PreconditionFailed', 'the file is not the one that If-Match names.'),
  damaged: define('damaged', 500, 'BackupDamaged', 'the stored bytes of this backup cannot be read; the log of the service says why.'),
  unavailable: define('unavailable', 503, 'Unavailable', 'storage, catalog or audit log cannot be reached; try again later.', {
    'Retry-After': '10',
  }),
  fault: define('fault', 500, 'InternalError', 'the log of the service says why.'),
} as const satisfies Record<string, Refusal>;
