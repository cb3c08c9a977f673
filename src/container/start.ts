import type {Context} from '../context.ts';
import {messageOf, RuntsError} from '../errors.ts';
import type {Status} from '../generated/config.ts';
import {openProcess} from '../state/process.ts';
import type {ContainerRecord} from '../state/record.ts';
import {type LockedDirectory, withContainer} from '../state/store.ts';
import {closeQuietly} from './descriptors.ts';
import {destroy} from './destroy.ts';
import {openGate, removeGate} from './gate.ts';
import {awaitEnd} from './handshake.ts';
import {runHooks, stateForHooks} from './hooks.ts';
import {DEATH_DEADLINE_MS} from './init-process.ts';
import {awaitReadiness, listenForReadiness} from './notify.ts';
import {patienceWith} from './patience.ts';
import {viewLocked} from './status.ts';

/** Why a container of that status cannot be started, in runc's words. */
const refusals: Readonly<Record<Exclude<Status, 'created'>, string>> = {
  creating: 'cannot start a container whose creation was interrupted; delete --force removes it',
  running: 'cannot start an already running container',
  paused: 'cannot start a container in the paused state',
  stopped: 'cannot start a container that has stopped',
};

/** Has the user's program run in a created container. With a NOTIFY_SOCKET it also waits until the program is ready. When it cannot be executed that is thrown, and the container is
 * stopped. When a poststart hook fails, that is thrown, and the container is gone. */
export function start(ctx: Context, id: string): void {
  const started = withContainer(ctx, id, (directory) => {
    const {record, status} = viewLocked(ctx, id);
    if (status !== 'created') throw new RuntsError(refusals[status]);
    const notify = listenForReadiness(ctx, directory.path);
    try {
      passGate(ctx, directory, record);
      runPoststart(ctx, directory, record);
    } catch (error) {
      if (notify !== undefined) closeQuietly(notify.listener);
      throw error;
    }
    return {record, notify};
  });
  if (started.notify !== undefined) awaitReadiness(ctx, started.notify, started.record);
}

function passGate(ctx: Context, directory: LockedDirectory, record: ContainerRecord): void {
  const channel = openGate(directory.path);
  // It has ended since we looked.
  if (channel === undefined) throw new RuntsError(refusals.stopped);
  const {index, steps} = record.afterGate;
  const hooks = steps.filter(({op}) => op === 'hook').map(({timeoutMs = 0}) => ({timeout: timeoutMs / 1000}));
  try {
    awaitEnd(ctx, {channel, lookup: (step) => steps[step - index], patience: patienceWith(hooks)});
  } catch (error) {
    // It ends by itself after its last words; who looks next shall not find it running.
    awaitDeath(ctx, record);
    throw error;
  } finally {
    closeQuietly(channel);
    removeGate(directory.path);
  }
}

function awaitDeath({native}: Context, {init}: ContainerRecord): void {
  const pidfd = init === undefined ? undefined : openProcess(native, init);
  if (pidfd === undefined) return;
  native.pidfdWait(pidfd, DEATH_DEADLINE_MS);
  closeQuietly(pidfd);
}

/** Runtime specification 1.3, runtime.md#lifecycle, step 9: a failing poststart hook ends the container. */
export function runPoststart(ctx: Context, directory: LockedDirectory, record: ContainerRecord): void {
  const {bundle, hooks, init} = record;
  try {
    runHooks(ctx, 'poststart', hooks.poststart, bundle, stateForHooks(record, 'running', init?.pid ?? 0));
  } catch (error) {
    destroyAfter(ctx, directory, record);
    throw error;
  }
}

function destroyAfter(ctx: Context, directory: LockedDirectory, record: ContainerRecord): void {
  try {
    destroy(ctx, directory, record, {leftovers: true});
  } catch (error) {
    ctx.log.warn(`cannot destroy the container after the failure: ${messageOf(error)}, ignoring`);
  }
}
