/** The `name:value` lines of INFO (redis.io INFO command); section titles and empty lines are left out. */
export function parseInfoText(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) {
      fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/\r$/, ''));
    }
  }
  return fields;
}
