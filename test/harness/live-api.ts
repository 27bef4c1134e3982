import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type ApiFixture, insertExample, openApiFixture } from './api-fixture.ts';

export interface LiveApi extends AsyncDisposable {
  readonly fixture: ApiFixture;
  readonly port: number;
}

/** The API over a real catalog with the contract's example, behind its HTTP server on a free port of loopback. */
export async function openLiveApi(): Promise<LiveApi> {
  const fixture = await openApiFixture({ clock: systemClock });
  await insertExample(fixture.catalog);
  const server = createHttpServer({
    handle: (raw) => fixture.api.handle(raw),
    health: () => true,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  const { port } = await server.listen('127.0.0.1', 0);
  return {
    fixture,
    port,
    async [Symbol.asyncDispose]() {
      await server.close();
      await fixture[Symbol.asyncDispose]();
    },
  };
}
