// How long to wait for a word from runts-init.
import type {Hook} from '../generated/config.ts';

/** How long runts-init may be silent while no hook runs. Mounting a network filesystem can take its time. */
export const SILENCE_MS = 120_000;

/** Milliseconds of silence to bear while it may run these hooks in between; -1: any, as one of them has no timeout. */
export function patienceWith(hooks: readonly Pick<Hook, 'timeout'>[] = []): number {
  let sum = SILENCE_MS;
  for (const {timeout = 0} of hooks) {
    if (timeout === 0) return -1;
    sum += timeout * 1000;
  }
  return sum;
}
