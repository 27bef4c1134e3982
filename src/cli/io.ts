import type { Environment } from '../lib/data-dir.ts';

/** What a command may touch of the process. */
export interface Io {
  readonly env: Environment;
  /** True where standard output is a terminal: only then progress is drawn. */
  readonly interactive: boolean;
  out(text: string): void;
  err(text: string): void;
}
