import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDomainError } from '../lib/errors.ts';
import { openStorage } from './registry.ts';

test('opens a file storage by its URL', async () => {
  assert.equal((await openStorage('file:///var/lib/redkeep')).url, 'file:///var/lib/redkeep');
  assert.equal((await openStorage('file:///var/lib/redkeep/')).url, 'file:///var/lib/redkeep');
  assert.equal((await openStorage('file:///var/lib/with%20space')).url, 'file:///var/lib/with%20space');
});

test('opens a fresh memory storage each time', async () => {
  const first = await openStorage('memory:');
  await first.put('a', Buffer.from('x'));
  assert.equal(await (await openStorage('memory:')).stat('a'), undefined);
});

test('names the supported forms when the scheme is unknown, and never shows the rest of the URL', async () => {
  for (const url of ['gopher://key:hunter2@host/x', '/var/lib/redkeep', '']) {
    await assert.rejects(openStorage(url), (error) => {
      assert.ok(isDomainError(error, 'storage-unsupported'));
      assert.match(error.hint ?? '', /file:\/\/\/absolute\/directory, memory:/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
});

test('refuses file URLs that do not plainly name an absolute directory', async () => {
  const odd = ['file:data', 'file:./data', 'file://data', 'file://host/data', 'file:/data', 'file:///', 'file:////data', 'file:///a/../b'];
  for (const url of [
    ...odd,
    'file:///a?b',
    'file:///a#b',
    'file:///a%2Fb',
    'file:///a//b',
    'file:///a/%2e%2e/b',
    'file:///a%00b',
    'memory:x',
  ]) {
    await assert.rejects(openStorage(url), (error) => isDomainError(error, 'storage-url-invalid'), url);
  }
});
