// File descriptors of the caller that the container's program gets: socket activation (sd_listen_fds(3)), then
// --preserve-fds. They keep their numbers, from 3 up.
import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';

const FIRST_FD = 3;

export interface InheritedFds {
  /** Sockets of socket activation, from fd 3 on. */
  readonly listen: number;
  /** What --preserve-fds asks for, the fds after those. */
  readonly preserve: number;
}

/** Checks what --preserve-fds asks for against what the caller really handed over: Node fills holes between inherited
 * fds with its own, so looking at /proc/self/fd would find, and leak, those. */
export function inheritedFds(ctx: Pick<Context, 'env' | 'pid' | 'launch'>, preserve: number): InheritedFds {
  if (!Number.isSafeInteger(preserve) || preserve < 0) {
    throw new RuntsError(`--preserve-fds ${preserve}: must be a number from 0 up`);
  }
  const listen = listenFds(ctx);
  const present = new Set(ctx.launch.inheritedFds);
  for (let index = 0; index < listen; index++) {
    if (present.has(FIRST_FD + index)) continue;
    throw new RuntsError(`LISTEN_FDS=${listen}: fd ${FIRST_FD + index} is not open`);
  }
  for (let index = 0; index < preserve; index++) {
    const fd = FIRST_FD + listen + index;
    if (present.has(fd)) continue;
    throw new RuntsError(`unable to stat preserved-fd ${index} (of ${preserve}): fd ${fd} is not open`);
  }
  return {listen, preserve};
}

/** LISTEN_FDS, when it is meant for this very process. */
function listenFds({env, pid}: Pick<Context, 'env' | 'pid'>): number {
  if (pid === undefined || env['LISTEN_PID'] !== String(pid)) return 0;
  const text = env['LISTEN_FDS'] ?? '';
  return /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
}

/** Their numbers. */
export function numbersOf({listen, preserve}: InheritedFds): readonly number[] {
  return Array.from({length: listen + preserve}, (_, index) => FIRST_FD + index);
}
