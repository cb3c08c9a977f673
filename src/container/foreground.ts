// A program in the foreground: whoever has started it stays with it until it ends, and then removes its container.
import type {Context} from '../context.ts';
import {messageOf} from '../errors.ts';
import type {ExitStatus} from '../native.ts';
import {readRecordIfAny, release, tryLockContainer} from '../state/store.ts';
import {closeQuietly} from './descriptors.ts';
import {destroy} from './destroy.ts';
import {type InitProcess, letGo} from './init-process.ts';
import type {Notify} from './notify.ts';

export interface Foreground {
  readonly process: InitProcess;
  /** Master side of its terminal, or -1. */
  readonly master: number;
  /** Our ends of its stdin, stdout and stderr, or none. */
  readonly pipes: readonly number[];
  /** Of a `run` with someone to tell when the program is ready. */
  readonly notify?: Notify | undefined;
  /** The container to remove afterwards. */
  readonly removal?: Removal;
}

/** A container that is removed only if its first process is still the one that began at that time. */
export interface Removal {
  readonly id: string;
  readonly startTime: number;
}

/** Supervises the program to its end. Returns its exit code, or 128 + the signal that ended it. */
export function stay(ctx: Context, foreground: Foreground): number {
  try {
    const status = supervise(ctx, foreground);
    if (foreground.removal !== undefined) removeAfterEnd(ctx, foreground.removal);
    return exitCodeOf(status);
  } finally {
    leave(foreground);
  }
}

/** Closes what we hold of it; the program goes on. */
export function leave({process, master}: Foreground): void {
  letGo(process);
  if (master >= 0) closeQuietly(master);
}

function supervise({native, stdin, stdout, stderr}: Context, {process, master, pipes, notify}: Foreground): ExitStatus {
  const {pid, pidfd} = process;
  const stdio = [stdin, stdout, stderr] as const;
  return native.supervise({pidfd, pid, master, pipes, stdio, ...(notify === undefined ? {} : {notify})});
}

/** Removes what is left of a container once its program has ended. The exit code is what the caller has waited for: a
 * failure in here is a warning. */
export function removeAfterEnd(ctx: Context, removal: Removal): void {
  try {
    removeUnlessReplaced(ctx, removal);
  } catch (error) {
    ctx.log.warn(`cannot delete container ${removal.id}: ${messageOf(error)}, ignoring`);
  }
}

/** Removes a container, unless someone has deleted it, and perhaps even made another one of that name. */
export function removeUnlessReplaced(ctx: Context, {id, startTime}: Removal): void {
  const directory = tryLockContainer(ctx, id);
  if (directory === undefined) return;
  try {
    const record = readRecordIfAny(ctx, id);
    if (record?.init?.startTime === startTime) destroy(ctx, directory, record, {leftovers: true});
  } finally {
    release(directory);
  }
}

/** As shells have it. */
export function exitCodeOf({code, signal}: ExitStatus): number {
  return code ?? 128 + (signal ?? 0);
}
