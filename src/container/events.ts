// What a container uses, and when it runs out of memory, as lines of JSON.
import {type CgroupRecord, directoriesOf, howToGetCgroup, readStats, type Stats} from '../cgroups/index.ts';
import {watchOom} from '../cgroups/oom-events.ts';
import {monotonicMs} from '../clock.ts';
import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';
import {isAlive, type ProcessIdentity} from '../state/process.ts';
import {viewContainer} from './status.ts';

export type ContainerEvent =
  | {readonly type: 'stats'; readonly id: string; readonly data: Stats}
  | {readonly type: 'oom'; readonly id: string};

/** How often it is looked whether the container has ended, in milliseconds. */
const LOOK_EVERY = 200;

/** What the container has used so far. Throws RuntsError when it is not running. */
export function stats(ctx: Context, id: string): ContainerEvent {
  return statsOf(id, findRunning(ctx, id).cgroup);
}

/** Tells of the container's use of resources each `intervalMs` milliseconds, and of every time it runs out of memory. Ends with the
 * container. */
export async function followEvents(
  ctx: Context,
  id: string,
  intervalMs: number,
  tell: (event: ContainerEvent) => void,
): Promise<void> {
  const {cgroup, init} = findRunning(ctx, id);
  const unwatch = watchOom(cgroup, ctx.native, () => tell({type: 'oom', id}));
  try {
    let due = monotonicMs() + intervalMs;
    for (;;) {
      await sleep(Math.max(0, Math.min(due - monotonicMs(), LOOK_EVERY)));
      if (!isAlive(init)) return;
      if (monotonicMs() < due) continue;
      tell(statsOf(id, cgroup));
      due += intervalMs;
    }
  } finally {
    unwatch();
  }
}

function findRunning(ctx: Context, id: string): {cgroup: CgroupRecord; init: ProcessIdentity} {
  const {record, status} = viewContainer(ctx, id);
  if (status === 'stopped' || record.init === undefined) {
    throw new RuntsError(`container with id ${id} is not running`);
  }
  if (directoriesOf(record.cgroup).length === 0) {
    throw new RuntsError(
      `the container has no cgroup, so nothing is counted: ${howToGetCgroup(record.cgroup.version)}`,
    );
  }
  return {cgroup: record.cgroup, init: record.init};
}

const statsOf = (id: string, cgroup: CgroupRecord): ContainerEvent => ({type: 'stats', id, data: readStats(cgroup)});

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
