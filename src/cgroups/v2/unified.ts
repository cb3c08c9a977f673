// linux.resources.unified -> files of cgroup v2, as they are named.
import {escapeKey} from '../../config/tidy.ts';
import {ConfigError} from '../../errors.ts';
import type {VersionOf} from '../resources.ts';
import type {CgroupWrite} from '../write.ts';

/** Files that do not limit: they move, stop or kill processes, or make the cgroup one that can have none. */
const NO_LIMITS = ['procs', 'threads', 'freeze', 'kill', 'type', 'subtree_control'].map((name) => `cgroup.${name}`);

/** What the kernel takes without a word, and may not do. */
const READ_BACK: Readonly<Record<string, string>> = {
  'cpuset.cpus': 'cpuset.cpus.effective',
  'cpuset.mems': 'cpuset.mems.effective',
  'cpuset.cpus.partition': 'cpuset.cpus.partition',
};

/** Written last: it is the caller's own word on a file, over what the other properties say. */
export function unifiedWrites(unified: Readonly<Record<string, string>>, versionOf: VersionOf): CgroupWrite[] {
  return Object.entries(unified).flatMap(([file, text]) => {
    const pointer = `/linux/resources/unified/${escapeKey(file)}`;
    const controller = file.slice(0, Math.max(file.indexOf('.'), 0));
    const problem = problemWith(file, controller, versionOf);
    if (problem !== undefined) throw new ConfigError([{pointer, message: problem}]);
    const readBack = READ_BACK[file];
    // Files with a line for each device take one line in a write.
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((value) => ({controller, file, value, pointer, ...(readBack === undefined ? {} : {readBack})}));
  });
}

function problemWith(file: string, controller: string, versionOf: VersionOf): string | undefined {
  if (controller === '' || file.includes('/')) return 'is not the name of a cgroup file such as "memory.high"';
  if (NO_LIMITS.includes(file)) return 'is not a limit: runts itself looks after the processes of the cgroup';
  if (versionOf(controller) === 1)
    return `cannot use unified on cgroup v1, and this host has "${controller}" on no cgroup v2`;
  return undefined;
}
