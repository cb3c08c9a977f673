// Which processes are in a cgroup.
import {closeSync, constants, openSync, readdirSync, statSync} from 'node:fs';
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
  eachChild(directory, (child) => {
    for (const pid of processesBelow(child)) pids.push(pid);
  });
  return pids;
}

/** Beyond it, in bytes, a path is begun anew: with a name and a file name added it must stay below PATH_MAX, 4096. */
const LONG_PATH = 2048;

/** Calls `visit` with the path of each cgroup directly below a directory. A container that may make cgroups can nest them so
 * deeply that no path reaches them from the root; these are reached through an fd of the directory. */
export function eachChild(directory: string, visit: (child: string) => void): void {
  if (Buffer.byteLength(directory) <= LONG_PATH) {
    for (const child of children(directory)) visit(child);
    return;
  }
  const fd = openIfAny(directory);
  if (fd === undefined) return;
  try {
    for (const child of children(`/proc/self/fd/${fd}`)) visit(child);
  } finally {
    closeSync(fd);
  }
}

function openIfAny(directory: string): number | undefined {
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
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
