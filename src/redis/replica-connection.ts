import type { Socket } from 'node:net';
import { DomainError, describeError } from '../lib/errors.ts';
import { createCommandParser } from './resp/command-parser.ts';

/** One connection of a target to a master session. Its first failure is thrown by whatever waits and by every later call. */
export interface ReplicaConnection {
  /** Resolves when the bytes are with the operating system, so that the caller may reuse them. */
  write(bytes: string | Uint8Array, stallTimeoutMs: number): Promise<void>;
  /** Waits for an acknowledgement of at least `offset`, one that came already included. The limit is for silence, newlines end it. */
  waitForAck(offset: number, silenceMs: number): Promise<void>;
  /** The same, but only what comes from now on counts. */
  waitForNextAck(offset: number, silenceMs: number): Promise<void>;
  fail(error: DomainError): void;
}

interface AckWaiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Answers the handshake of a replica as a master with a password does (`replicationCron`, `syncWithMaster` of Redis). A replica without
 * masterauth goes on after `-NOAUTH`, so PSYNC itself is refused to it. `begin` is called at a permitted PSYNC and answers whether this
 * connection is to be the session; what follows PSYNC is for the session to send.
 */
export function createReplicaConnection(socket: Socket, isPassword: (given: string) => boolean, begin: () => boolean): ReplicaConnection {
  const parse = createCommandParser();
  const failure = Promise.withResolvers<never>();
  // Nobody need be waiting.
  failure.promise.catch(() => {});
  const waiters = new Set<AckWaiter>();
  let isSignedIn = false;
  let takesMark = false;
  let isSession = false;
  let acknowledged = -1;

  function fail(error: DomainError): void {
    failure.reject(error);
    for (const { timer } of waiters) {
      clearTimeout(timer);
    }
    waiters.clear();
    socket.destroy();
  }

  function refuse(reply: string): void {
    socket.end(`-${reply}\r\n`);
  }

  function answer(args: string[]): void {
    const name = args[0]?.toUpperCase();
    const option = args[1]?.toLowerCase();
    if (name === 'REPLCONF' && option === 'ack') {
      takeAck(Number(args[2]));
    } else if (isSession) {
      // An answer would stand in the midst of the RDB.
      throw new DomainError('peer-protocol-error', 'a replica sends nothing but acknowledgements after PSYNC');
    } else if (name === 'AUTH') {
      isSignedIn = isPassword(args.at(-1) ?? '') && args.length >= 2 && args.length <= 3;
      socket.write(isSignedIn ? '+OK\r\n' : '-WRONGPASS invalid username-password pair or user is disabled.\r\n');
    } else if (!isSignedIn) {
      const reply = 'NOAUTH Authentication required.';
      name === 'PING' || name === 'REPLCONF' ? socket.write(`-${reply}\r\n`) : refuse(reply);
    } else if (name === 'PING') {
      socket.write('+PONG\r\n');
    } else if (name === 'REPLCONF') {
      takesMark ||= args.some((arg) => arg.toLowerCase() === 'eof');
      socket.write('+OK\r\n');
    } else if (name === 'PSYNC') {
      if (!takesMark) {
        refuse('ERR this master needs a replica with the capability eof');
      } else if (begin()) {
        isSession = true;
      } else {
        refuse('ERR this master serves another replica already');
      }
    } else {
      refuse('ERR this master knows the handshake of a replica only');
    }
  }

  function takeAck(offset: number): void {
    if (!isSession || !Number.isSafeInteger(offset)) {
      return;
    }
    acknowledged = Math.max(acknowledged, offset);
    for (const waiter of waiters) {
      if (offset >= waiter.offset) {
        clearTimeout(waiter.timer);
        waiters.delete(waiter);
        waiter.resolve();
      }
    }
  }

  socket.on('data', (bytes: Buffer) => {
    for (const { timer } of waiters) {
      timer.refresh();
    }
    try {
      for (const args of parse(bytes)) {
        answer(args);
      }
    } catch (error) {
      fail(new DomainError('target-closed', `the target does not speak as a replica: ${describeError(error)}`, { cause: error }));
    }
  });
  socket.on('error', (error) => fail(createClosedError(error.message)));
  socket.on('end', () => fail(createClosedError('end of stream')));
  socket.on('close', () => fail(createClosedError('connection lost')));

  function waitForNextAck(offset: number, silenceMs: number): Promise<void> {
    if (socket.destroyed) {
      return failure.promise;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => fail(createStalledError(`sent nothing for ${silenceMs} ms while it loaded`)), silenceMs);
    waiters.add({ offset, resolve, timer });
    return Promise.race([promise, failure.promise]);
  }

  return {
    fail,
    async write(bytes, stallTimeoutMs) {
      if (socket.destroyed) {
        return failure.promise;
      }
      const timer = setTimeout(() => fail(createStalledError(`took no byte for ${stallTimeoutMs} ms`)), stallTimeoutMs);
      try {
        const { promise, resolve } = Promise.withResolvers<void>();
        socket.write(bytes, (error) => (error ? undefined : resolve()));
        await Promise.race([promise, failure.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
    waitForNextAck,
    waitForAck(offset, silenceMs) {
      return acknowledged >= offset && !socket.destroyed ? Promise.resolve() : waitForNextAck(offset, silenceMs);
    },
  };
}

function createClosedError(reason: string): DomainError {
  const hint = 'see the log of the target';
  return new DomainError('target-closed', `the target closed the connection: ${reason}`, { retryable: true, hint });
}

function createStalledError(what: string): DomainError {
  return new DomainError('target-stalled', `the target ${what}`, { retryable: true, hint: 'the target or the network hangs: see its log' });
}
