import type { AnyAction } from './action.ts';
import { AttachInstance } from './actions/AttachInstance.ts';
import { DescribeInstanceBackups } from './actions/DescribeInstanceBackups.ts';
import { DescribeInstances } from './actions/DescribeInstances.ts';
import { DescribeTaskInfo } from './actions/DescribeTaskInfo.ts';
import { DetachInstance } from './actions/DetachInstance.ts';
import { ManualBackupInstance } from './actions/ManualBackupInstance.ts';

/** Every action that is served. An action that is not in this list does not exist. */
export const actions: readonly AnyAction[] = [
  DescribeInstanceBackups,
  DescribeInstances,
  DescribeTaskInfo,
  ManualBackupInstance,
  AttachInstance,
  DetachInstance,
];
