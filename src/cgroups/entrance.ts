// How the container's first process comes into its cgroup. Writing another process's pid to cgroup.procs of v1 takes a
// lock that waits for an RCU grace period: 5 to 17 ms for the first hierarchy (Linux 6.18). Being born there (clone3 with
// CLONE_INTO_CGROUP, v2 and the v2 side of hybrid hosts) and a lone thread's own write of "0" to `tasks` (v1) take no such
// lock: 0.03 ms each.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {RuntsError} from '../errors.ts';
import {openDirectory} from './control.ts';
import {parseLayout} from './layout.ts';
import {type CgroupRecord, directoriesOf} from './record.ts';

/** The v1 files that the process writes "0" to, as long as it is a single thread. */
export function entranceFiles(record: CgroupRecord): string[] {
  const {unified} = record.paths;
  return directoriesOf(record)
    .filter((directory) => directory !== unified)
    .map((directory) => `${directory}/tasks`);
}

/** The cgroup v2 directory as an fd for clone3 CLONE_INTO_CGROUP, close-on-exec; the caller closes it. Undefined when the
 * container has none there. */
export function openEntrance({paths: {unified}}: CgroupRecord): number | undefined {
  return unified === undefined ? undefined : openDirectory(unified);
}

/** The same of the cgroup v2 directory that the process `pid` is in at present. */
export function openEntranceOf(pid: number): number {
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const {unified} = parseLayout(mountinfo, readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  if (unified === undefined) throw new RuntsError(`process ${pid} is in no cgroup of cgroup v2`);
  return openDirectory(join(unified.mountPoint, unified.ownPath));
}
