import type {Context} from '../context.ts';
import {hasCode, RuntsError} from '../errors.ts';
import {openProcess} from '../state/process.ts';
import {BrokenRecordError, type ContainerRecord} from '../state/record.ts';
import {
  DOES_NOT_EXIST,
  isBusy,
  type LockedDirectory,
  readRecordIfAny,
  release,
  removeDirectory,
  tryLockContainer,
} from '../state/store.ts';
import {closeQuietly} from './descriptors.ts';
import {destroy} from './destroy.ts';
import {statusOf} from './status.ts';

const SIGKILL = 9;

export interface RemoveOptions {
  /** Kill the container if it runs; one that does not exist is no error. */
  readonly force?: boolean;
}

/** Deletes a container that is stopped, or was created and never started, with all that it holds. */
export function remove(ctx: Context, id: string, options: RemoveOptions = {}): void {
  const force = options.force === true;
  if (force) interrupt(ctx, id);
  const directory = tryLockContainer(ctx, id);
  try {
    if (directory !== undefined && removeLocked(ctx, directory, force)) return;
  } finally {
    if (directory !== undefined) release(directory);
  }
  if (!force) throw new RuntsError(DOES_NOT_EXIST);
}

/** False when there was no container, but at most a directory that a killed `create` or `delete` has left. */
function removeLocked(ctx: Context, directory: LockedDirectory, force: boolean): boolean {
  const record = readForRemoval(ctx, directory.id, force);
  if (record === undefined) {
    removeDirectory(directory);
    return false;
  }
  const status = statusOf(ctx, record);
  if (!force && (status === 'running' || status === 'paused')) {
    throw new RuntsError(`cannot delete container ${directory.id} that is not stopped: ${status}`);
  }
  // Once its first process has ended, what is in the cgroup may be another container's, if it was given the same.
  destroy(ctx, directory, record, {leftovers: status !== 'stopped' || record.status === 'creating', force});
  return true;
}

/** A damaged record tells nothing of processes and cgroups; with --force at least the id becomes free again. */
function readForRemoval(ctx: Context, id: string, force: boolean): ContainerRecord | undefined {
  try {
    return readRecordIfAny(ctx, id);
  } catch (error) {
    if (!force || !(error instanceof BrokenRecordError)) throw error;
    ctx.log.warn(`${error.message}: removing the directory only; processes and cgroups of ${id} may be left`);
    return undefined;
  }
}

/** Has a `create` or `start` of this id that is under way fail at once, rather than wait for it and its hooks. */
function interrupt(ctx: Context, id: string): void {
  const init = initOf(ctx, id);
  const pidfd = init === undefined || !isBusy(ctx, id) ? undefined : openProcess(ctx.native, init);
  if (pidfd === undefined) return;
  try {
    ctx.native.pidfdSendSignal(pidfd, SIGKILL);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  } finally {
    closeQuietly(pidfd);
  }
}

function initOf(ctx: Context, id: string): ContainerRecord['init'] {
  try {
    return readRecordIfAny(ctx, id)?.init;
  } catch (error) {
    // It is read again, and complained about, once it is locked.
    if (error instanceof RuntsError && !(error instanceof BrokenRecordError)) throw error;
    return undefined;
  }
}
