import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { knownProducts } from './known-actions.ts';

const require = createRequire(import.meta.url);

for (const { product, version, actions, unsigned } of knownProducts) {
  test(`the actions of ${product} are exactly those of the official Node SDK's client`, () => {
    const path = `tencentcloud-sdk-nodejs/tencentcloud/services/${product}/v${version.replaceAll('-', '')}/${product}_client.js`;
    const { Client } = require(path) as { Client: { prototype: object } };
    const official = Object.getOwnPropertyNames(Client.prototype).filter((name) => name !== 'constructor');
    assert.deepEqual(Object.keys(actions).sort(), official.sort());
    assert.ok(unsigned.every((name) => Object.hasOwn(actions, name)));
    assert.equal(new Set(Object.values(actions)).size, official.length, 'two have one meaning');
  });
}

test('there are 121 actions of redis', () => {
  const actions = knownProducts.find(({ product }) => product === 'redis')?.actions ?? {};
  assert.equal(Object.keys(actions).length, 121);
});
