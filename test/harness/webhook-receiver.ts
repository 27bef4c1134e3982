import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: { readonly id: number; readonly kind: string; readonly instance: string; readonly message: string };
}

export interface WebhookReceiver {
  readonly url: string;
  readonly received: Received[];
  /** The status of the next answers. */
  answer(status: number): void;
  /** Resolves with the first event of that kind, now or later. */
  next(kind: string): Promise<Received>;
  close(): Promise<void>;
}

/** A real HTTP server that takes events. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  let status = 204;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (data: string) => {
      body += data;
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body, event: JSON.parse(body) as Received['event'] });
      response.writeHead(status).end();
      for (const wake of [...waiting]) {
        wake();
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    received,
    answer(next) {
      status = next;
    },
    next: (kind) =>
      new Promise((resolve) => {
        const wake = () => {
          const found = received.find(({ event }) => event.kind === kind);
          if (found !== undefined) {
            waiting.delete(wake);
            resolve(found);
          }
        };
        waiting.add(wake);
        wake();
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
