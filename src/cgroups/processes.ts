// Which processes are in a cgroup.
import {readdirSync, statSync} from 'node:fs';
import {hasCode} from '../errors.ts';
import {readControl} from './control.ts';
import {type CgroupRecord, mainDirectory} from './record.ts';

/** Pids, as our pid namespace has them, of the container's cgroup and of those that it made below; none when the
 * cgroup is gone. */
export function processes(record: CgroupRecord): number[] {
  const directory = mainDirectory(record);
  return directory === undefined ? [] : processesBelow(directory);
}

/** Pids of a cgroup directory and of all below it. */
export function processesBelow(directory: string): number[] {
  const pids: number[] = [];
  // In a threaded cgroup of v2 the file cannot be read; its processes are in the list of the domain above it.
  for (const line of readControl(`${directory}/cgroup.procs`)?.split('\n') ?? []) {
    // 0: a process that our pid namespace does not see.
    if (line !== '' && line !== '0') pids.push(Number(line));
  }
  for (const child of children(directory)) pids.push(...processesBelow(child));
  return pids;
}

/** The cgroups directly below a directory. */
export function children(directory: string): string[] {
  // A cgroup directory has two links and one for each child: most often this saves reading a list of 40 files.
  if ((statSync(directory, {throwIfNoEntry: false})?.nlink ?? 2) === 2) return [];
  try {
    const entries = readdirSync(directory, {withFileTypes: true});
    return entries.filter((entry) => entry.isDirectory()).map(({name}) => `${directory}/${name}`);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
