// Where a container's cgroups are: config + layout -> directories. What is returned goes into the container's state
// before anything is made, so that `delete --force` finds it after a crash at any moment.
import {accessSync, constants, statSync} from 'node:fs';
import {posix} from 'node:path';
import {ConfigError, RuntsError} from '../errors.ts';
import type {CgroupLayout} from './layout.ts';

export interface CgroupRecord {
  readonly version: 1 | 2;
  /** Controller ('memory', 'name=systemd', ...) or 'unified' -> absolute directory. Version 1 has 'unified' too on
   * hybrid hosts; controllers that are mounted together share one directory. Without any entry there is no cgroup. */
  readonly paths: Readonly<Record<string, string>>;
  /** Directories above those, deepest first, that are removed with them if they are empty then: they did not exist, or
   * were made by runts for another container (see ANCESTOR_MODE). */
  readonly ancestors: readonly string[];
  /** What may need privileges of the host's root (device rules) is tried, and left out when it is refused. */
  readonly rootless?: boolean;
  /** The unit that systemd has for it. */
  readonly systemd?: ScopeRecord;
}

/** What ending the unit takes. */
export interface ScopeRecord {
  readonly unit: string;
  readonly slice: string;
  /** D-Bus address of its manager. */
  readonly address: string;
  /** A message bus is what listens there. */
  readonly isBus: boolean;
}

const CGROUPS_PATH = '/linux/cgroupsPath';

/** The sticky bit marks the directories that runts makes above a container's cgroup. Without a mark, of two containers
 * that are made at once below a new parent, neither the first to be deleted (not empty yet) nor the last (did not make
 * it) would remove that parent. */
export const ANCESTOR_MODE = 0o1755;
const STICKY = 0o1000;

/** Finds the directories of a container's cgroup; makes nothing. `cgroupsPath` absolute: from the root of each
 * hierarchy. Relative: below our own cgroup on v1, beside it on v2, where a cgroup with processes can have no children
 * with controllers. Absent or empty: `id`, relative. Never leaves the hierarchy. A rootless caller that named no path
 * goes without the hierarchies that it may not write to. */
export function resolveCgroup(
  layout: CgroupLayout,
  cgroupsPath: string | undefined,
  id: string,
  rootless: boolean,
): CgroupRecord {
  const named = cgroupsPath !== undefined && cgroupsPath !== '';
  const wanted = named ? cgroupsPath : id;
  // As an absolute path, so that leading ".." components have nowhere to go.
  const inner = posix.normalize(`/${wanted}`).replace(/\/$/, '');
  if (inner === '')
    throw new ConfigError([{pointer: CGROUPS_PATH, message: `"${wanted}" is the root of the hierarchy`}]);
  const place = {inner, absolute: wanted.startsWith('/'), optional: rootless && !named};

  const paths: Record<string, string> = {};
  const ancestors: string[] = [];
  const add = (names: readonly string[], mountPoint: string, ownPath: string): void => {
    const directory = posix.join(mountPoint, place.absolute ? '/' : ownPath, inner);
    const above = surveyAncestors(directory, mountPoint);
    if (place.optional && !mayUse(above.existing, names.includes('unified'))) return;
    for (const name of names) paths[name] = directory;
    ancestors.push(...above.ours);
  };
  for (const {controllers, mountPoint, ownPath} of layout.hierarchies) add(controllers, mountPoint, ownPath);
  if (layout.unified !== undefined) {
    const {mountPoint, ownPath} = layout.unified;
    add(['unified'], mountPoint, layout.mode === 'v2' ? posix.dirname(ownPath) : ownPath);
  }
  refuseUnprotected(layout, rootless);
  const record: CgroupRecord = {version: layout.mode === 'v2' ? 2 : 1, paths, ancestors};
  return rootless ? {...record, rootless} : record;
}

/** Every directory of the record, each once. */
export function directoriesOf(record: CgroupRecord): string[] {
  return [...new Set(Object.values(record.paths))];
}

/** The directory whose cgroup.procs stands for the container: all its processes are in there. */
export function mainDirectory(record: CgroupRecord): string | undefined {
  const {paths} = record;
  return record.version === 2 ? paths.unified : (paths.devices ?? paths.freezer ?? Object.values(paths)[0]);
}

/** The directories above one that are runts's to remove, deepest first, and the first one that exists. */
export function surveyAncestors(directory: string, mountPoint: string): {ours: string[]; existing: string} {
  const ours: string[] = [];
  let existing = '';
  for (let above = posix.dirname(directory); above.length > mountPoint.length; above = posix.dirname(above)) {
    const stat = statSync(above, {throwIfNoEntry: false});
    if (stat !== undefined && existing === '') existing = above;
    if (stat !== undefined && (stat.mode & STICKY) === 0) break;
    ours.push(above);
  }
  return {ours, existing: existing === '' ? mountPoint : existing};
}

/** May the caller make a cgroup in `directory`, and, as v2 wants it, move processes from others below it? (On v1 who owns the
 * new cgroup may.) */
function mayUse(directory: string, unified: boolean): boolean {
  return isWritable(directory) && (!unified || isWritable(`${directory}/cgroup.procs`));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

// Without the device controller a container with CAP_MKNOD has all of the host's disks.
function refuseUnprotected(layout: CgroupLayout, rootless: boolean): void {
  if (rootless || layout.mode === 'v2') return;
  if (layout.hierarchies.some(({controllers}) => controllers.includes('devices'))) return;
  throw new RuntsError(
    layout.hierarchies.length === 0
      ? 'no cgroup filesystem is mounted: mount cgroup2 on /sys/fs/cgroup'
      : 'the cgroup v1 controller "devices" is not mounted: without it a container could reach every device of the host',
  );
}
