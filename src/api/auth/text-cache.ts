export interface TextCache<Value> {
  /** What is kept of `text`, else what `make` makes of it; nothing is kept where `make` throws. */
  get(text: string, make: () => Value): Value;
}

/**
 * Keeps what is made of texts at some cost, such as compiled documents. Bounded both in entries and in the length of their texts
 * together, in characters, because what is made of a text grows with it. The oldest go first; a text that alone is too long is not kept.
 */
export function createTextCache<Value>(bounds: { readonly mostEntries: number; readonly mostLength: number }): TextCache<Value> {
  const entries = new Map<string, Value>();
  let length = 0;
  return {
    get(text, make) {
      const known = entries.get(text);
      if (known !== undefined) {
        return known;
      }
      const value = make();
      if (text.length > bounds.mostLength) {
        return value;
      }
      for (const oldest of entries.keys()) {
        if (entries.size < bounds.mostEntries && length + text.length <= bounds.mostLength) {
          break;
        }
        entries.delete(oldest);
        length -= oldest.length;
      }
      entries.set(text, value);
      length += text.length;
      return value;
    },
  };
}
