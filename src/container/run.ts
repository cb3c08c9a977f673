import type {Context} from '../context.ts';
import {release} from '../state/store.ts';
import {type Foreground, leave, stay} from './foreground.ts';
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
  const foreground = beginRun(ctx, id, options);
  return foreground === undefined ? 0 : stay(ctx, foreground);
}

/** As run(), but returns when the program runs: what is left to do is in the foreground; nothing when detached. */
export function beginRun(ctx: Context, id: string, options: RunOptions): Foreground | undefined {
  const detached = options.detach === true;
  if (!detached) {
    // Signals that come from here on are for the container, also while it is not there yet.
    ctx.native.holdSignals();
    if (options.noSubreaper !== true) ctx.native.setSubreaper(true);
  }
  const launched = launch(ctx, id, options, {detached, gated: false});
  const foreground = foregroundOf(launched, options);
  let begun = false;
  try {
    afterLaunch(ctx, launched);
    if (detached && launched.notify !== undefined) awaitReadiness(ctx, launched.notify, launched.record);
    begun = !detached;
    return begun ? foreground : undefined;
  } finally {
    if (!begun) leave(foreground);
  }
}

/** What is left to do with a container that nobody is to leave alone. */
export function foregroundOf(
  {record, init, master, pipes, notify}: Launched,
  {keep}: Pick<RunOptions, 'keep'>,
): Foreground {
  const removal = {id: record.id, startTime: record.init?.startTime ?? 0};
  return {process: init, master, pipes, notify, ...(keep === true ? {} : {removal})};
}

/** The lock goes before the wait: `kill`, `delete` and others get their turn while the container runs. */
function afterLaunch(ctx: Context, {directory, record}: Launched): void {
  try {
    runPoststart(ctx, directory, record);
  } finally {
    release(directory);
  }
}
