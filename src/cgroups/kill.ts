// Signals for every process of a container.
import {hasCode} from '../errors.ts';
import type {Native} from '../native.ts';
import {writeControl} from './control.ts';
import {freeze, isFrozen, thaw} from './freezer.ts';
import {processes} from './processes.ts';
import type {CgroupRecord} from './record.ts';

const SIGKILL = 9;
/** Rounds against a container that forks faster than it can be read; only needed where there is no freezer. */
const ROUNDS = 100;

/** Sends `signal` to all processes in the container's cgroup and below. SIGKILL reaches those that are being forked
 * too, and frozen ones, which are thawed for it; other signals leave a frozen container frozen. Does not wait for the
 * processes to end. Fine when there are none. */
export function killAll(record: CgroupRecord, signal: number, native: Pick<Native, 'kill'>): void {
  if (signal === SIGKILL && killCgroup(record)) {
    if (record.version === 2) return;
    // On hybrid hosts that reached what is in the unified hierarchy; on v1 a frozen process dies when it is thawed.
    thaw(record);
  }
  if (processes(record).length === 0) return;
  const wasFrozen = isFrozen(record);
  const canFreeze = wasFrozen || tryFreeze(record);
  try {
    signalAll(record, signal, native, canFreeze ? 1 : ROUNDS);
  } finally {
    if (!wasFrozen || signal === SIGKILL) thaw(record);
  }
}

/** cgroup.kill (Linux 5.14): the kernel does it at once. */
function killCgroup(record: CgroupRecord): boolean {
  const {unified} = record.paths;
  if (unified === undefined) return false;
  try {
    writeControl(`${unified}/cgroup.kill`, '1');
    return true;
  } catch (error) {
    // Before 5.14, in a threaded cgroup (EOPNOTSUPP), or gone.
    if (hasCode(error, 'ENOENT', 'ENOTSUP', 'EOPNOTSUPP', 'ENODEV', 'EACCES')) return false;
    throw error;
  }
}

function tryFreeze(record: CgroupRecord): boolean {
  try {
    freeze(record);
    return true;
  } catch {
    return false;
  }
}

/** Until a round finds nobody new. */
function signalAll(record: CgroupRecord, signal: number, native: Pick<Native, 'kill'>, rounds: number): void {
  const signalled = new Set<number>([process.pid]);
  for (let round = 0; round < rounds; round++) {
    const pids = processes(record).filter((pid) => !signalled.has(pid));
    if (pids.length === 0) return;
    for (const pid of pids) {
      signalled.add(pid);
      try {
        native.kill(pid, signal);
      } catch (error) {
        if (!hasCode(error, 'ESRCH')) throw error;
      }
    }
  }
}
