import type { Environment } from '../lib/data-dir.ts';

/** What a command may touch of the process. */
export interface Io {
  readonly env: Environment;
  /** True where standard error is a terminal: only then progress is drawn, on that. */
  readonly interactive: boolean;
  /** How wide that terminal is. */
  readonly columns?: number;
  /** Asks on the terminal; absent where standard input or error is none, so that nobody would answer. */
  readonly ask?: (question: string) => Promise<string>;
  /** Calls `listener` when Ctrl-C is pressed, which else ends the process; until the returned function is called. Absent in tests. */
  readonly onInterrupt?: (listener: () => void) => () => void;
  out(text: string): void;
  err(text: string): void;
}
