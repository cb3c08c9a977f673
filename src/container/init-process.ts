// The container's first process, while the command that started it is at work on it.
import type {CgroupRecord} from '../cgroups/record.ts';
import type {ExitStatus, Native, Spawned} from '../native.ts';
import {closeQuietly} from './descriptors.ts';
import {signalName} from './failure.ts';
import {wasOomKilled} from './oom.ts';

const SIGKILL = 9;
/** SIGKILL takes effect at once, unless the process is inside a system call that cannot be interrupted. */
export const DEATH_DEADLINE_MS = 10_000;

export interface InitProcess {
  pid: number;
  /** All -1 once closed. */
  pidfd: number;
  /** Of the one that has started it, and has ended or is about to; -1: there is none, or it has been reaped. */
  former: number;
  sync: number;
  /** How it ended, once it has been reaped. */
  exit: ExitStatus | undefined;
}

export function initProcessOf({pid, pidfd, sync}: Spawned): InitProcess {
  return {pid, pidfd, former: -1, sync, exit: undefined};
}

/** After a `pid` message: the first process has started another, a child of ours too, and ends. */
export function replaceProcess(native: Native, init: InitProcess, pid: number): void {
  const pidfd = native.pidfdOpen(pid);
  init.former = init.pidfd;
  init.pidfd = pidfd;
  init.pid = pid;
}

/** For a moment when there is time for it. */
export function reapFormer(native: Native, init: InitProcess): void {
  if (init.former < 0) return;
  const {former} = init;
  init.former = -1;
  try {
    native.reap(former);
  } finally {
    closeQuietly(former);
  }
}

/** Reaps the process, which must be about to end. Undefined when it has not ended within the deadline. */
export function reapWithin(native: Native, init: InitProcess, deadlineMs: number): ExitStatus | undefined {
  if (init.exit === undefined && native.pidfdWait(init.pidfd, deadlineMs)) init.exit = native.reap(init.pidfd);
  return init.exit;
}

/** Ends and reaps it. Returns false when it does not die. */
export function killAndReap(native: Native, init: InitProcess): boolean {
  if (init.exit !== undefined) return true;
  native.pidfdSendSignal(init.pidfd, SIGKILL);
  reapFormer(native, init);
  return reapWithin(native, init, DEATH_DEADLINE_MS) !== undefined;
}

/** Closes what we hold of it; the process itself goes on. */
export function letGo(init: InitProcess): void {
  for (const fd of [init.sync, init.pidfd, init.former]) {
    if (fd >= 0) closeQuietly(fd);
  }
  init.sync = -1;
  init.pidfd = -1;
  init.former = -1;
}

/** How an unexpected end came about, in words. */
export function describeEnd(exit: ExitStatus | undefined, cgroup: CgroupRecord): string {
  if (exit?.signal !== undefined) {
    if (exit.signal === SIGKILL && wasOomKilled(cgroup)) {
      return 'container init was OOM-killed (memory limit too low?)';
    }
    const name = signalName(exit.signal);
    // SIGILL is its own way out when it may not even exit.
    const filtered = name === 'SIGSYS' || name === 'SIGILL';
    const why = filtered ? ': its seccomp filter forbids a system call on the way to the program' : '';
    return `the container's first process was killed by ${name}${why}`;
  }
  const code = exit?.code === undefined ? '' : ` with status ${exit.code}`;
  return `the container's first process ended${code} without saying why`;
}
