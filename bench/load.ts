import { connect } from 'node:net';

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Sends ready-made HTTP requests over `connections` keep-alive connections for `seconds`, one request in flight on each, and measures.
 * Requests are raw bytes, so that the generator costs little beside the server. Throws where an answer does not contain `expect`.
 */
export async function load(
  port: number,
  requests: readonly Buffer[],
  options: { connections: number; seconds: number; expect: string },
): Promise<LoadResult> {
  const latencies: number[] = [];
  const end = performance.now() + options.seconds * 1000;
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from(
      { length: options.connections },
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(port, '127.0.0.1');
          let sentAt = 0;
          let receivedBytes = 0;
          let awaitedBytes = -1;
          const send = () => {
            sentAt = performance.now();
            socket.write(requests[next++ % requests.length] ?? Buffer.alloc(0));
          };
          socket.setNoDelay(true);
          socket.on('connect', send);
          socket.on('error', reject);
          socket.on('close', () => reject(new Error('the server closed a connection under load')));
          socket.on('data', (data: Buffer) => {
            if (receivedBytes === 0) {
              // The server writes head and body at once, so the first piece holds the head and how the answer begins.
              const head = data.toString('latin1', 0, 1024);
              const headEnd = head.indexOf('\r\n\r\n');
              awaitedBytes = headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
              if (headEnd < 0 || !head.includes(options.expect)) {
                reject(new Error(`unexpected answer: ${head}`));
                return;
              }
            }
            receivedBytes += data.length;
            if (receivedBytes < awaitedBytes) {
              return;
            }
            const now = performance.now();
            latencies.push(now - sentAt);
            receivedBytes = 0;
            if (now < end) {
              send();
            } else {
              socket.removeAllListeners('close');
              socket.destroy();
              resolve();
            }
          });
        }),
    ),
  );
  const took = (performance.now() - start) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return { requestsPerSecond: latencies.length / took, p50Ms: at(0.5), p99Ms: at(0.99) };
}
