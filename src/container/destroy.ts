// The end of a container: its processes, its cgroup, its state, then its poststop hooks. Every part may be gone already,
// so that it can be done again after it failed, or was killed, half-way.
import {isFrozen, killAll, processes, removeCgroup, thaw} from '../cgroups/index.ts';
import {endScope, SilenceError} from '../cgroups/systemd/index.ts';
import type {Context} from '../context.ts';
import {hasCode, messageOf, RuntsError} from '../errors.ts';
import {detachMounts} from '../host/mounts.ts';
import type {Native} from '../native.ts';
import {openProcess} from '../state/process.ts';
import type {ContainerRecord} from '../state/record.ts';
import {type LockedDirectory, removeDirectory} from '../state/store.ts';
import {closeQuietly} from './descriptors.ts';
import {runPoststopHooks} from './hooks.ts';
import {DEATH_DEADLINE_MS} from './init-process.ts';
import {removeRdtGroups} from './intel-rdt.ts';

const SIGKILL = 9;

type DestroyContext = Pick<Context, 'native' | 'log' | 'env' | 'libexec'>;

/** Destroys a container, whatever state it is in. The caller holds its lock. `leftovers`: also ends processes that are in
 * its cgroup without its first process; `force`: does not fail when systemd cannot be reached. */
export function destroy(
  ctx: DestroyContext,
  directory: LockedDirectory,
  record: ContainerRecord,
  options: {readonly leftovers: boolean; readonly force?: boolean},
): void {
  endFirstProcess(ctx.native, record);
  if (options.leftovers || record.sharesPidNamespace) endMembers(ctx.native, record);
  removeContainerCgroup(ctx, record, options.force === true);
  detachRootfs(ctx.native, record);
  if (record.intelRdt !== undefined) removeRdtGroups(record.intelRdt);
  removeDirectory(directory);
  runPoststopHooks(ctx, record.hooks.poststop, record);
}

/** Of a container without a mount namespace: what lies on its rootfs, or in it. */
export function detachRootfs(
  native: Pick<Native, 'detachMount'>,
  {rootfs, mountsBelow}: Pick<ContainerRecord, 'rootfs' | 'mountsBelow'>,
): void {
  if (mountsBelow !== undefined) detachMounts(native, rootfs, mountsBelow);
}

function removeContainerCgroup(ctx: DestroyContext, {cgroup}: ContainerRecord, force: boolean): void {
  try {
    if (cgroup.systemd === undefined) removeCgroup(cgroup);
    else endScope(ctx.libexec, cgroup);
  } catch (error) {
    if (force && cgroup.systemd !== undefined && error instanceof SilenceError) {
      ctx.log.warn(`${error.message}: leaving ${cgroup.systemd.unit} to it, which ends without processes`);
      return;
    }
    throw new RuntsError(`unable to remove container's cgroup: ${messageOf(error)}`, {cause: error});
  }
}

function endFirstProcess(native: Native, {init, cgroup}: ContainerRecord): void {
  const pidfd = init === undefined ? undefined : openProcess(native, init);
  if (pidfd === undefined) return;
  try {
    if (!native.pidfdWait(pidfd, 0)) {
      native.pidfdSendSignal(pidfd, SIGKILL);
      if (isFrozen(cgroup)) thaw(cgroup);
      if (!native.pidfdWait(pidfd, DEATH_DEADLINE_MS)) {
        throw new RuntsError('container init still running');
      }
    }
    reapIfOurs(native, pidfd);
  } finally {
    closeQuietly(pidfd);
  }
}

/** A library user who created the container in this process has it as a child. */
function reapIfOurs(native: Native, pidfd: number): void {
  try {
    native.reap(pidfd);
  } catch (error) {
    if (!hasCode(error, 'ECHILD', 'ESRCH')) throw error;
  }
}

/** Kills all processes of the container's cgroup. */
export function endMembers(native: Native, {cgroup}: Pick<ContainerRecord, 'cgroup'>): void {
  if (processes(cgroup).length === 0) return;
  killAll(cgroup, SIGKILL, native);
  if (isFrozen(cgroup)) thaw(cgroup);
}
