import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatServerConfig, parseServerAccess } from './server-config.ts';

const CONFIG = {
  directory: '/data/crs-1',
  addresses: ['127.0.0.1', '::1'],
  port: 21_000,
  password: 'secret',
  logFile: '/data/crs-1/server.log',
};

test('listens on loopback only, with a password and an append-only file', () => {
  const lines = formatServerConfig(CONFIG).split('\n');
  for (const line of [
    'bind 127.0.0.1 ::1',
    'protected-mode yes',
    'requirepass "secret"',
    'masterauth "secret"',
    'appendonly yes',
    'appendfsync everysec',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.equal(lines.filter((line) => line.startsWith('maxmemory')).length, 0);
});

test('lets no password break out of its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (password) => {
      const lines = formatServerConfig({ ...CONFIG, password }).split('\n');
      assert.equal(lines.length, formatServerConfig(CONFIG).split('\n').length);
      const access = parseServerAccess(lines.join('\n'));
      assert.deepEqual(access, { port: CONFIG.port, password: Buffer.from(password, 'utf8').toString('utf8') });
      const quoted = lines.find((line) => line.startsWith('requirepass '))?.slice('requirepass '.length) ?? '';
      const bytes = quoted.slice(1, -1).replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      assert.equal(Buffer.from(bytes, 'latin1').toString('utf8'), Buffer.from(password, 'utf8').toString('utf8'));
    }),
  );
});

test('a configuration that somebody else wrote tells no access', () => {
  for (const text of ['', 'port 6379\n', 'requirepass "secret"\n', 'port 6379\nrequirepass secret\n', 'port 6379\nrequirepass "a\\n"\n']) {
    assert.equal(parseServerAccess(text), undefined, text);
  }
});

test('puts extra lines last, where they win', () => {
  assert.match(formatServerConfig({ ...CONFIG, maxMemoryBytes: 1_048_576, extraLines: ['hz 50'] }), /\nmaxmemory 1048576\nhz 50\n$/);
});
