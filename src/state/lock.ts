// One lock per container: flock(2) on its state directory. It belongs to the open file, so it ends with the process
// that holds it, whatever happens to that.
import {fstatSync, readFileSync} from 'node:fs';

import {monotonicMs} from '../clock.ts';
import {RuntsError} from '../errors.ts';
import type {Native} from '../native.ts';

const POLL_MS = 5;

/** How long a command waits for another one that works on the same container. */
export const LOCK_DEADLINE_MS = 10_000;

/** Takes the exclusive lock of a container's directory. Throws after the deadline, naming who holds it. */
export function lockDirectory(
  native: Pick<Native, 'flock'>,
  fd: number,
  id: string,
  deadlineMs: number = LOCK_DEADLINE_MS,
): void {
  const end = monotonicMs() + deadlineMs;
  while (!native.flock(fd, 'exclusive')) {
    if (monotonicMs() >= end) {
      throw new RuntsError(
        `container ${id} is busy: ${holderOf(fd)} has been working on it for more than ${deadlineMs / 1000} s; ` +
          'try again when that has ended',
      );
    }
    sleep(POLL_MS);
  }
}

/** Whether someone else holds the lock right now. Takes it for a moment when free. */
export function isLocked(native: Pick<Native, 'flock'>, fd: number): boolean {
  if (!native.flock(fd, 'shared')) return true;
  native.flock(fd, 'unlock');
  return false;
}

/** Blocks this thread, without spinning. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** The process that holds the lock, in words. /proc/locks has lines such as
 * "3: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF" (proc_locks(5)). */
function holderOf(fd: number): string {
  try {
    const inode = String(fstatSync(fd).ino);
    for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
      const [, kind, , , pid, file] = line.split(/\s+/);
      if (kind !== 'FLOCK' || pid === undefined || file?.split(':')[2] !== inode) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
      return `process ${pid} (${command.slice(0, 200)})`;
    }
  } catch {
    // Only a name for the message: without it the message is still true.
  }
  return 'another process';
}
