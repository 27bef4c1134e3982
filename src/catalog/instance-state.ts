import type { InstanceState } from './catalog.ts';

/**
 * Which state may follow which. An attached instance is looked at, serves, and is detached. A managed one is created, started and serves;
 * it is isolated, from where it is started again or cleaned up, after which it is as detached as any other. A step that fails leads back
 * to where  * to where it began; a server that never came up leaves a failed row, which only vanishes, and one of which nobody knows is isolated.
 */
export const INSTANCE_TRANSITIONS = {
  attaching: ['online'],
  creating: ['starting', 'isolated', 'failed'],
  starting: ['online', 'isolated', 'failed'],
  online: ['restoring', 'changing', 'isolating', 'detached'],
  restoring: ['online'],
  changing: ['online'],
  isolating: ['isolated', 'online'],
  isolated: ['starting', 'cleaning'],
  cleaning: ['detached', 'isolated'],
  detached: [],
  failed: [],
} as const satisfies Record<InstanceState, readonly InstanceState[]>;

/** Every state, in the order of an instance's life. */
export const INSTANCE_STATES = Object.keys(INSTANCE_TRANSITIONS) as readonly InstanceState[];

/** The states in which an instance is listed where no state is asked for. */
export const LISTED_STATES: readonly InstanceState[] = INSTANCE_STATES.filter((state) => state !== 'detached' && state !== 'failed');

/** The states in which a managed instance has a server, is to get one, or may have one still. */
export const SERVED_STATES: readonly InstanceState[] = [
  'attaching',
  'creating',
  'starting',
  'online',
  'restoring',
  'changing',
  'isolating',
];

/** The states in which an instance has its automatic backups, and is missed where it has none. */
export const BACKED_UP_STATES: readonly InstanceState[] = ['online', 'restoring', 'changing'];

export function canFollow(from: InstanceState, to: InstanceState): boolean {
  const followers: readonly InstanceState[] = INSTANCE_TRANSITIONS[from];
  return followers.includes(to);
}
