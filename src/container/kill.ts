import {killAll, processes, thaw} from '../cgroups/index.ts';
import type {Context} from '../context.ts';
import {hasCode, RuntsError} from '../errors.ts';
import {openProcess} from '../state/process.ts';
import type {ContainerRecord} from '../state/record.ts';
import {closeQuietly} from './descriptors.ts';
import {viewContainer} from './status.ts';

const SIGKILL = 9;
/** Engines match on it: it tells them that a stop has succeeded. */
const NOT_RUNNING = 'container not running';

export interface KillOptions {
  /** Signal every process of the container; one that is not running is no error. */
  readonly all?: boolean;
}

/** Sends a signal (a number; 0 only checks) to the container's first process. SIGKILL goes to all of its processes when
 * they share a pid namespace with others, as the kernel then does not end them with the first one. */
export function kill(ctx: Context, id: string, signal: number, options: KillOptions = {}): void {
  const {record, status} = viewContainer(ctx, id);
  const all = options.all === true;
  if (all || (signal === SIGKILL && record.sharesPidNamespace)) {
    // The cgroup of a stopped container may be another one's by now, unless its pid namespace outlives it.
    const mayHaveMembers = status !== 'stopped' || record.sharesPidNamespace;
    const signalled = mayHaveMembers && signalCgroup(ctx, record, signal);
    if (!signalled && status !== 'stopped') signalInit(ctx, record, signal);
    else if (!signalled && !all) throw new RuntsError(NOT_RUNNING);
  } else {
    if (status === 'stopped') throw new RuntsError(NOT_RUNNING);
    signalInit(ctx, record, signal);
  }
  // On cgroup v1 a frozen process does not even die of SIGKILL.
  if (signal === SIGKILL && status === 'paused') thaw(record.cgroup);
}

/** False when the cgroup holds no process, or there is none (rootless). */
function signalCgroup({native}: Context, {cgroup}: ContainerRecord, signal: number): boolean {
  if (processes(cgroup).length === 0) return false;
  killAll(cgroup, signal, native);
  return true;
}

/** Signals the very process that the record names, never another one that got its pid. */
function signalInit({native}: Context, {init}: ContainerRecord, signal: number): void {
  const pidfd = init === undefined ? undefined : openProcess(native, init);
  if (pidfd === undefined) throw new RuntsError(NOT_RUNNING);
  try {
    native.pidfdSendSignal(pidfd, signal);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) throw new RuntsError(NOT_RUNNING, {cause: error});
    if (hasCode(error, 'EINVAL')) throw new RuntsError(`there is no signal ${signal}`, {cause: error});
    throw error;
  } finally {
    closeQuietly(pidfd);
  }
}
