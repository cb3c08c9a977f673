// Paths: inside the container, beside the bundle, and those that are taken away from the container.
import {posix} from 'node:path';
import type {PlanInput} from './input.ts';
import {mountLabel} from './mount-label.ts';
import type {Step} from './operations.ts';

/** A path of the container without ".", "..", doubled or trailing slashes; a relative one is taken from "/". */
export function containerPath(path: string): string {
  const clean = posix.normalize(`/${path}`);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

/** True when `path` is `directory` or below it; both as of containerPath. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`);
}

/** linux.readonlyPaths, then linux.maskedPaths: a masked one stays masked when it is in both. */
export function restrictedPathSteps(input: PlanInput): Step[] {
  const {linux} = input.config;
  const label = mountLabel(input);
  const readonly = (linux?.readonlyPaths ?? []).map((path, index): Step => {
    const at = `/linux/readonlyPaths/${index}`;
    // What is mounted over the root is below nobody's root directory: the root's own mount has to change.
    return containerPath(path) === '/' ? {op: 'remountReadonly', at, target: '/'} : {op: 'readonlyPath', at, path};
  });
  const masked = (linux?.maskedPaths ?? []).map(
    (path, index): Step => ({op: 'maskPath', at: `/linux/maskedPaths/${index}`, path, label}),
  );
  return [...readonly, ...masked];
}
