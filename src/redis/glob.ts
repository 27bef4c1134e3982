const [ANY, ONE, OPEN, CLOSE, ESCAPE, NOT, RANGE] = Buffer.from('*?[]\\^-');

/**
 * Tells whether `text` matches a pattern of KEYS and SCAN, byte by byte as `stringmatchlen` of Redis does: `*`, `?`, `[a-z]`, `[^a]` and `\`
 * before a byte that means itself. Takes time in proportion to both lengths, however many stars there are.
 */
export function matchesGlob(pattern: Uint8Array, text: Uint8Array): boolean {
  if (text.length === 0) {
    // Its loop is never entered; `*` alone means all keys.
    return pattern.length === 0 || (pattern.length === 1 && pattern[0] === ANY);
  }
  let at = 0;
  let position = 0;
  let afterStar = -1;
  let retryAt = 0;
  while (position < text.length) {
    const next = at < pattern.length && pattern[at] !== ANY ? matchOne(pattern, at, text[position] as number) : -1;
    if (at < pattern.length && pattern[at] === ANY) {
      at += 1;
      afterStar = at;
      retryAt = position;
    } else if (next >= 0) {
      at = next;
      position += 1;
    } else if (afterStar >= 0) {
      // The last star takes one more byte; an earlier one need never take more.
      at = afterStar;
      retryAt += 1;
      position = retryAt;
    } else {
      return false;
    }
  }
  while (pattern[at] === ANY) {
    at += 1;
  }
  return at === pattern.length;
}

/** The position after the element at `at` where `byte` fits it, otherwise -1. */
function matchOne(pattern: Uint8Array, at: number, byte: number): number {
  switch (pattern[at]) {
    case ONE:
      return at + 1;
    case OPEN:
      return matchClass(pattern, at + 1, byte);
    case ESCAPE: {
      const literal = at + 1 < pattern.length ? at + 1 : at;
      return pattern[literal] === byte ? literal + 1 : -1;
    }
    default:
      return pattern[at] === byte ? at + 1 : -1;
  }
}

function matchClass(pattern: Uint8Array, start: number, byte: number): number {
  let at = start;
  const isNegated = pattern[at] === NOT;
  if (isNegated) {
    at += 1;
  }
  let matches = false;
  // A class that is never closed ends with the pattern.
  for (; at < pattern.length && pattern[at] !== CLOSE; at++) {
    if (pattern[at] === ESCAPE && at + 1 < pattern.length) {
      at += 1;
      matches ||= pattern[at] === byte;
    } else if (pattern[at + 1] === RANGE && at + 2 < pattern.length) {
      const [from = 0, to = 0] = [pattern[at], pattern[at + 2]];
      matches ||= byte >= Math.min(from, to) && byte <= Math.max(from, to);
      at += 2;
    } else {
      matches ||= pattern[at] === byte;
    }
  }
  return matches !== isNegated ? Math.min(at + 1, pattern.length) : -1;
}
