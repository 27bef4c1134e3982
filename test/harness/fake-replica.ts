import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A connection to a master session, scripted by the test. */
export interface FakeReplica extends AsyncDisposable {
  /** Sends bytes exactly as given, in pieces of `pieceBytes` where given, each written in its own turn of the event loop. */
  send(bytes: string | Uint8Array, pieceBytes?: number): Promise<void>;
  /** The next line without its end, bare newlines skipped; undefined once the master has closed. */
  readLine(): Promise<string | undefined>;
  /** Everything up to the mark of 40 characters; undefined where the master closes before. */
  readUpTo(mark: string): Promise<Buffer | undefined>;
  /** What has come and was not read. */
  unread(): number;
  /** Takes no byte until `resume`. */
  pause(): void;
  resume(): void;
  end(): void;
  readonly closed: Promise<void>;
}

export interface FakeReplicaOptions {
  readonly localAddress?: string;
  readonly ca?: string;
}

export async function connectFakeReplica(port: number, options: FakeReplicaOptions = {}): Promise<FakeReplica> {
  const { localAddress, ca } = options;
  const to = { host: '127.0.0.1', port, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) };
  const socket = ca === undefined ? connect(to) : connectTls({ ...to, ca, servername: 'localhost' });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let received = Buffer.alloc(0);
  let wake = () => {};
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    wake();
  });
  socket.on('close', () => wake());
  // A port that nobody listens on is a connection that is closed.
  await Promise.race([once(socket, ca === undefined ? 'connect' : 'secureConnect').catch(() => {}), closed]);

  async function find(what: string): Promise<number> {
    for (;;) {
      const at = received.indexOf(what);
      if (at >= 0 || socket.destroyed) {
        return at;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    closed,
    unread: () => received.length,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    async send(bytes, pieceBytes) {
      const whole = Buffer.from(bytes);
      for (let at = 0; at < whole.length && !socket.destroyed; at += pieceBytes ?? whole.length) {
        socket.write(whole.subarray(at, at + (pieceBytes ?? whole.length)));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async readLine() {
      for (;;) {
        const end = await find('\n');
        if (end < 0) {
          return undefined;
        }
        const line = received.toString('latin1', 0, end).replace(/\r$/, '');
        received = received.subarray(end + 1);
        if (line !== '') {
          return line;
        }
      }
    },
    async readUpTo(mark) {
      const at = await find(mark);
      if (at < 0) {
        return undefined;
      }
      const bytes = received.subarray(0, at);
      received = received.subarray(at + mark.length);
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}

export function command(...args: string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`;
}

/** Everything that a replica of Redis 7 sends up to its PSYNC, which follows its handshake. */
export function handshake(password?: string): string[] {
  return [
    command('PING'),
    ...(password === undefined ? [] : [command('AUTH', password)]),
    command('REPLCONF', 'listening-port', '6379'),
    command('REPLCONF', 'capa', 'eof', 'capa', 'psync2'),
    command('PSYNC', 'b'.repeat(40), '1'),
  ];
}
