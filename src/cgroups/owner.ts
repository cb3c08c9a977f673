// Who owns a container's cgroup on v2: the user of its program, when that can see and change it
// (runtime-spec, config-linux.md#cgroup-ownership). Programs such as systemd then make cgroups of their own below it.
import {chownSync, statSync} from 'node:fs';
import {toHostId} from '../config/id-mappings.ts';
import {errnoText, hasCode, isSyscallError, RuntsError} from '../errors.ts';
import type {Config} from '../generated/config.ts';
import {readControl} from './control.ts';
import type {CgroupRecord} from './record.ts';

/** Gives the cgroup, and the files that the kernel lists as safe for it (/sys/kernel/cgroup/delegate, Linux 4.15), to the host's
 * uid behind process.user.uid, if the container has its own cgroup namespace and a writable mount of it. Throws RuntsError. */
export function delegateCgroup({version, paths, rootless}: CgroupRecord, config: Config): void {
  const {unified} = paths;
  if (version !== 2 || unified === undefined) return;
  const uid = ownerOf(config);
  if (uid === undefined || statSync(unified).uid === uid) return;
  try {
    chownSync(unified, uid, -1);
    for (const file of (readControl('/sys/kernel/cgroup/delegate') ?? '').split('\n')) give(`${unified}/${file}`, uid);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    // A user may not give files away, even to one of its own subordinate ids.
    if (rootless === true && error.code === 'EPERM') return;
    throw new RuntsError(`give cgroup ${unified} to uid ${uid}: ${errnoText(error.errno)}`);
  }
}

/** undefined: the cgroup stays with the caller. */
function ownerOf({linux, mounts = [], process}: Config): number | undefined {
  const namespaces = linux?.namespaces ?? [];
  const isNew = namespaces.some(({type, path}) => type === 'cgroup' && path === undefined);
  if (!isNew || !mounts.some(({type, options}) => type === 'cgroup' && isWritable(options))) return undefined;
  const uid = process.user?.uid ?? 0;
  // The ids of a user namespace that is joined are not ours to know, unless they are given.
  return namespaces.some(({type}) => type === 'user') ? toHostId(linux?.uidMappings ?? [], uid) : uid;
}

/** The last one wins. */
function isWritable(options: readonly string[] = []): boolean {
  return !/^r?ro$/.test(options.findLast((option) => /^r?r[ow]$/.test(option)) ?? 'rw');
}

/** The kernel lists what it knows; a cgroup without the memory controller has fewer files. */
function give(path: string, uid: number): void {
  try {
    chownSync(path, uid, -1);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
