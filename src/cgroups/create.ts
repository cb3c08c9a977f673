// Makes a container's cgroup, ready to take processes, or leaves nothing behind.
//
// Costs on cgroup v1 with 10 hierarchies, Linux 6.18 (medians): all mkdirs 0.7 ms, all rmdirs 0.3 ms.
import {mkdirSync, rmdirSync} from 'node:fs';
import {ConfigError, errnoText, hasCode, isSyscallError, RuntsError} from '../errors.ts';
import {readControl} from './control.ts';
import {enableControllers} from './controllers.ts';
import {howToGetCgroup, READONLY} from './delegation.ts';
import {fillCpuset} from './cpuset.ts';
import {isFrozen} from './freezer.ts';
import {processesBelow} from './processes.ts';
import {ANCESTOR_MODE, type CgroupRecord, directoriesOf} from './record.ts';
import {removeEmptyAncestors} from './remove.ts';

/** How often a path is made anew when another container's removal takes an ancestor away in between. */
const ATTEMPTS = 100;

/** Makes the directories of `record`. One that exists is accepted when no process is in it but `resident`, that of a scope
 * which systemd has made. Throws RuntsError. */
export function createCgroup(record: CgroupRecord, resident?: number): void {
  create(record, directoriesOf(record), () => prepare(record), resident);
}

/** Of the cgroup what has to be there for a process to be born in it: on cgroup v2 all, on hybrid hosts its v2 side, and nothing
 * on v1. createRest() makes the rest, for which there is time while the process comes into being. */
export function createEntrance(record: CgroupRecord): void {
  if (record.version === 2) createCgroup(record);
  else create(record, directoriesOf(entranceOf(record)), () => {});
}

export function createRest(record: CgroupRecord): void {
  if (record.version === 2) return;
  const {unified} = record.paths;
  const directories = directoriesOf(record).filter((directory) => directory !== unified);
  create(record, directories, () => prepare(record));
}

/** What createEntrance() makes, as a record of its own. */
export function entranceOf(record: CgroupRecord): CgroupRecord {
  const {unified} = record.paths;
  return {...record, paths: unified === undefined ? {} : {unified}};
}

function create(record: CgroupRecord, directories: readonly string[], complete: () => void, resident?: number): void {
  const made: string[] = [];
  try {
    for (const directory of directories) {
      if (makeDirectory(directory, record)) made.push(directory);
      else refuseOccupied(directory, resident);
    }
    complete();
  } catch (error) {
    for (const directory of made.reverse()) discard(directory);
    removeEmptyAncestors(record);
    throw error;
  }
}

function prepare(record: CgroupRecord): void {
  const {unified, cpuset} = record.paths;
  if (record.version === 2 && unified !== undefined) {
    enableControllers(unified);
    refuseThreaded(unified);
  }
  if (record.version === 1 && cpuset !== undefined) fillCpuset(cpuset);
  // Its own state or that of a cgroup above: a container would hang before its first instruction.
  if (isFrozen(record)) throw new RuntsError("container's cgroup unexpectedly frozen");
}

/** False when it exists already. */
function makeDirectory(directory: string, {ancestors, version}: CgroupRecord): boolean {
  const above = ancestors.filter((ancestor) => directory.startsWith(`${ancestor}/`)).reverse();
  for (let attempt = 0; ; attempt++) {
    try {
      mkdirSync(directory, 0o755);
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      if (!hasCode(error, 'ENOENT') || above.length === 0 || attempt === ATTEMPTS)
        throw notMade(directory, version, error);
    }
    for (const ancestor of above) makeAncestor(ancestor, version);
  }
}

function makeAncestor(directory: string, version: 1 | 2): void {
  try {
    mkdirSync(directory, ANCESTOR_MODE);
  } catch (error) {
    // ENOENT: the one above was removed just now; the next attempt makes it.
    if (!hasCode(error, 'EEXIST', 'ENOENT')) throw notMade(directory, version, error);
  }
}

const MKDIR_HINTS: Readonly<Record<string, string>> = {
  EAGAIN: 'cgroup.max.depth or cgroup.max.descendants of a cgroup above is reached',
  ENOSPC: 'the kernel has no more ids for cgroups, often because dead ones still hold memory',
  EROFS: READONLY,
  ENOENT: 'the cgroup above it is gone',
};

function notMade(directory: string, version: 1 | 2, error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  const forbidden = error.code === 'EACCES' || error.code === 'EPERM';
  const hint = forbidden
    ? `this user may not make cgroups there; without cgroupsPath and limits none is needed: ${howToGetCgroup(version)}`
    : MKDIR_HINTS[error.code];
  const message = `mkdir of cgroup ${directory}: ${errnoText(error.errno)}${hint ? `: ${hint}` : ''}`;
  return new ConfigError([{pointer: '/linux/cgroupsPath', message}]);
}

function refuseOccupied(directory: string, resident: number | undefined): void {
  const count = processesBelow(directory).filter((pid) => pid !== resident).length;
  if (count > 0) throw new RuntsError(`container's cgroup is not empty: ${count} process(es) found in ${directory}`);
}

function refuseThreaded(directory: string): void {
  const type = readControl(`${directory}/cgroup.type`);
  if (type === undefined || !/threaded|invalid/.test(type)) return;
  const message = `cgroup ${directory} would be "${type}": a cgroup above is threaded and can hold no processes of its own`;
  throw new ConfigError([{pointer: '/linux/cgroupsPath', message}]);
}

function discard(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // The error that made us roll back is the one to report.
  }
}
