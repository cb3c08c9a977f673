// Takes a container's cgroup away, with all that the container made below it.
import {rmdirSync} from 'node:fs';
import {errnoText, hasCode, isSyscallError, RuntsError} from '../errors.ts';
import {sleep} from './control.ts';
import {eachChild, processes, processesBelow} from './processes.ts';
import {type CgroupRecord, directoriesOf, mainDirectory} from './record.ts';

/** A killed process stays in its cgroup until it has ended, and v1 reports the end a little early. 1 ms, then doubled
 * each time: one second in all. */
const ATTEMPTS = 10;

/** Removes the cgroup and what is below it, then the directories above that are runts's own and empty. Absent is fine.
 * Throws RuntsError when processes are still in it after a second. */
export function removeCgroup(record: CgroupRecord): void {
  let first: unknown;
  for (const directory of directoriesOf(record)) {
    try {
      // Who held the first one longer than the time allows holds the others as well.
      removeTree(directory, first === undefined ? ATTEMPTS : 1);
    } catch (error) {
      first ??= error;
    }
  }
  removeEmptyAncestors(record);
  if (first !== undefined) throw first;
}

/** Waits for killed processes to leave the cgroup. Throws RuntsError when some are still in it after a second. */
export function awaitEmpty(record: CgroupRecord): void {
  for (let attempt = 0, pause = 1; ; attempt++, pause *= 2) {
    const pids = processes(record);
    if (pids.length === 0) return;
    if (attempt >= ATTEMPTS) throw new RuntsError(`cgroup ${mainDirectory(record)}: ${residents(pids)}`);
    sleep(pause);
  }
}

/** Containers that are made and removed at the same time share these: not empty is fine, and so is gone. */
export function removeEmptyAncestors({ancestors}: CgroupRecord): void {
  for (const directory of ancestors) {
    try {
      rmdirSync(directory);
    } catch (error) {
      if (!isSyscallError(error)) throw error;
    }
  }
}

function removeTree(directory: string, attempts: number): void {
  for (let attempt = 0, pause = 1; ; attempt++, pause *= 2) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return;
      if (!hasCode(error, 'EBUSY', 'ENOTEMPTY')) throw notRemoved(directory, error);
      let hadChildren = false;
      eachChild(directory, (child) => {
        removeTree(child, attempts);
        hadChildren = true;
      });
      if (hadChildren && attempt < attempts) continue;
      if (attempt >= attempts) throw notRemoved(directory, error);
    }
    sleep(pause);
  }
}

function notRemoved(directory: string, error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  const pids = processesBelow(directory);
  const why = pids.length > 0 ? `: ${residents(pids)}` : '';
  return new RuntsError(`remove cgroup ${directory}: ${errnoText(error.errno)}${why}`);
}

function residents(pids: readonly number[]): string {
  return `${pids.length} process(es) are in it (${pids.slice(0, 10).join(', ')})`;
}
