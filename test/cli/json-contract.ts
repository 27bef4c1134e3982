import type { AnyAction } from '../../src/api/action.ts';
import { actions } from '../../src/api/registry.ts';
import { InstanceSet } from '../../src/api/shapes/instance-set.ts';
import { RedisBackupSet } from '../../src/api/shapes/redis-backup-set.ts';
import { Named, type ObjectShape, OneOf, type Shape, shapeOf } from './json-shape.ts';

/** What `--json` of a command prints. */
export interface JsonContract {
  readonly shape: Shape;
  /** The action whose whole answer it is. */
  readonly answerOf?: string;
  /** With `--no-wait`, where that is something else. */
  readonly noWait?: Shape;
}

const instance = new Named('Instance', shapeOf(InstanceSet));
const backup = new Named('Backup', shapeOf(RedisBackupSet));

function outputOf(name: string): ObjectShape {
  const action: AnyAction | undefined = actions.find((each) => each.name === name);
  if (action === undefined) {
    throw new Error(`there is no action ${name}`);
  }
  return shapeOf(action.output);
}

/** A member of what an action answers. */
function memberOf(name: string, member: string): Shape {
  const shape = outputOf(name)[member];
  if (shape === undefined) {
    throw new Error(`${name} answers no ${member}`);
  }
  return shape;
}

/** The answer as the service gives it. */
const answer = (action: string): JsonContract => ({ shape: { ...outputOf(action), RequestId: 'string' }, answerOf: action });

const ordered = { InstanceId: 'string', Status: 'int', Host: 'string', Port: 'int', 'Password?': 'string' } as const;
const task = { TaskId: 'int' } as const;
/** Of `--all`: backups that could not be verified. */
const failures = { 'Failures?': [{ BackupId: 'string', Message: 'string' }] } as const;

/** By the words of the command. A test runs each and compares. */
export const JSON_CONTRACTS: Readonly<Record<string, JsonContract>> = {
  up: {
    shape: new OneOf(
      { Endpoint: 'string', TotalCount: 'int', BackupSet: [backup], RedisBackupSet: [backup], RequestId: 'string' },
      { Endpoint: 'string' },
    ),
  },
  serve: { shape: { Endpoint: 'string' } },
  'instance create': { shape: ordered },
  'instance start': answer('StartupInstance'),
  'instance destroy': answer('DestroyPostpaidInstance'),
  'instance clean-up': answer('CleanUpInstance'),
  'instance clear': answer('ClearInstance'),
  'instance rename': answer('ModifyInstance'),
  'instance attach': answer('AttachInstance'),
  'instance list': { shape: { TotalCount: 'int', InstanceSet: [instance] } },
  'instance detach': answer('DetachInstance'),
  'backup create': { shape: { ...task, '...': backup }, noWait: task },
  'backup list': { shape: { TotalCount: 'int', BackupSet: [backup], Proofs: memberOf('DescribeBackupProofs', 'Proofs') } },
  'backup show': { shape: { ...outputOf('DescribeBackup'), Backup: backup, RequestId: 'string' }, answerOf: 'DescribeBackup' },
  'backup lock': answer('LockBackup'),
  'backup unlock': answer('UnlockBackup'),
  'backup delete': answer('DeleteBackup'),
  'backup download': { shape: { File: 'string', FileSize: 'int', Sha256: 'string' } },
  'backup verify': {
    shape: {
      Results: [{ BackupId: 'string', TaskId: 'int', ServerKind: 'string', ServerVersion: 'string', Result: 'string', Message: 'string' }],
      ...failures,
    },
    noWait: { Tasks: [{ BackupId: 'string', TaskId: 'int' }], ...failures },
  },
  'backup restore': { shape: { ...task, ...outputOf('DescribeRestore'), RequestId: 'string' }, noWait: task },
  'backup clone': { shape: ordered },
  'schedule show': answer('DescribeAutoBackupConfig'),
  'schedule set': answer('ModifyAutoBackupConfig'),
  'schedule stop': answer('StopAutoBackup'),
  'event list': { shape: outputOf('DescribeEvents') },
  'retention resume': answer('ResumeExpiry'),
  'retention confirm-clock': answer('ConfirmClock'),
  'user add': answer('AddUser'),
  'user update': answer('UpdateUser'),
  'user list': answer('ListUsers'),
  'user delete': answer('DeleteUser'),
  'key create': { shape: outputOf('CreateAccessKey') },
  'key list': answer('ListAccessKeys'),
  'key enable': answer('UpdateAccessKey'),
  'key disable': answer('UpdateAccessKey'),
  'key delete': answer('DeleteAccessKey'),
  'policy create': answer('CreatePolicy'),
  'policy update': answer('UpdatePolicy'),
  'policy list': { shape: { TotalNum: 'int', List: memberOf('ListPolicies', 'List') } },
  'policy show': answer('GetPolicy'),
  'policy delete': answer('DeletePolicy'),
  'policy attach': answer('AttachUserPolicy'),
  'policy detach': answer('DetachUserPolicy'),
  'policy simulate': answer('SimulatePolicy'),
  'master-key export': { shape: { file: 'string', keyIds: ['string'] } },
  'master-key import': { shape: { activeKeyId: 'string', added: ['string'] } },
  'master-key rotate': { shape: { activeKeyId: 'string', writtenTo: 'string' } },
  'master-key list': {
    shape: {
      keys: [{ keyId: 'string', use: 'string', backups: 'int', secrets: new OneOf('int', 'null'), isExported: 'bool' }],
    },
  },
  'master-key remove': {
    shape: { keyId: 'string', lostBackups: [{ backupId: 'string', attempt: 'int' }], inEnvironment: 'bool' },
  },
  check: { shape: { backups: 'int', storedBytes: 'int', findings: [{ subject: 'string', problem: 'string' }] } },
  'catalog rebuild': {
    shape: {
      'snapshot?': { number: 'int', takenAt: 'int' },
      skipped: ['string'],
      adopted: ['string'],
      instances: ['string'],
      lost: ['string'],
      givenUpTasks: ['int'],
      problems: ['string'],
      'keptAt?': 'string',
      expiryHeldUntil: 'int',
    },
  },
  migrate: { shape: { migrations: ['string'] } },
  call: { shape: 'any' },
};
