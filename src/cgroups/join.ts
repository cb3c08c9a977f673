// Ways for a process into a container's cgroup.
//
// Writing another process's pid to cgroup.procs of v1 takes a lock that waits for an RCU grace period: 5 to 17 ms for
// the first hierarchy, 0.03 ms for each further one (Linux 6.18). Being born there (clone3 with CLONE_INTO_CGROUP) and
// a single thread's write of "0" to `tasks` take no such lock: 0.03 ms each. See entrance().
import {errnoText, hasCode, isSyscallError, RuntsError} from '../errors.ts';
import {openDirectory, readControl, sleep, writeControl} from './control.ts';
import {type CgroupRecord, directoriesOf} from './record.ts';

/** Puts a process, with all its threads, into the cgroup. Throws RuntsError. */
export function joinCgroup(record: CgroupRecord, pid: number): void {
  for (const directory of directoriesOf(record)) join(directory, pid);
}

/** The cgroup v2 directory as an fd for clone3 CLONE_INTO_CGROUP, close-on-exec; the caller closes it. undefined on
 * v1 and hybrid hosts, where joinCgroup() is needed, and when there is no cgroup. */
export function openCgroup(record: CgroupRecord): number | undefined {
  return record.version === 2 && record.paths.unified !== undefined ? openDirectory(record.paths.unified) : undefined;
}

/** How a process with one thread comes into the whole cgroup by itself, without waiting: born with CLONE_INTO_CGROUP
 * of `fd` (-1: none; the caller closes it), then writing "0" to each of `files`. */
export function entrance(record: CgroupRecord): {readonly fd: number; readonly files: readonly string[]} {
  const {unified} = record.paths;
  const files = directoriesOf(record)
    .filter((directory) => directory !== unified)
    .map((directory) => `${directory}/tasks`);
  return {fd: unified === undefined ? -1 : openDirectory(unified), files};
}

function join(directory: string, pid: number): void {
  for (let attempt = 0; ; attempt++) {
    try {
      writeControl(`${directory}/cgroup.procs`, String(pid));
      return;
    } catch (error) {
      // EINVAL: a process that clone(2) has not finished making.
      if (!hasCode(error, 'EINVAL') || attempt === 5) throw refused(directory, pid, error);
    }
    sleep(10);
  }
}

function refused(directory: string, pid: number, error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  const hint = joinHint(error.code, directory);
  return new RuntsError(
    `move process ${pid} into cgroup ${directory}: ${errnoText(error.errno)}${hint ? `: ${hint}` : ''}`,
  );
}

function joinHint(code: string, directory: string): string | undefined {
  switch (code) {
    case 'EBUSY':
      return 'cgroup v2 wants processes in leaves only, and this cgroup passes controllers on (cgroup.subtree_control)';
    case 'EOPNOTSUPP':
    case 'ENOTSUP':
      return `its cgroup.type is "${readControl(`${directory}/cgroup.type`)}"`;
    case 'ENOSPC':
      return 'its cpuset has no CPUs or no memory nodes';
    case 'ESRCH':
      return 'the process has ended';
    case 'ENOENT':
      return 'somebody removed the cgroup';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not move processes between those cgroups';
    default:
      return undefined;
  }
}
