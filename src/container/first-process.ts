// The container's first process while `launch` is at it: from its spawn to the moment when it is ready.
import {join} from 'node:path';

import {openEntrance} from '../cgroups/entrance.ts';
import {isSyscallError, RuntsError} from '../errors.ts';
import {buildId} from '../generated/build-id.ts';
import type {Spawned} from '../native.ts';
import {encodePlan} from '../plan/encode.ts';
import type {CompiledPlan} from '../plan/input.ts';
import {identify} from '../state/process.ts';
import {writeRecord} from '../state/store.ts';
import {placeMaster} from './console.ts';
import {closeQuietly} from './descriptors.ts';
import {endMembers} from './destroy.ts';
import {runtimeFailure} from './failure.ts';
import {awaitReady, type Talk} from './handshake.ts';
import {runRuntimeHooks, specState} from './hooks.ts';
import {writeIdMaps} from './id-maps.ts';
import {numbersOf} from './inherited-fds.ts';
import {
  DEATH_DEADLINE_MS,
  describeEnd,
  type InitProcess,
  initProcessOf,
  killAndReap,
  letGo,
  reapFormer,
  reapWithin,
  replaceProcess,
} from './init-process.ts';
import {joinRdtGroups} from './intel-rdt.ts';
import type {Placed} from './launch.ts';
import {moveNetDevices} from './net-devices.ts';
import {descriptorsOf} from './prepare.ts';
import {sendListener} from './seccomp-listener.ts';

/** Starts runts-init, which waits for an answer to its `hello`. Into its cgroup it is born (v2), goes with the first step of its
 * plan (v1), or is put by systemd. `meanwhile` is what has to be done before it may go on. */
export function startInit(launch: Placed, plan: CompiledPlan, meanwhile: () => void): InitProcess {
  const {ctx, undo, record} = launch;
  const init = initProcessOf(spawn(launch, plan, meanwhile));
  launch.progress.begun = true;
  // Hooks that it runs, and, in a shared pid namespace, whatever it has started.
  undo.push('end the processes of the cgroup', () => endMembers(ctx.native, record));
  undo.push('close the sync socket', () => letGo(init));
  undo.push('end the first process', () => {
    if (!killAndReap(ctx.native, init)) throw new RuntsError('container init still running');
  });
  if (record.intelRdt !== undefined) joinRdtGroups(record.intelRdt, init.pid);
  return init;
}

function spawn(
  {ctx, inherited, stdio, record, descriptors}: Placed,
  plan: CompiledPlan,
  meanwhile: () => void,
): Spawned {
  checkBuild('runts.node', ctx.native.buildId);
  // systemd needs a process to make one of.
  const cgroupFd = record.cgroup.systemd === undefined ? openEntrance(record.cgroup) : undefined;
  if (cgroupFd !== undefined) descriptors.add(cgroupFd);
  let spawning = false;
  try {
    const request = {
      init: join(ctx.libexec, 'runts-init'),
      plan: encodePlan(plan),
      cloneFlags: plan.cloneFlags,
      cgroupFd: cgroupFd ?? -1,
      stdio: stdio.theirs,
      keepFds: [...numbersOf(inherited), ...descriptorsOf(plan)],
    };
    return ctx.native.spawn(request, () => {
      meanwhile();
      spawning = true;
    });
  } catch (error) {
    throw spawning && isSyscallError(error) ? runtimeFailure("start the container's first process", error) : error;
  } finally {
    // Of the fifos only runts-init keeps a copy: that they end tells of its end.
    descriptors.closeAll();
  }
}

function setInit(launch: Placed, pid: number): void {
  launch.record = {...launch.record, init: identify(pid)};
  writeRecord(launch.directory, launch.record);
}

/** Puts runts-init on record, and goes along with it until it is ready. Returns the terminal's master side if it is for us, else -1. */
export function shakeHands(launch: Placed, talk: Talk, init: InitProcess): number {
  const {ctx, options, bundle, undo, progress} = launch;
  const {native} = ctx;
  let master = -1;
  awaitReady(ctx, talk, {
    hello: (build) => checkBuild('runts-init', build),
    pid: (pid) => replaceProcess(native, init, pid),
    atWork() {
      setInit(launch, init.pid);
      reapFormer(native, init);
    },
    userNamespace() {
      writeIdMaps(ctx, init.pid, bundle.config.linux ?? {});
    },
    netDevices(namespace) {
      moveNetDevices(ctx, bundle.config.linux?.netDevices ?? {}, launch.lasting.add(namespace), undo, launch.lasting);
    },
    runtimeHooks() {
      runRuntimeHooks(ctx, bundle.config.hooks, launch.record, init.pid);
    },
    console(fd, name) {
      const sent = (): void => {
        progress.masterSent = true;
      };
      master = placeMaster(ctx, options.consoleSocket, fd, name, {undo, sent});
    },
    seccomp(listener) {
      const state = specState(launch.record, 'creating', init.pid);
      try {
        sendListener(ctx, bundle.config.linux?.seccomp ?? {}, {pid: init.pid, state}, listener);
      } finally {
        closeQuietly(listener);
      }
    },
    ended: () => endedEarly(launch, init),
  });
  return master;
}

export function checkBuild(product: string, build: string): void {
  if (build === buildId) return;
  throw new RuntsError(`${product} is of build ${build}, this runts of build ${buildId}: install both anew`);
}

/** What to throw when it ends without a word. */
export function endedEarly({ctx, record}: Placed, init: InitProcess): RuntsError {
  return new RuntsError(describeEnd(reapWithin(ctx.native, init, DEATH_DEADLINE_MS), record.cgroup));
}
