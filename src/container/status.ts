// The status of a container is looked at, not remembered: its first process, its cgroup and its gate tell.
import {isFrozen} from '../cgroups/index.ts';
import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';
import type {Status} from '../generated/config.ts';
import {isAlive} from '../state/process.ts';
import type {ContainerRecord} from '../state/record.ts';
import {DOES_NOT_EXIST, directoryOf, isBusy, readRecord, readRecordIfAny} from '../state/store.ts';
import {isGateClosed} from './gate.ts';

export interface ContainerView {
  readonly record: ContainerRecord;
  readonly status: Status;
}

/** A container as it is now. Throws `container does not exist`. */
export function viewContainer(ctx: Pick<Context, 'root' | 'native'>, id: string): ContainerView {
  const view = viewIfAny(ctx, id);
  if (view === undefined) throw new RuntsError(DOES_NOT_EXIST);
  return view;
}

/** As viewContainer, but undefined when there is none, or one that is just being made. */
export function viewIfAny(ctx: Pick<Context, 'root' | 'native'>, id: string): ContainerView | undefined {
  const record = readRecordIfAny(ctx, id);
  if (record === undefined) return undefined;
  // A `creating` record that nobody works on is what a killed `create` has left: that is shown, so that it is deleted.
  if (record.status === 'creating' && isBusy(ctx, id)) return undefined;
  return {record, status: statusOf(ctx, record)};
}

/** As viewContainer, for the holder of the lock. */
export function viewLocked(ctx: Pick<Context, 'root'>, id: string): ContainerView {
  const record = readRecord(ctx, id);
  return {record, status: statusOf(ctx, record)};
}

export function statusOf(ctx: Pick<Context, 'root'>, record: ContainerRecord): Status {
  if (record.init === undefined || !isAlive(record.init)) return 'stopped';
  if (isFrozen(record.cgroup)) return 'paused';
  if (record.status === 'creating') return 'creating';
  return isGateClosed(directoryOf(ctx, record.id)) ? 'created' : 'running';
}
