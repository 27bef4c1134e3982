/** The code of an error of Node, for a system call the name of its errno, such as `ENOENT`; `` for what has no such text. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
