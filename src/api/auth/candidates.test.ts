import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalSignatures, hostCandidates, pathCandidates } from './candidates.ts';

test('the host candidates are the raw value and the one without its port, as sent and in lower case', () => {
  const cases: Array<[string, string[]]> = [
    ['redis.tencentcloudapi.com', ['redis.tencentcloudapi.com']],
    ['127.0.0.1:9530', ['127.0.0.1:9530', '127.0.0.1']],
    ['[::1]:8080', ['[::1]:8080', '[::1]']],
    ['[::1]', ['[::1]']],
    ['::1', ['::1']],
    ['http://tc.example.test:8080', ['http://tc.example.test:8080', 'http://tc.example.test']],
    ['Redis.Example.com:80', ['Redis.Example.com:80', 'Redis.Example.com', 'redis.example.com:80', 'redis.example.com']],
    ['host:', ['host:']],
    ['', ['']],
  ];
  for (const [host, expected] of cases) {
    assert.deepEqual(hostCandidates(host), expected, host);
  }
});

test('the path candidates are / and then the path of the request', () => {
  assert.deepEqual(pathCandidates('/'), ['/']);
  assert.deepEqual(pathCandidates('/v3/'), ['/', '/v3/']);
});

test('signatures are equal only byte for byte', () => {
  assert.equal(equalSignatures('abc', 'abc'), true);
  assert.equal(equalSignatures('abc', 'abd'), false);
  assert.equal(equalSignatures('ab', 'abc'), false);
  // U+0161 ends in the byte of an "a" in Latin-1.
  assert.equal(equalSignatures('\u0161', 'a'), false);
  assert.equal(equalSignatures('', ''), true);
});
