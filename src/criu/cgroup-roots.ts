// Where restored processes go in each hierarchy of cgroups: those that runts manages, to the container's new cgroup; in the
// others they stay with the runtime. criu puts what the container has made below its old cgroup below the new one.
import {posix} from 'node:path';

import type {CgroupLayout} from '../cgroups/layout.ts';
import type {CgroupRecord} from '../cgroups/record.ts';

interface CgroupRoot {
  /** Empty: cgroup v2. */
  readonly ctrl: string;
  readonly path: string;
}

/** `selfCgroup`: the text of /proc/self/cgroup. */
export function cgroupRoots(record: CgroupRecord, layout: CgroupLayout, selfCgroup: string): CgroupRoot[] {
  return selfCgroup.split('\n').flatMap((line) => {
    const [, names, own] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names === undefined || own === undefined) return [];
    const path = managedPath(record, layout, names.split(',')) ?? own;
    // criu knows controllers that are mounted together by one name; other tools name each.
    return [...new Set([names, ...names.split(',')])].map((ctrl) => ({ctrl, path}));
  });
}

function managedPath({paths}: CgroupRecord, layout: CgroupLayout, names: readonly string[]): string | undefined {
  const unified = names[0] === '';
  const directory = unified ? paths['unified'] : names.map((name) => paths[name]).find((path) => path !== undefined);
  const mountPoint = unified
    ? layout.unified?.mountPoint
    : layout.hierarchies.find(({controllers}) => controllers.includes(names[0] ?? ''))?.mountPoint;
  if (directory === undefined || mountPoint === undefined) return undefined;
  return posix.join('/', posix.relative(mountPoint, directory));
}
