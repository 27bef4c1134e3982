import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClosedError, toConnectionError } from './connection-errors.ts';

const ADDRESS = { host: '10.0.0.7', port: 6380, password: 'hunter2' };
const TLS_ADDRESS = { ...ADDRESS, tls: {} };

function failure(code: string, message = 'no'): Error {
  return Object.assign(new Error(message), { code });
}

test('tells an unreachable source from a lost one and from one without TLS', () => {
  assert.equal(toConnectionError(ADDRESS, failure('ECONNREFUSED'), 'connecting').code, 'source-unreachable');
  assert.equal(toConnectionError(ADDRESS, failure('ECONNRESET'), 'connected').code, 'source-closed');
  assert.equal(toConnectionError(ADDRESS, failure('ECONNRESET'), 'answering').code, 'source-closed');
  const untrusted = toConnectionError(TLS_ADDRESS, failure('DEPTH_ZERO_SELF_SIGNED_CERT'), 'connecting');
  assert.deepEqual([untrusted.code, untrusted.retryable], ['source-tls-failed', false]);
});

test('says what to do about each failure of TLS', () => {
  const cases: Array<[code: string, hint: RegExp]> = [
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /--ca-file/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /--ca-file/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /--ca-file/],
    ['CERT_SIGNATURE_FAILURE', /--ca-file/],
    ['CERT_HAS_EXPIRED', /renew the server's certificate/],
    ['CERT_NOT_YET_VALID', /clock/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /by a name or an address that its certificate holds/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /wants a client certificate: .*--cert-file/],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', /wants a client certificate/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /does not take the client certificate/],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', /does not take the client certificate/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /redis:\/\//],
    ['EPROTO', /redis:\/\//],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', /are no pair/],
    ['ERR_SSL_SOMETHING_NEW', /check that the port speaks TLS/],
  ];
  for (const [code, hint] of cases) {
    const error = toConnectionError(TLS_ADDRESS, failure(code), 'connecting');
    assert.equal(error.code, 'source-tls-failed', code);
    assert.match(error.hint ?? '', hint, code);
  }
});

test('thinks of the wrong scheme where a source closes before it answers', () => {
  assert.match(createClosedError(ADDRESS, 'end', 'connected').hint ?? '', /rediss:\/\//);
  assert.match(createClosedError(TLS_ADDRESS, 'end', 'connected').hint ?? '', /--cert-file/);
  assert.match(createClosedError(TLS_ADDRESS, 'end', 'answering').hint ?? '', /limit of its output buffer.*failover/);
  assert.match(toConnectionError(TLS_ADDRESS, new Error('no answer'), 'connecting').hint ?? '', /redis:\/\//);
});

test("gives OpenSSL's own word, and names every address that was tried", () => {
  const alert = Object.assign(failure('ERR_SSL_X', '4033:error:0A00:SSL routines:x:word:../deps/x.c:918'), { reason: 'word' });
  assert.match(toConnectionError(TLS_ADDRESS, alert, 'connected').message, /: word$/);
  const tried = new AggregateError([new Error('connect ::1'), new Error('connect 127.0.0.1')], '');
  assert.match(toConnectionError(ADDRESS, tried, 'connecting').message, /connect ::1, connect 127\.0\.0\.1$/);
});
