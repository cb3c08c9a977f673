// Stopping all processes of a container, and letting them go on. The status `paused` is not on record: the cgroup tells.
import {freeze, isFrozen, thaw} from '../cgroups/index.ts';
import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';
import {withContainer} from '../state/store.ts';
import {viewLocked} from './status.ts';

/** Freezes a created or running container; returns when every process has stopped. */
export function pause(ctx: Context, id: string): void {
  withContainer(ctx, id, () => {
    const {record, status} = viewLocked(ctx, id);
    if (status !== 'created' && status !== 'running') throw new RuntsError('container not running');
    freeze(record.cgroup);
  });
}

/** Thaws a paused container: it is then as it was before. */
export function resume(ctx: Context, id: string): void {
  withContainer(ctx, id, () => {
    const {record, status} = viewLocked(ctx, id);
    if (status !== 'paused') throw new RuntsError('container not paused');
    thaw(record.cgroup);
    if (isFrozen(record.cgroup))
      throw new RuntsError('container is still paused: a cgroup above its own is frozen, too');
  });
}
