import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDomainError } from '../lib/errors.ts';
import { readConfig, type ServeOptions } from './config.ts';

describe('explaining signatures', () => {
  const isOn = (options: ServeOptions, env: Record<string, string> = {}) => readConfig(options, env).explainSignatures;

  test('is off unless the option or the environment turns it on', () => {
    assert.equal(isOn({}), false);
    assert.equal(isOn({}, { REDKEEP_EXPLAIN_SIGNATURES: 'off' }), false);
    assert.equal(isOn({}, { REDKEEP_EXPLAIN_SIGNATURES: '' }), false);
    assert.equal(isOn({}, { REDKEEP_EXPLAIN_SIGNATURES: 'on' }), true);
    assert.equal(isOn({ explainSignatures: true }), true);
    assert.equal(isOn({ explainSignatures: true }, { REDKEEP_EXPLAIN_SIGNATURES: 'off' }), true);
  });

  test('is refused on any host that is not loopback, and says so', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
      assert.equal(isOn({ explainSignatures: true, host }), true, host);
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.5', '127.evil.example', 'localhost.example', '::ffff:10.0.0.5', '', '1270.0.0.1']) {
      for (const [options, env, name] of [
        [{ explainSignatures: true, host }, {}, '--explain-signatures'],
        [{}, { REDKEEP_HOST: host, REDKEEP_EXPLAIN_SIGNATURES: 'on' }, 'REDKEEP_EXPLAIN_SIGNATURES'],
      ] as const) {
        assert.throws(
          () => isOn(options, env),
          (error: unknown) =>
            isDomainError(error, 'config-invalid') &&
            error.message === `${name} needs a host on loopback, and the host is ${JSON.stringify(host)}`,
          host,
        );
        assert.equal(isOn({ host }), false);
      }
    }
  });

  test('takes no other word', () => {
    assert.throws(() => isOn({}, { REDKEEP_EXPLAIN_SIGNATURES: 'yes' }), { code: 'config-invalid' });
  });
});

describe('downloads', () => {
  test('proxies, VPCs and addresses of links are none unless they are given', () => {
    const { trustedProxies, vpcs, publicUrl, innerUrl } = readConfig({}, {});
    assert.deepEqual([trustedProxies, vpcs, publicUrl, innerUrl], [[], new Map(), undefined, undefined]);
  });

  test('are read from options and environment', () => {
    const config = readConfig(
      { trustedProxies: '10.0.0.1, fd00::/8', publicUrl: 'https://backups.example.test/' },
      { REDKEEP_VPCS: 'vpc-a=10.1.0.0/16,10.2.0.0/16; vpc-b = fd00:1::/32 ;', REDKEEP_INNER_URL: 'http://10.0.0.5:9530' },
    );
    assert.deepEqual(config.trustedProxies, ['10.0.0.1', 'fd00::/8']);
    assert.deepEqual(
      [...config.vpcs],
      [
        ['vpc-a', ['10.1.0.0/16', '10.2.0.0/16']],
        ['vpc-b', ['fd00:1::/32']],
      ],
    );
    assert.deepEqual([config.publicUrl, config.innerUrl], ['https://backups.example.test', 'http://10.0.0.5:9530']);
    assert.deepEqual(readConfig({}, { REDKEEP_TRUSTED_PROXIES: '127.0.0.1' }).trustedProxies, ['127.0.0.1']);
  });

  test('what is none of these is refused', () => {
    for (const [options, env] of [
      [{ trustedProxies: '10.0.0.0/40' }, {}],
      [{ trustedProxies: '10.0.0.1,,' }, {}],
      [{}, { REDKEEP_VPCS: 'vpc-a' }],
      [{}, { REDKEEP_VPCS: 'vpc-a=' }],
      [{}, { REDKEEP_VPCS: 'vpc-a=10.0.0.0/16,x' }],
      [{ publicUrl: 'backups.example.test' }, {}],
      [{ publicUrl: 'https://backups.example.test/path' }, {}],
      [{}, { REDKEEP_INNER_URL: 'ftp://x' }],
    ] as const) {
      assert.throws(() => readConfig(options, env), { code: 'config-invalid' }, JSON.stringify([options, env]));
    }
  });
});

