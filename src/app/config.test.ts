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
