// Namespaces that the config names by path: opened here, in the runtime's own namespaces, and joined by runts-init.
import {constants, fstatSync, openSync, type Stats, statSync, readlinkSync} from 'node:fs';

import type {Context} from '../context.ts';
import {ConfigError, errnoText, hasCode, isSyscallError, RuntsError} from '../errors.ts';
import type {Config, NamespaceType} from '../generated/config.ts';
import {CLONE_NEW} from '../plan/constants.ts';
import type {Descriptors} from './descriptors.ts';

/** Opens every namespace that has a path, and checks that each is of its kind. Keys are the spec's names. */
export function openNamespaces(
  native: Pick<Context['native'], 'namespaceType'>,
  config: Config,
  descriptors: Descriptors,
): ReadonlyMap<string, number> {
  const opened = new Map<string, number>();
  for (const [index, {type, path}] of (config.linux?.namespaces ?? []).entries()) {
    if (path === undefined || path === '') continue;
    const pointer = `/linux/namespaces/${index}/path`;
    const fd = descriptors.add(openNamespace(path, pointer));
    checkKind(native, fd, type, path, pointer);
    if (type === 'mount') refuseOwnMounts(fd, path, pointer);
    if (type === 'user') refuseOwnUsers(fd, path, pointer);
    opened.set(type, fd);
  }
  return opened;
}

function openNamespace(path: string, pointer: string): number {
  try {
    // Non-blocking: the path may turn out to be a fifo.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw new ConfigError([{pointer, message: `cannot open the namespace ${path}: ${errnoText(error.errno)}`}]);
  }
}

function checkKind(
  native: Pick<Context['native'], 'namespaceType'>,
  fd: number,
  type: NamespaceType,
  path: string,
  pointer: string,
): void {
  let flag: number;
  try {
    flag = native.namespaceType(fd);
  } catch (error) {
    if (!hasCode(error, 'ENOTTY', 'EINVAL')) throw error;
    throw new ConfigError([{pointer, message: `${path} is not a namespace`}]);
  }
  if (flag === CLONE_NEW[type]) return;
  throw new ConfigError([
    {pointer, message: `${path} is a ${kernelName(flag)} namespace, not ${kernelName(CLONE_NEW[type])}`},
  ]);
}

/** The container's root becomes the root of the mount namespace: that of the runtime, or of the host, would be lost. */
function refuseOwnMounts(fd: number, path: string, pointer: string): void {
  const {ino, dev} = fstatSync(fd);
  for (const pid of ['self', '1']) {
    const host = statMounts(pid);
    if (host?.ino !== ino || host.dev !== dev) continue;
    const message = `${path} is the mount namespace of the host: a container needs one of its own`;
    throw new ConfigError([{pointer, message}]);
  }
}

/** setns(2) refuses it with a bare EINVAL. */
function refuseOwnUsers(fd: number, path: string, pointer: string): void {
  const [joined, own] = [fstatSync(fd), statSync('/proc/self/ns/user')];
  if (joined.ino !== own.ino || joined.dev !== own.dev) return;
  const message = `${path} is the user namespace that the runtime is in already: leave out the entry, or its path`;
  throw new ConfigError([{pointer, message}]);
}

function statMounts(pid: string): Stats | undefined {
  try {
    return statSync(`/proc/${pid}/ns/mnt`);
  } catch (error) {
    // A first process with more capabilities than ours does not show its namespaces.
    if (hasCode(error, 'EACCES', 'EPERM', 'ENOENT')) return undefined;
    throw error;
  }
}

const linkName = (type: string): string => ({mount: 'mnt', network: 'net'})[type] ?? type;

/** As /proc/PID/ns and namespaces(7) call it. */
function kernelName(flag: number): string {
  const [name] = Object.entries(CLONE_NEW).find(([, value]) => value === flag) ?? [`0x${flag.toString(16)}`];
  return linkName(name);
}

/** Whether the container's processes live in a pid namespace that outlives its first process. */
export function sharesPidNamespace(config: Config): boolean {
  const own = (config.linux?.namespaces ?? []).find(({type}) => type === 'pid');
  return own === undefined || (own.path !== undefined && own.path !== '');
}

/** CLONE_NEW* of the namespaces of process `pid` that are not ours. Throws what fs throws when there is no such process. */
export function foreignNamespaces(pid: number): number {
  return Object.entries(CLONE_NEW).reduce(
    (flags, [type, flag]) => (isForeign(pid, linkName(type)) ? flags | flag : flags),
    0,
  );
}

function isForeign(pid: number, name: string): boolean {
  let own: string;
  try {
    own = readlinkSync(`/proc/self/ns/${name}`);
  } catch (error) {
    // A kernel without that kind of namespaces.
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
  try {
    return readlinkSync(`/proc/${pid}/ns/${name}`) !== own;
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM')) throw error;
    // What is not the user's program yet can be looked into by the host's root only (CVE-2016-9962).
    const reason = 'this user may not trace its first process; a container of his own must have been started';
    throw new RuntsError(`cannot join the container's namespaces: permission denied: ${reason}`, {cause: error});
  }
}
