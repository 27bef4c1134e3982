import { DomainError } from '../lib/errors.ts';
import type { Io } from './io.ts';

/** The result of `work`; throws `interrupted` with that message and hint when Ctrl-C is pressed before. `work` is not stopped. */
export async function interruptible<Result>(io: Io, work: Promise<Result>, message: string, hint: string): Promise<Result> {
  const interrupted = Promise.withResolvers<never>();
  const forget = io.onInterrupt?.(() => interrupted.reject(new DomainError('interrupted', message, { hint })));
  try {
    return await Promise.race([work, interrupted.promise]);
  } finally {
    forget?.();
  }
}
