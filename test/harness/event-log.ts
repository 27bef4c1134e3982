import { EventEmitter, once } from 'node:events';
import type { Logger } from '../../src/lib/logger.ts';

export interface EventLog extends Logger {
  /** The names of all events so far. */
  readonly names: string[];
  /** Resolves with the fields of the next event of that name. */
  next(name: string): Promise<Record<string, unknown>>;
}

/** A logger whose events a test can wait for. */
export function createEventLog(): EventLog {
  const emitter = new EventEmitter();
  const names: string[] = [];
  const log = (fields: object, event: string) => {
    names.push(event);
    emitter.emit(event, fields);
  };
  return {
    names,
    next: async (name) => {
      const [fields] = await once(emitter, name);
      return fields;
    },
    debug: log,
    info: log,
    warn: log,
    error: log,
  };
}
