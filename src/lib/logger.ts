import { pino } from 'pino';

/** Structured log: one event name per call site, such as `backup.completed`, with typed fields. */
export interface Logger {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** JSON lines on standard error, so that standard output stays for what commands answer. Secrets are cut out by field name. */
export function createLogger(level: LogLevel): Logger {
  return pino(
    { level, base: null, redact: ['password', 'secretKey', 'token', '*.password', '*.secretKey', '*.token'] },
    pino.destination({ fd: 2, sync: true }),
  );
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
