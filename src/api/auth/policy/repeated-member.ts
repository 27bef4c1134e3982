/** Strings, and the marks that open, close and separate. What is left out are numbers, words and white space. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The first name that stands twice in one object of `json`, compared as JSON reads it, so `"\u0065ffect"` is `"effect"`; undefined where
 * there is none. JSON.parse would keep the last of them and say nothing. `json` must be valid.
 */
export function findRepeatedMember(json: string): string | undefined {
  const open: Array<Set<string>> = [];
  let last = '';
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      open.push(new Set());
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token !== ':') {
      last = token;
    } else {
      // The string before a colon is a name.
      const name = JSON.parse(last) as string;
      const names = open.at(-1);
      if (names?.has(name)) {
        return name;
      }
      names?.add(name);
    }
  }
  return undefined;
}
