import { MAX_SHARDS } from './format.ts';
import type { Manifest } from './types.ts';

/**
 * The fields of a manifest and a test for each. Written out rather than compiled from a schema library, which would take longer to load
 * than a small backup takes to verify. A field that is not named here is let through: the format may gain facts that readers need not know.
 */
type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isCount: Test = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isSha256: Test = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isOneOf =
  (...words: string[]): Test =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const isListOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test);
const isRecordOf =
  (test: Test): Test =>
  (value) =>
    isObject(value) && Object.values(value).every(test);
const hasFields =
  (fields: Readonly<Record<string, Test>>): Test =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, test]) => test(value[name]));

const isFacts = hasFields({
  accountId: isText,
  region: isText,
  instanceId: isText,
  instanceName: isText,
  type: isOneOf('manual', 'automatic', 'specification-change'),
  remark: isText,
  startedAt: isCount,
  expiresAt: isCount,
});

const isKeyCounts = hasFields({
  complete: (value) => typeof value === 'boolean',
  total: isCount,
  withExpiry: isCount,
  byDatabase: isRecordOf(hasFields({ keys: isCount, withExpiry: isCount })),
  byType: isRecordOf(isCount),
  functions: isCount,
});

const isShard = hasFields({
  sizeBytes: isCount,
  sha256: isSha256,
  crc64: (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value),
  rdbVersion: isCount,
  serverVersion: isText,
  serverKind: isOneOf('redis', 'valkey', 'unknown'),
  replicationId: isText,
  // Signed: a source whose offset was not learnt says -1.
  replicationOffset: (value) => typeof value === 'number',
  keys: isKeyCounts,
  frames: (value) => isCount(value) && Number(value) >= 1,
  storedBytes: isCount,
  objectBytes: isListOf(isCount),
  tagsSha256: isSha256,
});

const isManifestShape = hasFields({
  backupId: isText,
  attempt: isCount,
  facts: isFacts,
  endedAt: isCount,
  shards: (value) => Array.isArray(value) && value.length <= MAX_SHARDS && value.every(isShard),
  sections: isListOf(hasFields({ name: isText, sizeBytes: isCount, sha256: isSha256 })),
  report: isListOf(isText),
});

export function isManifest(value: unknown): value is Manifest {
  return isManifestShape(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
