import assert from 'node:assert/strict';

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** What each field of a list element must be; in the order in which the vendor's model grew, so that an older client knows the first ones. */
const ELEMENT_FIELDS: ReadonlyArray<readonly [name: string, isRight: (value: unknown) => boolean]> = [
  ['StartTime', matches(TIME)],
  ['BackupId', matches(/^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)],
  ['BackupType', (value) => value === '0'],
  ['Status', (value) => value === 2],
  ['Remark', (value) => typeof value === 'string'],
  ['Locked', (value) => value === 0],
  ['BackupSize', (value) => Number.isSafeInteger(value) && Number(value) > 0],
  ['FullBackup', (value) => value === 0],
  ['InstanceType', (value) => Number.isSafeInteger(value) && Number(value) > 0],
  ['InstanceId', matches(/^crs-[0-9a-z]{8}$/)],
  ['InstanceName', (value) => value === 'demo'],
  ['Region', (value) => value === 'ap-guangzhou'],
  ['EndTime', matches(TIME)],
  ['FileType', matches(/^RDB-(?:Redis|Valkey) \d+\.\d+$/)],
  ['ExpireTime', matches(TIME)],
  ['Encrypted', (value) => typeof value === 'boolean'],
];

/** Asserts that the element has the first `count` fields of the model, each of its type and with a value that it may have. */
export function assertElement(element: Readonly<Record<string, unknown>>, count: number): void {
  for (const [name, isRight] of ELEMENT_FIELDS.slice(0, count)) {
    assert.ok(isRight(element[name]), `${name} is ${JSON.stringify(element[name])}`);
  }
  const known = new Set(ELEMENT_FIELDS.slice(0, count).map(([name]) => name));
  const more = Object.entries(element).filter(([name, value]) => !known.has(name) && value !== null);
  assert.deepEqual(more, [], 'the client knows no more fields');
}

function matches(pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && pattern.test(value);
}
