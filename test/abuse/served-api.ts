import type { RawRequest } from '../../src/api/http-message.ts';
import { createHttpServer, type HttpTimeouts } from '../../src/http/server.ts';
import { type ApiFixture, insertExample, openApiFixture } from '../harness/api-fixture.ts';
import { type RawAnswer, sendRaw } from '../harness/raw-http.ts';

/** The whole API behind its real HTTP server in this process, with the contract's example in its catalog. */
export interface ServedApi extends AsyncDisposable {
  readonly fixture: ApiFixture;
  readonly port: number;
  /** Sends a request, with further header lines, on a connection of its own. */
  send(request: RawRequest, lines?: readonly string[]): Promise<RawAnswer>;
}

export async function serveApi(
  timeouts: Partial<HttpTimeouts> = {},
  options: Parameters<typeof openApiFixture>[0] = {},
): Promise<ServedApi> {
  const fixture = await openApiFixture(options);
  await insertExample(fixture.catalog);
  const server = createHttpServer({
    handle: (raw) => fixture.api.handle(raw),
    health: () => true,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    timeouts,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  return {
    fixture,
    port,
    send: (request, lines = []) => sendRaw(port, Buffer.concat([toHead(request, ['Connection: close', ...lines]), request.body])),
    async [Symbol.asyncDispose]() {
      await server.close();
      await fixture[Symbol.asyncDispose]();
    },
  };
}

/** Request line and headers. The length of a POST is that of its body unless a line says otherwise. */
export function toHead({ method, path, query, headers, body }: RawRequest, lines: readonly string[]): Buffer {
  const isSized = lines.some((line) => /^(?:content-length|transfer-encoding):/i.test(line));
  const all = [
    `${method} ${query === '' ? path : `${path}?${query}`} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(method === 'GET' || isSized ? [] : [`Content-Length: ${body.length}`]),
    ...lines,
  ];
  return Buffer.from(`${all.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** The code of an answer of the API, `ok` where there is none. */
export function codeOf({ status, text, body }: RawAnswer): string {
  if (status !== 200) {
    throw new Error(`not an answer of the API: ${text.slice(0, 300)}`);
  }
  const { Response } = JSON.parse(body) as { Response: { Error?: { Code: string } } };
  return Response.Error?.Code ?? 'ok';
}
