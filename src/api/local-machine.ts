import type { ServerEngine } from '../catalog/catalog.ts';

/** The machine on which this process runs managed servers: what it has for one more. Nothing here starts anything. */
export interface LocalMachine {
  /** The servers that are installed, the one to run by default first; none where there is none. */
  engines(): Promise<readonly ServerEngine[]>;
  room(): Promise<MachineRoom>;
  /** Whether nothing listens on a port of loopback now. */
  isPortFree(port: number): Promise<boolean>;
}

export interface MachineRoom {
  readonly totalMemoryBytes: number;
  /** What can be had without swapping. */
  readonly freeMemoryBytes: number;
  /** Of the disk on which the servers keep their data. */
  readonly freeDiskBytes: number;
}
