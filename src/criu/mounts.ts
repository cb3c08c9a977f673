// What of a container's mounts comes from outside: criu saves everything else itself, and is told of these by pairs of
// key and value. With a dump the key is the mount point and the value a name, with a restore the key is that name and the
// value what to mount. Names are as runc has them: the mount point itself, /dev/null for all masked files.
import {lstatSync, readlinkSync, realpathSync} from 'node:fs';
import {basename, posix} from 'node:path';

import {type CgroupLayout, unescapeOctal} from '../cgroups/layout.ts';
import type {CgroupRecord} from '../cgroups/record.ts';
import {namespaceOf} from '../config/rules/rule.ts';
import {ConfigError, hasCode} from '../errors.ts';
import type {Config} from '../generated/config.ts';
import {defaultDevicePaths} from '../plan/devices.ts';
import {parseMountOptions} from '../plan/mount-options.ts';
import {NOTIFY_TARGET} from '../plan/notify.ts';
import {containerPath} from '../plan/paths.ts';

export interface MountPoint {
  readonly id: number;
  /** Which part of its filesystem is mounted. */
  readonly root: string;
  readonly path: string;
}

export interface ExternalMount {
  /** In the container, free of symlinks. */
  readonly target: string;
  /** On the host. */
  readonly source: string;
}

export interface MountFacts {
  readonly config: Config;
  /** Absolute. */
  readonly bundle: string;
  readonly rootfs: string;
  readonly cgroup: CgroupRecord;
  readonly layout: CgroupLayout;
  /** Mount points of the host. */
  readonly host: readonly MountPoint[];
  /** The host's side of /run/notify. */
  readonly notifyDirectory: string;
}

/** The mounts of a text as of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export function parseMountPoints(text: string): MountPoint[] {
  return text.split('\n').flatMap((line) => {
    const [id, , , root, path] = line.split(' ');
    if (root === undefined || path === undefined) return [];
    return [{id: Number(id), root: unescapeOctal(root), path: unescapeOctal(path)}];
  });
}

/** Everything that may be mounted from outside. Throws ConfigError on what criu could not bring back as it was. */
export function externalMounts(facts: MountFacts): ExternalMount[] {
  const {config, rootfs, notifyDirectory} = facts;
  const devices = [...defaultDevicePaths, ...(config.linux?.devices ?? []).map(({path}) => path)];
  return [
    ...bindMounts(facts),
    ...cgroupMounts(facts),
    ...devices.map((path) => ({target: resolveInRoot(rootfs, path), source: path})),
    {target: NOTIFY_TARGET, source: notifyDirectory},
  ];
}

function bindMounts({config, bundle, rootfs, host}: MountFacts): ExternalMount[] {
  return (config.mounts ?? []).flatMap((mount, index) => {
    const options = parseMountOptions(mount.options ?? []);
    if (options.idmap !== undefined || mount.uidMappings !== undefined) refuseIdmapped(index);
    if (options.remount || !(options.bind || mount.type === 'bind')) return [];
    const source = posix.resolve(bundle, mount.source ?? '');
    const target = resolveInRoot(rootfs, mount.destination);
    const below = options.recursive ? mountsBelow(realPath(source), host) : [];
    return [{target, source}, ...below.map((path) => ({target: posix.join(target, path), source: source + path}))];
  });
}

function refuseIdmapped(index: number): never {
  const message = 'criu does not restore an idmapped mount as one';
  throw new ConfigError([{pointer: `/mounts/${index}`, message}]);
}

/** Mount points below a directory, as paths from there that begin with a slash. */
function mountsBelow(directory: string, host: readonly MountPoint[]): string[] {
  const prefix = directory === '/' ? '' : directory;
  const below = host.filter(({path}) => path.startsWith(`${prefix}/`)).map(({path}) => path.slice(prefix.length));
  return [...new Set(below)];
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    // Whoever mounts it says so.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return path;
    throw error;
  }
}

/** On v1 a container without a cgroup namespace has its own cgroup of each hierarchy bound (plan/cgroup-mount.ts). */
function cgroupMounts({config, rootfs, layout, cgroup}: MountFacts): ExternalMount[] {
  if (layout.mode === 'v2' || namespaceOf(config, 'cgroup') !== 'none') return [];
  const mounts = (config.mounts ?? []).filter(({type}) => type === 'cgroup');
  return mounts.flatMap(({destination}) =>
    layout.hierarchies.flatMap(({controllers, mountPoint}) => {
      const source = controllers.map((name) => cgroup.paths[name]).find((path) => path !== undefined);
      const target = posix.join(resolveInRoot(rootfs, destination), basename(mountPoint));
      return source === undefined ? [] : [{target, source}];
    }),
  );
}

const MAX_LINKS = 40;

/** Where a path of the container leads in its root filesystem, as a path of the container: no symlink leads out of it. */
export function resolveInRoot(rootfs: string, path: string): string {
  const rest = containerPath(path).split('/').filter(Boolean);
  let at = '/';
  for (let links = 0; rest.length > 0; ) {
    const name = rest.shift() as string;
    const next = name === '..' ? posix.dirname(at) : posix.join(at, name);
    const target = linkTarget(posix.join(rootfs, next));
    if (target === undefined || ++links > MAX_LINKS) {
      at = next;
      continue;
    }
    if (target.startsWith('/')) at = '/';
    rest.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
  }
  return at;
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOTDIR', 'EACCES', 'ENAMETOOLONG', 'ELOOP')) return undefined;
    throw error;
  }
}

type Pairs = readonly {readonly key: string; readonly val: string}[];

const NULL = '/dev/null';

/** For a dump; `container`: the mounts that are there. */
export function dumpedMounts(facts: MountFacts, container: readonly MountPoint[]): Pairs {
  const present = new Map(container.map(({path, root}) => [path, root]));
  const masked = (facts.config.linux?.maskedPaths ?? [])
    .map(containerPath)
    .filter((path) => present.get(path)?.endsWith('/null') === true);
  const outside = externalMounts(facts).filter(({target}) => present.has(target));
  return [...outside.map(({target}) => ({key: target, val: target})), ...masked.map((key) => ({key, val: NULL}))];
}

/** For a restore. */
export function restoredMounts(facts: MountFacts): Pairs {
  return [...externalMounts(facts).map(({target, source}) => ({key: target, val: source})), {key: NULL, val: NULL}];
}
