import { connect, type Socket } from 'node:net';

export interface OpenLoad {
  /** Ends the load; resolves to the milliseconds that each request took, in no order, once all are answered. */
  stop(): Promise<number[]>;
}

/** More connections than requests that are ever under way in a server that keeps up; what finds none free waits, and its waiting counts. */
const CONNECTIONS = 32;
/** An answer must hold it. */
const EXPECTED = '"TotalCount":';

/**
 * Sends `perSecond` requests a second, whether or not the earlier ones are answered: each has its moment, and takes from that moment to the
 * last byte of its answer, so that a server that stands still is charged for all that came meanwhile. `sign` makes whole HTTP requests.
 */
export async function startOpenLoad(port: number, perSecond: number, sign: () => readonly Buffer[]): Promise<OpenLoad> {
  const requests = sign();
  const took: number[] = [];
  const waiting: number[] = [];
  const free: Connection[] = [];
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const drained = Promise.withResolvers<void>();
  let under = 0;
  let sent = 0;
  let isOver = false;

  const sendNext = () => {
    while (free.length > 0 && waiting.length > 0) {
      under++;
      free.shift()?.send(requests[sent++ % requests.length] ?? Buffer.alloc(0), waiting.shift() ?? 0);
    }
    if (isOver && under === 0 && waiting.length === 0) {
      drained.resolve();
    }
  };
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () =>
      openConnection(port, failure.reject, (connection, dueAt) => {
        took.push(performance.now() - dueAt);
        under--;
        free.push(connection);
        sendNext();
      }),
    ),
  );
  free.push(...connections);

  const startedAt = performance.now();
  let due = 0;
  // Finer than the timer of the event loop could be for each request alone: what has come due since is sent with its own moment.
  const timer = setInterval(() => {
    for (const now = performance.now(); startedAt + (due * 1000) / perSecond <= now; due++) {
      waiting.push(startedAt + (due * 1000) / perSecond);
    }
    sendNext();
  }, 1);

  return {
    async stop() {
      clearInterval(timer);
      isOver = true;
      sendNext();
      await Promise.race([drained.promise, failure.promise]);
      for (const connection of connections) {
        connection.close();
      }
      return took;
    },
  };
}

interface Connection {
  send(request: Buffer, dueAt: number): void;
  close(): void;
}

function openConnection(
  port: number,
  fail: (error: Error) => void,
  onAnswer: (connection: Connection, dueAt: number) => void,
): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let dueAt = 0;
  let receivedBytes = 0;
  let awaitedBytes = 0;
  const closed = () => fail(new Error('the server closed a connection under load'));
  const connection: Connection = {
    send(request, at) {
      dueAt = at;
      receivedBytes = 0;
      socket.write(request);
    },
    close() {
      socket.off('close', closed);
      socket.destroy();
    },
  };
  socket.on('connect', () => resolve(connection));
  socket.on('error', (error) => {
    reject(error);
    fail(error);
  });
  socket.on('close', closed);
  socket.on('data', (data: Buffer) => {
    if (receivedBytes === 0) {
      // The server writes head and body at once, so the first piece holds the head and how the answer begins.
      const head = data.toString('latin1', 0, 1024);
      const headEnd = head.indexOf('\r\n\r\n');
      awaitedBytes = headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (headEnd < 0 || !head.includes(EXPECTED)) {
        fail(new Error(`unexpected answer: ${head}`));
        return;
      }
    }
    receivedBytes += data.length;
    if (receivedBytes >= awaitedBytes) {
      onAnswer(connection, dueAt);
    }
  });
  return promise;
}

/** The 99th percentile. */
export function p99(took: readonly number[]): number {
  const sorted = [...took].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? Number.NaN;
}
