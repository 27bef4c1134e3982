import { rm } from 'node:fs/promises';
import { EXIT, type ExitCode } from '../cli/exit-codes.ts';
import type { Io } from '../cli/io.ts';
import { renderJson } from '../cli/output.ts';
import { describeError } from '../lib/errors.ts';
import { createLogger } from '../lib/logger.ts';
import { writeFileDurably } from '../lib/write-file-durably.ts';
import { readConfig, type ServeOptions } from './config.ts';
import { openService, type Service } from './service.ts';
import { untilStopped } from './shutdown.ts';

/** `redkeep serve`: serves until SIGINT or SIGTERM, or throws where it cannot start. */
export async function serve(options: ServeOptions, io: Io): Promise<ExitCode> {
  const config = readConfig(options, io.env);
  const service = await openService(config, createLogger(config.logLevel));
  return serveUntilStopped(
    service,
    io,
    async () => {
      if (options.json) {
        io.out(renderJson({ Endpoint: service.endpoint }));
      }
    },
    options.json,
  );
}

/** Tells where the service answers unless `isQuiet`, runs `whenReady` beside it, and releases everything when the process is told to stop. */
export async function serveUntilStopped(service: Service, io: Io, whenReady: () => Promise<void>, isQuiet = false): Promise<ExitCode> {
  const { serving } = service.config.dataDir;
  try {
    const stopped = untilStopped();
    // A note for commands on this machine; without it, on a full disk, they need --endpoint.
    await writeFileDurably(serving, `${JSON.stringify({ endpoint: service.endpoint, pid: process.pid })}\n`).catch((error: unknown) => {
      io.err(`redkeep: could not write ${serving}: ${describeError(error)}\n`);
    });
    if (!isQuiet) {
      io.out(`redkeep ready ${service.endpoint}\n`);
    }
    await Promise.race([whenReady().then(() => stopped), stopped]);
  } finally {
    await rm(serving, { force: true });
    await service.close();
  }
  return EXIT.ok;
}
