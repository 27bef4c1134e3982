import { describeError, isDomainError } from '../lib/errors.ts';
import { type AdminClientOptions, connectAdminClient, toPairs } from './admin-client.ts';
import type { SourceAddress } from './source-address.ts';

const SETTING = 'repl-diskless-sync-delay';

/** Puts the setting back, once however often it is called. Never throws: what went wrong is a warning of the session. */
export type RestoreDisklessDelay = () => Promise<void>;

/**
 * Sets the source's diskless delay (5 s by default, the wait for further replicas) to 0, over a connection of its own, and answers the
 * function that puts it back. Where the user may not, nothing changes and `warn` gets a sentence.
 */
export async function skipDisklessDelay(
  address: SourceAddress,
  options: AdminClientOptions,
  warn: (sentence: string) => void,
): Promise<RestoreDisklessDelay> {
  let before = '0';
  let mayBeChanged = false;
  try {
    await using client = await connectAdminClient(address, options);
    before = toPairs(await client.command('CONFIG', 'GET', SETTING))[0]?.[1] ?? '0';
    if (before !== '0') {
      mayBeChanged = true;
      await client.command('CONFIG', 'SET', SETTING, '0');
    }
  } catch (error) {
    // An error reply says that nothing was set; a lost connection leaves it open.
    mayBeChanged &&= !isDomainError(error, 'source-permission-denied', 'source-refused');
    warn(`the diskless delay of the source was not skipped: ${describeError(error)}`);
  }

  async function putBack(): Promise<void> {
    try {
      // Without the caller's signal: an abort must not leave the setting behind.
      await using client = await connectAdminClient(address);
      await client.command('CONFIG', 'SET', SETTING, before);
    } catch (error) {
      warn(`${SETTING} of the source may still be 0, set it back to ${before}: ${describeError(error)}`);
    }
  }

  let restoring: Promise<void> | undefined;
  return async () => {
    if (mayBeChanged) {
      restoring ??= putBack();
      await restoring;
    }
  };
}
