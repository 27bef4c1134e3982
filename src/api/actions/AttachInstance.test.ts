import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTANCE_ID, instanceRow, OTHER_KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { readTlsFile } from '../../../test/harness/tls-server.ts';

const CA = readTlsFile('ca.pem');
const CERT = readTlsFile('client.pem');
const KEY = readTlsFile('client.key');
const BROKEN = '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n';
const version = '2026-11-24';
const base = { InstanceName: 'orders', Host: '127.0.0.1', Port: 6379 };

test('writes an attaching instance with sealed secrets and its task together, and wakes the worker', async () => {
  await using fixture = await openApiFixture();
  const parameters = { ...base, UserName: 'backup', Password: 'correct horse', CaCert: CA, ClientCert: CERT, ClientKey: KEY };
  const answer = await fixture.call('AttachInstance', parameters, { version });
  const instanceId = answer['InstanceId'] as string;
  assert.match(instanceId, /^crs-[a-z0-9]{8}$/);
  const instance = await fixture.catalog.instances.get(instanceId);
  assert.ok(instance !== undefined);
  assert.deepEqual(
    [instance.state, instance.kind, instance.name, instance.host, instance.port, instance.user, instance.tls, instance.region],
    ['attaching', 'attached', 'orders', '127.0.0.1', 6379, 'backup', true, 'ap-guangzhou'],
  );
  assert.equal(Buffer.from(instance.sealedSecrets).toString(), `sealed:${instanceId}`);
  assert.deepEqual(fixture.sealed.get(instanceId), { password: 'correct horse', ca: CA, cert: CERT, key: KEY });
  const task = await fixture.catalog.tasks.get(answer['TaskId'] as number);
  assert.deepEqual([task?.kind, task?.instanceId, task?.payload], ['attach-instance', instanceId, '{}']);
  assert.equal((await fixture.catalog.tasks.unfinished(instanceId))?.taskId, answer['TaskId']);
  assert.equal(fixture.wakes(), 1);
});

test('needs no secret, and seals that there is none', async () => {
  await using fixture = await openApiFixture();
  const answer = await fixture.call('AttachInstance', { ...base, Password: '' }, { version });
  const instanceId = answer['InstanceId'] as string;
  assert.deepEqual(fixture.sealed.get(instanceId), {});
  const instance = await fixture.catalog.instances.get(instanceId);
  assert.deepEqual([instance?.user, instance?.tls, instance?.preferReplica], ['', false, false]);
});

test('reads backups from a replica only where it is asked to', async () => {
  await using fixture = await openApiFixture();
  for (const PreferReplica of [true, false]) {
    const answer = await fixture.call('AttachInstance', { ...base, PreferReplica }, { version });
    const instance = await fixture.catalog.instances.get(answer['InstanceId'] as string);
    assert.equal(instance?.preferReplica, PreferReplica);
  }
});

test('refuses values outside the rules without repeating a secret', async () => {
  await using fixture = await openApiFixture();
  for (const [changes, message] of [
    [{ InstanceName: ' ' }, 'InstanceName must have 1 to 60 characters, none of them a control character.'],
    [{ InstanceName: 'x'.repeat(61) }, 'InstanceName must have 1 to 60 characters, none of them a control character.'],
    [{ InstanceName: 'a\r\nb' }, 'InstanceName must have 1 to 60 characters, none of them a control character.'],
    [{ Host: '' }, 'Host is ""; it must be a host name or an address without brackets.'],
    [{ Host: 'redis://x' }, 'Host is "redis://x"; it must be a host name or an address without brackets.'],
    [{ Port: 0 }, 'Port is 0; it must be 1 to 65535.'],
    [{ Port: 65_536 }, 'Port is 65536; it must be 1 to 65535.'],
    [{ Password: 'hunter2'.repeat(100) }, 'Password has 700 characters; it must have at most 512 and none of them NUL.'],
    [{ ClientKey: 'hunter2', ClientCert: CERT }, 'ClientKey has 7 characters; it must be a PEM text of at most 65536.'],
    [{ ClientCert: CERT }, 'ClientCert and ClientKey go together: give both or neither.'],
    [{ Tls: false, CaCert: CA }, 'Tls is false; CaCert, ClientCert and ClientKey need it to be true or absent.'],
    [{ CaCert: BROKEN }, 'CaCert is not a certificate in PEM, or a chain of them.'],
    [{ CaCert: CA + BROKEN }, 'CaCert is not a certificate in PEM, or a chain of them.'],
    [{ CaCert: KEY }, 'CaCert is not a certificate in PEM, or a chain of them.'],
    [{ ClientCert: CERT, ClientKey: CERT }, 'ClientKey is not a private key in PEM without a passphrase.'],
    [{ ClientCert: CERT, ClientKey: readTlsFile('server.key') }, 'ClientKey is not the key of ClientCert.'],
  ] as const) {
    const answer = await fixture.call('AttachInstance', { ...base, ...changes }, { version });
    assert.deepEqual(answer.Error, { Code: 'InvalidParameter.InvalidParameter', Message: message });
  }
  assert.equal(fixture.sealed.size, 0);
});

test('DetachInstance: online becomes detached and keeps its row', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  const { RequestId, ...answer } = await fixture.call('DetachInstance', { InstanceId: INSTANCE_ID }, { version });
  assert.deepEqual(answer, {});
  const instance = await fixture.catalog.instances.get(INSTANCE_ID);
  assert.deepEqual([instance?.state, instance?.detachedAt], ['detached', fixture.clock.now()]);
});

test('DetachInstance: refused while a task holds the instance, when it is not online, and to others', async () => {
  await using fixture = await openApiFixture();
  await fixture.catalog.instances.insert(instanceRow());
  const detach = (InstanceId: string, options: object = {}) => fixture.call('DetachInstance', { InstanceId }, { version, ...options });
  assert.equal((await detach(INSTANCE_ID, { key: OTHER_KEY })).Error?.Code, 'ResourceNotFound.InstanceNotExists');
  assert.equal((await detach('crs-00000000')).Error?.Code, 'ResourceNotFound.InstanceNotExists');
  assert.equal((await detach('x')).Error?.Code, 'InvalidParameter.InvalidParameter');
  const { InstanceId } = await fixture.call('AttachInstance', base, { version });
  assert.equal((await detach(String(InstanceId))).Error?.Code, 'ResourceUnavailable.InstanceStateError');
  await fixture.call('ManualBackupInstance', { InstanceId: INSTANCE_ID });
  assert.equal((await detach(INSTANCE_ID)).Error?.Code, 'ResourceUnavailable.InstanceLockedError');
  assert.equal((await fixture.catalog.instances.get(INSTANCE_ID))?.state, 'online');
});
