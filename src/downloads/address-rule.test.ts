import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DownloadRestriction, NO_RESTRICTION } from '../catalog/download-restriction.ts';
import { isAddressAllowed } from './address-rule.ts';

const VPCS = new Map([
  ['vpc-a', ['10.1.0.0/16', 'fd00:a::/32']],
  ['vpc-b', ['203.0.113.0/24']],
]);

function allows(rule: Partial<DownloadRestriction>, address: string | undefined): boolean {
  return isAddressAllowed({ ...NO_RESTRICTION, ...rule }, address, VPCS);
}

const vpcs = (...names: string[]) => [{ region: 'ap-guangzhou', names }];

test('no restriction lets everybody in, also where the address is not known', () => {
  for (const address of ['8.8.8.8', '2001:db8::1', undefined]) {
    assert.equal(allows({}, address), true);
  }
});

test('intranet: private addresses of both families and the VPCs of the site, nobody else', () => {
  for (const address of ['127.0.0.1', '10.9.9.9', '172.31.0.1', '192.168.1.1', '100.64.0.1', '169.254.0.1', '::1', 'fd12::1', 'fe80::1']) {
    assert.equal(allows({ limit: 'intranet' }, address), true, address);
  }
  assert.equal(allows({ limit: 'intranet' }, '203.0.113.9'), true, 'of a VPC');
  for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '11.0.0.1', '2001:db8::1', 'fec0::1', undefined, 'nonsense']) {
    assert.equal(allows({ limit: 'intranet' }, address), false, String(address));
  }
});

test('an IPv4 address and its mapped form are one, however it is written; what only looks like an address is none', () => {
  for (const address of ['::ffff:10.0.0.1', '::ffff:a00:1', '::FFFF:10.0.0.1', '0:0:0:0:0:ffff:0a00:0001']) {
    assert.equal(allows({ limit: 'intranet' }, address), true, address);
    assert.equal(allows({ limit: 'custom', ips: ['10.0.0.0/24'] }, address), true, address);
    assert.equal(allows({ limit: 'custom', ips: ['::ffff:10.0.0.0/120'] }, address), true, address);
    assert.equal(allows({ limit: 'custom', ipRule: 'not-in', ips: ['10.0.0.1'] }, address), false, address);
    // All of IPv6 is not all of IPv4.
    assert.equal(allows({ limit: 'custom', ips: ['::/0'] }, address), false, address);
  }
  assert.equal(allows({ limit: 'custom', ips: ['0.0.0.0/0'] }, '2001:db8::1'), false);
  assert.equal(allows({ limit: 'intranet' }, '::ffff:8.8.8.8'), false);
  for (const address of ['::10.0.0.1', '10.0.0.01', '0x0a.0.0.1', '167772161', '10.0.0', '10.0.0.1/32', ' 10.0.0.1', '']) {
    assert.equal(allows({ limit: 'intranet' }, address), false, address);
    assert.equal(allows({ limit: 'custom', ipRule: 'not-in', ips: ['8.8.8.8'] }, address), address === '::10.0.0.1', address);
  }
});

describe('custom', () => {
  test('in: the listed addresses, blocks and VPCs', () => {
    const rule = { limit: 'custom', ips: ['198.51.100.7', '2001:db8::/32'], vpcs: vpcs('vpc-a') } as const;
    for (const address of ['198.51.100.7', '::ffff:198.51.100.7', '2001:db8:1::2', '10.1.255.255', 'fd00:a::9']) {
      assert.equal(allows(rule, address), true, address);
    }
    for (const address of ['198.51.100.8', '2001:db9::1', '10.2.0.0', '203.0.113.9', '127.0.0.1', undefined]) {
      assert.equal(allows(rule, address), false, String(address));
    }
    assert.equal(allows({ ...rule, ipRule: 'in' }, '198.51.100.7'), true);
  });

  test('not in: all but the listed addresses, and of VPCs where there are any only theirs', () => {
    const rule = { limit: 'custom', ipRule: 'not-in', ips: ['198.51.100.0/24', '10.1.5.0/24'] } as const;
    for (const [address, open, ofVpc] of [
      ['8.8.8.8', true, false],
      ['198.51.100.7', false, false],
      ['10.1.4.1', true, true],
      ['10.1.5.1', false, false],
    ] as const) {
      assert.equal(allows(rule, address), open, address);
      assert.equal(allows({ ...rule, vpcs: vpcs('vpc-a') }, address), ofVpc, address);
    }
    assert.equal(allows(rule, undefined), false);
  });

  test('a VPC that the configuration does not name has no addresses', () => {
    assert.equal(allows({ limit: 'custom', vpcs: vpcs('vpc-gone') }, '10.1.0.1'), false);
    assert.equal(allows({ limit: 'custom', vpcs: vpcs('vpc-gone', 'vpc-a') }, '10.1.0.1'), true);
  });
});
