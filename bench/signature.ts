import { readFile } from 'node:fs/promises';
import { createAuthenticate } from '../src/api/pipeline/authenticate.ts';
import { createContext } from '../src/api/pipeline/context.ts';
import { readEnvelope } from '../src/api/pipeline/envelope.ts';
import { KEY, openApiFixture } from '../test/harness/api-fixture.ts';
import { signTc3Request } from '../test/harness/signed-request.ts';
import { makeSite, measureLoad, removeSite } from './describe.ts';
import { interleave, range, ratios } from './measure.ts';
import { startProcess } from './process.ts';
import { PROGRAM } from './program.ts';

const ROUNDS = 5;
const VERIFICATIONS = 20_000;
/** Linux counts processor time in ticks of 10 ms. */
const MICROSECONDS_A_TICK = 10_000;

/** Processor time of one TC3 verification with a warm key, against that of a whole DescribeInstanceBackups request over HTTP. */
export async function benchSignature(): Promise<string[]> {
  const site = await makeSite(50, 20);
  try {
    const figures = await interleave(ROUNDS, { verification: verifyUs, request: () => requestUs(site) });
    return [
      `TC3 verification, warm key: ${range(figures.verification, 1)} µs of processor time; a whole request: ${range(figures.request, 0)} µs; ratio ${range(ratios(figures.verification, figures.request), 3)}`,
    ];
  } finally {
    await removeSite(site);
  }
}

async function verifyUs(): Promise<number> {
  await using fixture = await openApiFixture();
  const authenticate = createAuthenticate(() => ({ secretKey: KEY.secretKey, accountId: '1', uin: '1' }), { explains: false });
  const raw = signTc3Request({
    key: KEY,
    action: 'DescribeInstanceBackups',
    body: JSON.stringify({ InstanceId: 'crs-5a4py64p', Limit: 20, Offset: 0 }),
    timestampS: Math.floor(fixture.clock.now() / 1000),
  });
  const contexts = Array.from({ length: 1000 }, () => {
    const ctx = createContext(raw, 'bench', { clock: fixture.clock } as never);
    void readEnvelope(ctx);
    return ctx;
  });
  let startedAt = process.cpuUsage();
  for (let i = -1000; i < VERIFICATIONS; i++) {
    if (i === 0) {
      startedAt = process.cpuUsage();
    }
    const ctx = contexts[(i + 1000) % contexts.length];
    if (ctx !== undefined) {
      await authenticate(ctx);
    }
  }
  const used = process.cpuUsage(startedAt);
  return (used.user + used.system) / VERIFICATIONS;
}

async function requestUs(dataDir: string): Promise<number> {
  const service = await startProcess([PROGRAM, 'serve', '--data-dir', dataDir, '--port', '0'], {
    REDKEEP_LOG_LEVEL: 'warn',
    REDKEEP_RATE_LIMIT: 'off',
  });
  try {
    await measureLoad(service.port, dataDir, 2);
    const before = await processorUs(service.pid);
    const seconds = 4;
    const { requestsPerSecond } = await measureLoad(service.port, dataDir, seconds);
    return ((await processorUs(service.pid)) - before) / (requestsPerSecond * seconds);
  } finally {
    await service.stop();
  }
}

/** utime and stime of /proc/<pid>/stat, fields 14 and 15. */
async function processorUs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_A_TICK;
}
