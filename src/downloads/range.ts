/** What of a file is asked for, RFC 9110 sections 13 and 14; `to` is exclusive. */
export type Selection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly to: number }
  | { readonly kind: 'not-modified' | 'changed' | 'unsatisfiable' };

export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly range?: string | undefined;
}

export interface Validators {
  /** Strong entity tag, with its quotes. */
  readonly etag: string;
  /** As the Last-Modified header has it. */
  readonly lastModified: string;
}

/**
 * Which bytes of a file of `sizeBytes` a request wants. A Range that is malformed, of another unit, or of several ranges is ignored, so
 * that the whole file is the answer (RFC 9110 section 14.2 allows it); one that begins behind the end is unsatisfiable.
 */
export function selectBytes(conditions: Conditions, { etag, lastModified }: Validators, sizeBytes: number): Selection {
  const { ifMatch, ifNoneMatch, ifRange, range } = conditions;
  if (ifMatch !== undefined && !names(ifMatch, etag)) {
    return { kind: 'changed' };
  }
  if (ifNoneMatch !== undefined && names(ifNoneMatch.replaceAll('W/', ''), etag)) {
    return { kind: 'not-modified' };
  }
  // Both validators are strong: the bytes never change.
  if (range === undefined || (ifRange !== undefined && ifRange !== etag && ifRange !== lastModified)) {
    return { kind: 'whole' };
  }
  const [, first = '', last = ''] = /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(range) ?? [];
  if (first === '' && last === '') {
    return { kind: 'whole' };
  }
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', from: sizeBytes - length, to: sizeBytes };
  }
  const from = Number(first);
  const end = last === '' ? sizeBytes : Number(last) + 1;
  if (last !== '' && Number(last) < from) {
    return { kind: 'whole' };
  }
  return from >= sizeBytes ? { kind: 'unsatisfiable' } : { kind: 'part', from, to: Math.min(end, sizeBytes) };
}

/** Whether a list of entity tags, or `*`, names this one by strong comparison. */
function names(list: string, etag: string): boolean {
  return list.trim() === '*' || list.split(',').some((one) => one.trim() === etag);
}
