import type {Context} from '../context.ts';
import {messageOf} from '../errors.ts';
import type {ExitStatus} from '../native.ts';
import {readRecordIfAny, release, tryLockContainer} from '../state/store.ts';
import {closeQuietly} from './descriptors.ts';
import {destroy} from './destroy.ts';
import {letGo} from './init-process.ts';
import {type CreateOptions, type Launched, launch} from './launch.ts';
import {awaitReadiness} from './notify.ts';
import {runPoststart} from './start.ts';

export interface RunOptions extends CreateOptions {
  /** Return once the user's program runs. */
  readonly detach?: boolean;
  /** Leave the container there after its end. */
  readonly keep?: boolean;
  /** Do not adopt the container's orphans. */
  readonly noSubreaper?: boolean;
}

/** Creates and starts a container; in the foreground it then waits for its end and deletes it. Returns the program's
 * exit code, or 128 + the signal that ended it; 0 when detached. Throws after having undone everything. */
export function run(ctx: Context, id: string, options: RunOptions): number {
  const detached = options.detach === true;
  if (!detached) {
    // Signals that come from here on are for the container, also while it is not there yet.
    ctx.native.holdSignals();
    if (options.noSubreaper !== true) ctx.native.setSubreaper(true);
  }
  const launched = launch(ctx, id, options, {detached, gated: false});
  try {
    afterLaunch(ctx, launched);
    if (detached) {
      if (launched.notify !== undefined) awaitReadiness(ctx, launched.notify, launched.record);
      return 0;
    }
    const status = supervise(ctx, launched);
    if (options.keep !== true) clean(ctx, launched);
    return exitCodeOf(status);
  } finally {
    letGo(launched.init);
    if (launched.master >= 0) closeQuietly(launched.master);
  }
}

/** The lock goes before the wait: `kill`, `delete` and others get their turn while the container runs. */
function afterLaunch(ctx: Context, {directory, record}: Launched): void {
  try {
    runPoststart(ctx, directory, record);
  } finally {
    release(directory);
  }
}

function supervise({native, stdin, stdout, stderr}: Context, launched: Launched): ExitStatus {
  const {init, master, pipes, notify} = launched;
  const {pid, pidfd} = init;
  const stdio = [stdin, stdout, stderr] as const;
  return native.supervise({pidfd, pid, master, pipes, stdio, ...(notify === undefined ? {} : {notify})});
}

/** What is left of the container once its program has ended. The exit code is what the caller has waited for: a failure
 * in here is a warning. */
function clean(ctx: Context, {record}: Launched): void {
  try {
    const directory = tryLockContainer(ctx, record.id);
    if (directory === undefined) return;
    try {
      // Someone may have deleted it, and even made another one of that name.
      if (readRecordIfAny(ctx, record.id)?.init?.startTime !== record.init?.startTime) return;
      destroy(ctx, directory, record, {leftovers: true});
    } finally {
      release(directory);
    }
  } catch (error) {
    ctx.log.warn(`cannot delete container ${record.id}: ${messageOf(error)}, ignoring`);
  }
}

/** As shells have it. */
export function exitCodeOf({code, signal}: ExitStatus): number {
  return code ?? 128 + (signal ?? 0);
}
