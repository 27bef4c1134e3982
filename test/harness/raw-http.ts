import { connect } from 'node:net';

/** What came back on a raw connection until the server closed it. */
export interface RawAnswer {
  /** All bytes, as Latin-1 text. */
  readonly text: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends bytes as they are, with `ends` also the end of the stream, and reads until the server ends the connection. */
export async function sendRaw(port: number, bytes: string | Buffer, options: { host?: string; ends?: boolean } = {}): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const socket = connect(port, options.host ?? '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.once('end', () => socket.end());
  socket.once('close', () => resolve(parseAnswer(text)));
  socket.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'ECONNRESET' || error.code === 'EPIPE' ? undefined : reject(error),
  );
  socket.write(bytes);
  if (options.ends) {
    socket.end();
  }
  return promise;
}

export function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const),
  );
  return { text, status: Number(statusLine.split(' ')[1] ?? Number.NaN), headers, body: rest.join('\r\n\r\n') };
}
