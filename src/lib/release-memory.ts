/** Below it is not worth the call, and far below lies the pool that small buffers share, which Node keeps from being taken away. */
const LEAST_BYTES = 512 * 1024;

/**
 * Gives the memory behind `bytes` back at once instead of at some later garbage collection: buffers of a few MiB that live for one frame
 * would otherwise pile up to the collector's limit of external memory, and each new one would touch fresh pages. Nothing else may look at
 * that memory any more; `bytes` is empty afterwards.
 */
export function releaseMemory(bytes: Uint8Array): void {
  if (bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength >= LEAST_BYTES) {
    bytes.buffer.transfer(0);
  }
}
