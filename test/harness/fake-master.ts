import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** One connection to the fake master, scripted by the test. */
export interface FakeMasterConnection {
  /** The next command, its arguments as text; undefined once the peer has closed. */
  readCommand(): Promise<string[] | undefined>;
  /** Bytes of the peer that no command read so far holds. */
  unreadBytes(): number;
  /** Sends bytes exactly as given, in pieces of `pieceBytes` where given, each written in its own turn of the event loop. */
  send(bytes: string | Uint8Array, pieceBytes?: number): Promise<void>;
  /** Closes after what was sent, or at once with a reset. */
  end(): void;
  reset(): void;
  /** Resolves when the peer has closed. */
  readonly closed: Promise<void>;
}

export interface FakeMaster extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Every command of every connection so far. */
  readonly commands: string[][];
  /** Connections that are open now. */
  openConnections(): number;
}

/** Listens on loopback and runs `script` for each connection. What a script throws after its peer has gone is of no interest. */
export async function startFakeMaster(script: (connection: FakeMasterConnection) => Promise<void>): Promise<FakeMaster> {
  const commands: string[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    script(createConnection(socket, commands)).catch((error: unknown) => {
      if (!socket.destroyed) {
        server.emit('error', error);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the fake master has no port');
  }
  return {
    host: '127.0.0.1',
    port: address.port,
    commands,
    openConnections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers a replica's handshake as Redis 7 does, up to and including its PSYNC, which the script answers itself. */
export async function answerHandshake(connection: FakeMasterConnection, replies: Readonly<Record<string, string>> = {}): Promise<void> {
  for (;;) {
    const command = await connection.readCommand();
    const name = command?.[0]?.toUpperCase();
    if (command === undefined || name === 'PSYNC') {
      return;
    }
    const option = name === 'REPLCONF' ? `REPLCONF ${command[1]}` : (name ?? '');
    await connection.send(replies[option] ?? (name === 'PING' ? '+PONG\r\n' : '+OK\r\n'));
  }
}

function createConnection(socket: Socket, log: string[][]): FakeMasterConnection {
  // Not `once` of node:events, which rejects where the connection is reset.
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let received = '';
  let wake = () => {};
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
    wake();
  });
  socket.on('close', () => wake());
  return {
    closed,
    unreadBytes: () => received.length,
    async readCommand() {
      for (;;) {
        const command = parseCommand(received);
        if (command !== undefined) {
          received = received.slice(command.length);
          log.push(command.args);
          return command.args;
        }
        if (socket.destroyed) {
          return undefined;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async send(bytes, pieceBytes) {
      const whole = Buffer.from(bytes);
      for (let at = 0; at < whole.length && !socket.destroyed; at += pieceBytes ?? whole.length) {
        socket.write(whole.subarray(at, at + (pieceBytes ?? whole.length)));
        await new Promise((resolve) => setImmediate(resolve));
        if (socket.writableNeedDrain) {
          await Promise.race([once(socket, 'drain'), closed]);
        }
      }
    },
    end: () => socket.end(),
    reset: () => socket.resetAndDestroy(),
  };
}

/** The first whole command in `text`, an array of bulk strings, and how long it is. */
function parseCommand(text: string): { args: string[]; length: number } | undefined {
  const head = /^\*([0-9]+)\r\n/.exec(text);
  if (head?.[1] === undefined) {
    return undefined;
  }
  const args: string[] = [];
  let at = head[0].length;
  for (let left = Number(head[1]); left > 0; left--) {
    const size = /^\$([0-9]+)\r\n/.exec(text.slice(at, at + 16));
    const start = at + (size?.[0].length ?? 0);
    const end = start + Number(size?.[1] ?? 0);
    if (size === null || text.length < end + 2) {
      return undefined;
    }
    args.push(text.slice(start, end));
    at = end + 2;
  }
  return { args, length: at };
}
