/**
 * A matcher of whole texts in which `*` stands for any run of characters, none too, and every other character for itself. The pieces
 * between the stars are searched from left to right, each once, so no pattern makes it go back.
 */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const [first = '', ...middle] = pattern.split('*');
  const last = middle.pop();
  if (last === undefined) {
    return (text) => text === pattern;
  }
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) {
      return false;
    }
    let at = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found === -1) {
        return false;
      }
      at = found + piece.length;
    }
    return at <= end;
  };
}
