import assert from 'node:assert/strict';
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

/**
 * Reads a backup from a `file:` storage with nothing but its master key, as `docs/repository-format.md` describes it. Imports nothing of
 * Redkeep on purpose: it proves that the page is enough, and that the program still does what the page says.
 */
export function readOffline(
  root: string,
  masterKey: Buffer,
  backupId: string,
  attempt: number,
): { manifest: OfflineManifest; shards: Buffer[] } {
  const { version, repositoryId, keyCheck } = JSON.parse(readFileSync(join(root, 'repository.json'), 'utf8'));
  assert.equal(version, 1);
  assert.equal(keyCheck.value, derive(masterKey, `key-check/repository/1/${repositoryId}`).toString('base64'));

  const attemptBytes = Buffer.alloc(8);
  attemptBytes.writeBigUInt64BE(BigInt(attempt));
  const head = [Buffer.from('redkeep\0'), Buffer.from([0, 1]), Buffer.from(repositoryId, 'hex'), Buffer.from([backupId.length])];
  const context = Buffer.concat([...head, Buffer.from(backupId), attemptBytes]);
  const path = (name: string) => join(root, 'backups', backupId, String(attempt), name);

  const object = readFileSync(path('manifest'));
  assert.equal(object.toString('latin1', 0, 4), 'RKMF');
  assert.equal(object.readUInt16BE(4), 1);
  assert.equal(object.toString('hex', 6, 14), Buffer.from(hkdfSync('sha256', masterKey, '', 'redkeep/1/key-id', 8)).toString('hex'));
  const dataKey = unseal(derive(masterKey, 'wrap'), object.subarray(14, 74), context);
  const json = unseal(derive(dataKey, 'manifest'), object.subarray(74), Buffer.concat([context, object.subarray(0, 74)]));
  const manifest: OfflineManifest = JSON.parse(json.toString());
  assert.deepEqual([manifest.backupId, manifest.attempt], [backupId, attempt]);

  const shards = manifest.shards.map((facts, shard) => {
    const key = derive(dataKey, `frames/${shard}`);
    const plains: Buffer[] = [];
    const tags = createHash('sha256');
    let isLast = false;
    for (let number = 0; existsSync(path(`data-${fiveDigits(shard)}-${fiveDigits(number)}`)); number++) {
      const data = readFileSync(path(`data-${fiveDigits(shard)}-${fiveDigits(number)}`));
      for (let at = 0; at < data.length; ) {
        assert.equal(isLast, false);
        const header = data.subarray(at, at + 20);
        assert.equal(header.toString('latin1', 0, 4), 'RKFR');
        isLast = header[5] === 1;
        assert.equal(header.readUInt16BE(6), shard);
        assert.equal(header.readUInt32BE(8), plains.length);
        const end = at + 20 + header.readUInt32BE(16);
        const nonce = Buffer.concat([Buffer.alloc(8), header.subarray(8, 12)]);
        const tag = data.subarray(end, end + 16);
        const bytes = decrypt(key, nonce, data.subarray(at + 20, end), tag, Buffer.concat([context, header]));
        const plain = header[4] === 1 ? zstdDecompressSync(bytes) : bytes;
        assert.equal(plain.length, header.readUInt32BE(12));
        plains.push(plain);
        tags.update(tag);
        at = end + 16;
      }
    }
    assert.equal(isLast, true);
    const whole = Buffer.concat(plains);
    assert.deepEqual([plains.length, tags.digest('hex'), whole.length], [facts.frames, facts.tagsSha256, facts.sizeBytes]);
    assert.equal(createHash('sha256').update(whole).digest('hex'), facts.sha256);
    return whole;
  });
  return { manifest, shards };
}

/** The lines of a catalog snapshot, read in the same way. */
export function readSnapshotOffline(root: string, masterKey: Buffer, number: number): string[] {
  const { repositoryId } = JSON.parse(readFileSync(join(root, 'repository.json'), 'utf8'));
  const numberBytes = Buffer.alloc(8);
  numberBytes.writeBigUInt64BE(BigInt(number));
  const object = readFileSync(join(root, 'catalog', String(number).padStart(16, '0')));
  const context = Buffer.concat([
    Buffer.from('redkeep\0'),
    Buffer.from([0, 1]),
    Buffer.from(repositoryId, 'hex'),
    Buffer.from([0]),
    numberBytes,
  ]);
  assert.equal(object.toString('latin1', 0, 4), 'RKCS');
  assert.equal(object.readUInt16BE(4), 1);
  assert.equal(object.toString('hex', 14, 22), Buffer.from(hkdfSync('sha256', masterKey, '', 'redkeep/1/key-id', 8)).toString('hex'));
  const dataKey = unseal(derive(masterKey, 'wrap'), object.subarray(22, 82), context);
  const key = derive(dataKey, 'snapshot');
  const plains: Buffer[] = [];
  let isLast = false;
  for (let at = 82; at < object.length; ) {
    assert.equal(isLast, false);
    const header = object.subarray(at, at + 20);
    assert.deepEqual([header.toString('latin1', 0, 4), header.readUInt16BE(6), header.readUInt32BE(8)], ['RKFR', 0, plains.length]);
    isLast = header[5] === 1;
    const end = at + 20 + header.readUInt32BE(16);
    const nonce = Buffer.concat([Buffer.alloc(8), header.subarray(8, 12)]);
    const aad = Buffer.concat([context, object.subarray(0, 82), header]);
    const bytes = decrypt(key, nonce, object.subarray(at + 20, end), object.subarray(end, end + 16), aad);
    plains.push(header[4] === 1 ? zstdDecompressSync(bytes) : bytes);
    at = end + 16;
  }
  assert.equal(isLast, true);
  const text = Buffer.concat(plains).toString();
  assert.ok(text.endsWith('\n'));
  return text.slice(0, -1).split('\n');
}

export interface OfflineManifest {
  readonly backupId: string;
  readonly attempt: number;
  readonly shards: ReadonlyArray<{
    readonly frames: number;
    readonly tagsSha256: string;
    readonly sizeBytes: number;
    readonly sha256: string;
  }>;
}

function derive(key: Buffer, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `redkeep/1/${label}`, 32));
}

function unseal(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  return decrypt(key, sealed.subarray(0, 12), sealed.subarray(12, -16), sealed.subarray(-16), aad);
}

function decrypt(key: Buffer, nonce: Buffer, ciphertext: Buffer, tag: Buffer, aad: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

function fiveDigits(value: number): string {
  return String(value).padStart(5, '0');
}
