/** What the task of UpgradeInstance carries: the memory that the instance may take up once it has ended. */
export interface ResizePayload {
  readonly maxMemoryBytes: number;
}
