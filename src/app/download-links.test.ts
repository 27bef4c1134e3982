import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_RESTRICTION } from '../catalog/download-restriction.ts';
import { readLinkPath } from '../downloads/link.ts';
import { createKeyring } from '../repository/keyring.ts';
import { createDownloadLinks } from './download-links.ts';

const LINK = { backupId: 'b', attempt: 1, shard: 0, fileName: 'f.rdb', expiresAt: 1, restriction: NO_RESTRICTION, uin: '1' };
const keyring = createKeyring();

function originsOf(host: string, publicUrl?: string, innerUrl?: string): [string, string] {
  const links = createDownloadLinks({ signer: keyring, vpcs: new Map(), publicUrl, innerUrl, endpoint: () => 'http://127.0.0.1:9530' });
  const { url, innerUrl: inner } = links.issue(LINK, host);
  for (const each of [url, inner]) {
    assert.deepEqual(readLinkPath(keyring, new URL(each).pathname), LINK);
  }
  return [new URL(url).origin, new URL(inner).origin];
}

test('a link leads to where the caller has reached the service, unless the site says where', () => {
  for (const [host, origin] of [
    ['10.0.0.5:9530', 'http://10.0.0.5:9530'],
    ['redis.tc.example.test:8080', 'http://redis.tc.example.test:8080'],
    ['[::1]:9530', 'http://[::1]:9530'],
    ['http://localhost:9530', 'http://localhost:9530'],
  ] as const) {
    assert.deepEqual(originsOf(host), [origin, origin]);
  }
  assert.deepEqual(originsOf('10.0.0.5:9530', 'https://backups.example.test'), [
    'https://backups.example.test',
    'https://backups.example.test',
  ]);
  assert.deepEqual(originsOf('10.0.0.5:9530', 'https://backups.example.test', 'http://10.0.0.5'), [
    'https://backups.example.test',
    'http://10.0.0.5',
  ]);
});

test('no link leads to the vendor, or to what is no host', () => {
  for (const host of [
    '',
    'redis.tencentcloudapi.com',
    'redis.ap-guangzhou.TENCENTCLOUDAPI.com',
    'a b',
    'x/y',
    'evil@host',
    'host:x',
    'a"b',
  ]) {
    assert.deepEqual(originsOf(host), ['http://127.0.0.1:9530', 'http://127.0.0.1:9530'], host);
  }
});
