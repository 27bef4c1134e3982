import type { Instance, ServerEngine } from '../../catalog/catalog.ts';

/** A server of this machine that answers with its data loaded. */
export interface StartedLocalServer extends ServerEngine {
  readonly host: string;
  readonly port: number;
}

/** What tasks do with the servers of managed instances, which the serving process runs itself. */
export interface LocalServers {
  /**
   * Starts the server of an instance on the data that its directory holds, or adopts the one that runs there; one that runs here already is
   * started again, and goes on running where its version is not installed any more (`server-not-found`). Another port is picked, and recorded, where `port` is 0 or taken. Ended again when `signal` aborts meanwhile.
   */
  start(instance: Instance, port: number, signal: AbortSignal): Promise<StartedLocalServer>;
  /**
   * Gives the running server of an instance the password and limit of this row, now and at every later start; may be called again after it
   * threw. Throws a retryable `managed-server-down` where none runs, and `server-unreachable`.
   */
  reconfigure(instance: Instance): Promise<void>;
  /** Ends the server, its data on disk; success where none runs. */
  stop(instanceId: string): Promise<void>;
  /** Ends the server and removes its data; success where there are none. */
  remove(instanceId: string): Promise<void>;
  /** Whether the instance has data on this machine. */
  hasData(instanceId: string): Promise<boolean>;
}