describe('proofs and scrubs', () => {
  const read = (options: ServeOptions, env: Record<string, string> = {}) => {
    const { proof, proofMemoryBytes, proofConcurrency, scrubIntervalMs, scrubRate } = readConfig(options, env);
    return [proof, proofMemoryBytes, proofConcurrency, scrubIntervalMs, scrubRate];
  };

  test('each backup is proven by one server at a time, and read again after a week, unless told otherwise', () => {
    assert.deepEqual(read({}), ['all', undefined, 1, 7 * 86_400_000, 20 * 1024 ** 2]);
  });

  test('are read from options and environment, of which the option counts', () => {
    const env = {
      REDKEEP_PROOF: 'none',
      REDKEEP_PROOF_MEMORY: '64m',
      REDKEEP_PROOF_CONCURRENCY: '3',
      REDKEEP_SCRUB_INTERVAL: '0',
      REDKEEP_SCRUB_RATE: '64k',
    };
    assert.deepEqual(read({}, env), ['none', 64 * 1024 ** 2, 3, 0, 64 * 1024]);
    const options = { proof: 'newest', proofMemory: '2g', scrubInterval: '12h', scrubRate: '1m' };
    assert.deepEqual(read(options, env), ['newest', 2 * 1024 ** 3, 3, 43_200_000, 1024 ** 2]);
  });

  test('what is none of these is refused, and the message says what is allowed', () => {
    for (const [options, message] of [
      [{ proof: 'some' }, '--proof is "some", allowed is all, newest, none'],
      [{ proofMemory: 'much' }, '--proof-memory is "much", allowed is bytes, such as 512m or 4g, and at least 64m'],
      [{ proofMemory: '63m' }, '--proof-memory is "63m", allowed is bytes, such as 512m or 4g, and at least 64m'],
      [{ scrubInterval: '7' }, '--scrub-interval is "7", allowed is a duration, such as 7d or 12h, or 0 for never'],
      [{ scrubRate: '1k' }, '--scrub-rate is "1k", allowed is bytes a second, such as 20m, and at least 64k'],
    ] as const) {
      assert.throws(() => read(options), { code: 'config-invalid', message });
    }
  });
});

describe('schedules and retention', () => {
  test('keeps one of the newest, by UTC+8, and tells nobody, unless told otherwise', () => {
    const { keepMin, timeZone, webhook } = readConfig({}, {});
    assert.deepEqual([keepMin, timeZone, webhook], [1, '+08:00', undefined]);
    const env = {
      REDKEEP_KEEP_MIN: '3',
      REDKEEP_TIME_ZONE: 'Europe/Berlin',
      REDKEEP_WEBHOOK_URL: 'https://x.example/',
      REDKEEP_WEBHOOK_SECRET: 's',
    };
    const told = readConfig({}, env);
    assert.deepEqual([told.keepMin, told.timeZone, told.webhook], [3, 'Europe/Berlin', { url: 'https://x.example/', secret: 's' }]);
    const typed = readConfig({ keepMin: '5', timeZone: 'UTC', webhookUrl: 'http://y.example/' }, env);
    assert.deepEqual([typed.keepMin, typed.timeZone, typed.webhook?.url], [5, 'UTC', 'http://y.example/']);
  });

  for (const [options, message] of [
    [{ keepMin: '0' }, '--keep-min is "0", allowed is a whole number from 1 to 1000'],
    [{ keepMin: 'all' }, '--keep-min is "all", allowed is a whole number from 1 to 1000'],
    [
      { timeZone: 'Mars/Base' },
      '--time-zone is "Mars/Base", allowed is the IANA name of a zone, such as Asia/Shanghai, or an offset, such as +08:00',
    ],
    [{ webhookUrl: 'ftp://user:secret@x.example/' }, '--webhook-url is no http:// or https:// address'],
    [{ webhookUrl: 'nonsense' }, '--webhook-url is no http:// or https:// address'],
    [{ webhookUrl: 'http://x.example/' }, '--webhook-url needs REDKEEP_WEBHOOK_SECRET, with which events are signed'],
  ] as const) {
    test(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => readConfig(options, {}), { code: 'config-invalid', message });
    });
  }
});

describe('replication to servers that are restored to', () => {
  const replication = (options: ServeOptions, env: Record<string, string> = {}) => readConfig(options, env).replication;

  test('stays on loopback, in plain text nowhere else, unless told otherwise', () => {
    const none = { listen: '127.0.0.1', advertise: '', plainText: false, certFile: '', keyFile: '', caFile: '' };
    assert.deepEqual(replication({}), none);
    assert.deepEqual(replication({}, { REDKEEP_REPLICATION_LISTEN: '', REDKEEP_REPLICATION_PLAIN_TEXT: '' }), none);
    assert.deepEqual(
      replication({ replicationListen: '0.0.0.0', replicationAdvertise: 'backups.example.test', replicationPlainText: true }),
      {
        ...none,
        listen: '0.0.0.0',
        advertise: 'backups.example.test',
        plainText: true,
      },
    );
    const files = { REDKEEP_REPLICATION_CERT_FILE: 'c', REDKEEP_REPLICATION_KEY_FILE: 'k', REDKEEP_REPLICATION_CA_FILE: 'a' };
    assert.deepEqual(replication({}, files), { ...none, certFile: 'c', keyFile: 'k', caFile: 'a' });
  });

  test('refuses what is no address, no word, or half a pair', () => {
    for (const [options, env, message] of [
      [{ replicationListen: 'everywhere' }, {}, /--replication-listen is "everywhere"/],
      [{}, { REDKEEP_REPLICATION_PLAIN_TEXT: 'yes' }, /REDKEEP_REPLICATION_PLAIN_TEXT is "yes"/],
      [{}, { REDKEEP_REPLICATION_CERT_FILE: 'c' }, /go together/],
    ] as const) {
      assert.throws(
        () => replication(options, env),
        (error: unknown) => isDomainError(error, 'config-invalid') && message.test(error.message),
      );
    }
  });
});
