// exec --cgroup: a process that goes into a cgroup below that of its container.
import {posix} from 'node:path';
import {RuntsError} from '../errors.ts';
import {readControl} from './control.ts';
import type {CgroupRecord} from './record.ts';

/** The record with the directories that `choices` name: `PATH`, or `CONTROLLER[,CONTROLLER..]:PATH` on v1, below those of the
 * container. Throws RuntsError on what is no such thing or is not there. */
export function subCgroup(record: CgroupRecord, choices: readonly string[]): CgroupRecord {
  const paths: Record<string, string> = {...record.paths};
  for (const choice of choices) {
    const [controllers, below] = readChoice(choice, choices.length, record);
    for (const controller of controllers) {
      const directory = record.paths[controller];
      if (directory === undefined) throw wrong(choice, `the container has no cgroup of a controller "${controller}"`);
      const inside = enter(choice, directory, below);
      // Controllers that are mounted together are in one hierarchy, where a process is in one place only.
      for (const name of Object.keys(paths)) if (record.paths[name] === directory) paths[name] = inside;
    }
  }
  return {...record, paths};
}

function readChoice(choice: string, count: number, record: CgroupRecord): [controllers: string[], below: string] {
  const [first = '', second, ...rest] = choice.split(':');
  if (rest.length > 0) throw wrong(choice, 'it is a path, or controllers, ":" and a path');
  if (second !== undefined) return [first.split(','), second];
  if (count > 1) throw wrong(choice, 'missing <controller>: prefix, as there are several');
  // Beside the controllers of v1 the v2 hierarchy limits nothing: the process stays in the container's own cgroup there.
  return [Object.keys(record.paths).filter((name) => record.version === 2 || name !== 'unified'), first];
}

function enter(choice: string, directory: string, below: string): string {
  const path = posix.join(directory, below);
  const inside = posix.join(directory, '/');
  if (path !== directory && !path.startsWith(inside)) throw wrong(choice, `${below} is not a sub cgroup path`);
  const clean = path.endsWith('/') ? path.slice(0, -1) : path;
  if (readControl(`${clean}/cgroup.procs`) === undefined) throw wrong(choice, `${clean}: no such file or directory`);
  return clean;
}

const wrong = (choice: string, reason: string): RuntsError =>
  new RuntsError(`invalid --cgroup argument: ${choice}: ${reason}`);
