import { once } from 'node:events';
import { connect } from 'node:net';

/** A small deterministic generator (mulberry32): the same seed gives the same dataset. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Fills the server at `port` with about `megabytes` of RDB: strings, integers, hashes, lists, sets, sorted sets, streams with groups and
 * bitmaps in databases 0, 3 and 15, an expiry on 15 % of the keys, one function library. The text is mostly random base64, so
 * compression ratios measured over it are a floor.
 */
export async function fillMixed(port: number, megabytes: number, seed = 1): Promise<void> {
  const random = createRandom(seed);
  const pool = Buffer.alloc(1 << 20);
  for (let i = 0; i < pool.length; i++) {
    pool[i] = random() * 256;
  }
  const text = pool.toString('base64');
  const value = (length: number) => {
    const at = Math.floor(random() * (text.length - length));
    return text.slice(at, at + length);
  };
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let errors = '';
  let partial = '';
  socket.on('data', (data: Buffer) => {
    const lines = (partial + data.toString('latin1')).split('\r\n');
    partial = lines.pop() ?? '';
    errors ||= lines.find((line) => line.startsWith('-')) ?? '';
  });
  let batch: string[] = [];
  let queued = 0;
  const send = async (...words: Array<string | number>) => {
    batch.push(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join('')}`);
    queued++;
    if (batch.length >= 500) {
      const more = socket.write(batch.join(''));
      batch = [];
      if (!more) {
        await once(socket, 'drain');
      }
    }
  };
  const kinds: Array<(key: string) => Promise<number>> = [
    async (key) => {
      const length = 200 + Math.floor(random() * 1200);
      await send('SET', key, value(length));
      return length;
    },
    async (key) => {
      await send('SET', key, Math.floor(random() * 1e9));
      return 8;
    },
    async (key) => {
      const fields = Array.from({ length: 8 }, (_, i) => [`field${i}`, value(60)]).flat();
      await send('HSET', key, ...fields);
      return 8 * 68;
    },
    async (key) => {
      await send('RPUSH', key, ...Array.from({ length: 10 }, () => value(50)));
      return 500;
    },
    async (key) => {
      await send('SADD', key, ...Array.from({ length: 10 }, () => value(24)));
      return 250;
    },
    async (key) => {
      await send('ZADD', key, ...Array.from({ length: 10 }, () => [Math.floor(random() * 1e6), value(24)]).flat());
      return 320;
    },
    async (key) => {
      await send('XADD', key, `${1 + Math.floor(random() * 1e6)}-1`, 'a', value(80), 'b', value(40));
      await send('XGROUP', 'CREATE', key, 'readers', '0');
      return 200;
    },
    async (key) => {
      await send('SADD', key, ...Array.from({ length: 16 }, () => Math.floor(random() * 1e5)));
      return 64;
    },
  ];
  await send('FUNCTION', 'LOAD', "#!lua name=bench\nredis.register_function('echo', function(keys, args) return args[1] end)");
  const expiry = Date.now() + 30 * 86_400_000;
  const target = megabytes * 1e6;
  let made = 0;
  let keys = 0;
  for (const [database, share] of [
    [0, 0.7],
    [3, 0.2],
    [15, 0.1],
  ] as const) {
    await send('SELECT', database);
    const end = made + target * share;
    while (made < end) {
      const key = `key:${seed}:${keys++}`;
      // Strings carry most of the bytes, as in most real datasets.
      const kind = random() < 0.4 ? kinds[0] : kinds[Math.floor(random() * kinds.length)];
      made += 20 + ((await kind?.(key)) ?? 0);
      if (random() < 0.15) {
        await send('PEXPIREAT', key, expiry + Math.floor(random() * 1e9));
      }
    }
  }
  await send('ECHO', 'the-end-of-the-load');
  socket.write(batch.join(''));
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (data: Buffer) => {
      if (data.includes('the-end-of-the-load')) {
        resolve();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection during the load')));
  });
  socket.destroy();
  if (errors !== '') {
    throw new Error(`the load of ${queued} commands failed: ${errors}`);
  }
}
