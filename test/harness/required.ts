/**
 * Whether the environment names `what` as something that must be tried: then a test that cannot try it here fails instead of being
 * skipped. `REDKEEP_REQUIRE` is a list with commas: python, go, java (languages of official clients), namespace (network and mount
 * namespaces), descriptors (some 10,000 open files), terminal (script of util-linux), and servers by version (`server-versions.ts`).
 */
export function isRequired(what: string): boolean {
  return (process.env['REDKEEP_REQUIRE'] ?? '').split(',').includes(what);
}
