// From a bundle to a first process that waits at the gate, or that the user's program has replaced: what `create` and
// `run` have in common. Whatever fails, everything is undone before the error is thrown. Runtime specification 1.3,
// runtime.md#lifecycle, steps 1 to 5.
import {readLayout} from '../cgroups/index.ts';
import {monotonicMs} from '../clock.ts';
import type {Context} from '../context.ts';
import {ConfigError} from '../errors.ts';
import type {PlanOptions} from '../plan/input.ts';
import {validateId} from '../state/id.ts';
import type {ContainerRecord} from '../state/record.ts';
import {
  claimDirectory,
  type LockedDirectory,
  release,
  removeDirectory,
  writeConfigCopy,
  writeRecord,
} from '../state/store.ts';
import {type Bundle, openBundle} from './bundle.ts';
import {chooseDriver, refuseResidents} from './cgroup.ts';
import {checkTerminal, hangUpOnFailure, sendPidfd} from './console.ts';
import {closeQuietly, createDescriptors, type Descriptors} from './descriptors.ts';
import {detachRootfs} from './destroy.ts';
import {stepsOf} from './failure.ts';
import {endedEarly, shakeHands, startInit} from './first-process.ts';
import {makeGate} from './gate.ts';
import {awaitEnd, proceed, type Talk} from './handshake.ts';
import {runPoststopHooks} from './hooks.ts';
import {type InheritedFds, inheritedFds} from './inherited-fds.ts';
import type {InitProcess} from './init-process.ts';
import {makeRdtGroups, planRdt, removeRdtGroups, resctrlRoot} from './intel-rdt.ts';
import {listenForReadiness, makeNotifyDirectory, type Notify} from './notify.ts';
import {patienceWith} from './patience.ts';
import {removePidFile, writePidFile} from './pid-file.ts';
import {newRecord, preparePlan, stepsAfterReady} from './prepare.ts';
import {createUndoStack, type UndoStack} from './rollback.ts';
import {applyScheduling} from './scheduling.ts';
import {callersStdio, pipedStdio, type Stdio} from './stdio.ts';

export interface CreateOptions {
  /** Directory that holds the config and, usually, the rootfs; relative to the context's cwd. */
  readonly bundle: string;
  /** Name of the config in the bundle; config.json unless given. */
  readonly config?: string;
  /** Unix socket that gets the master side of the terminal. */
  readonly consoleSocket?: string;
  /** Unix socket that gets a pidfd of the first process. */
  readonly pidfdSocket?: string;
  readonly pidFile?: string;
  /** Without pivot_root, for a rootfs on an initramfs. */
  readonly noPivot?: boolean;
  /** Stay in the caller's session keyring. */
  readonly noNewKeyring?: boolean;
  /** How many of the caller's fds, from 3 on, the program gets. */
  readonly preserveFds?: number;
  /** systemd makes and manages the cgroup; linux.cgroupsPath is then `slice:prefix:name`. */
  readonly systemdCgroup?: boolean;
}

/** What sets `create`, `run` and `run --detach` apart. */
export interface LaunchMode {
  /** Nobody here stays with the container. */
  readonly detached: boolean;
  /** The program waits for `start`. */
  readonly gated: boolean;
}

export interface Launched {
  /** Locked. */
  readonly directory: LockedDirectory;
  readonly record: ContainerRecord;
  readonly init: InitProcess;
  /** Master side of the terminal in a foreground run, else -1. */
  readonly master: number;
  /** Our ends of the container's stdin, stdout and stderr in a foreground run without a terminal, else empty. */
  readonly pipes: readonly number[];
  /** Of a `run` with someone to tell when the program is ready. */
  readonly notify: Notify | undefined;
}

/** What the parts of a launch share. */
export interface Launch {
  readonly ctx: Context;
  readonly options: CreateOptions;
  readonly mode: LaunchMode;
  readonly bundle: Bundle;
  readonly inherited: InheritedFds;
  readonly stdio: Stdio;
  readonly undo: UndoStack;
  /** Open until runts-init has them, too. */
  readonly descriptors: Descriptors;
  /** Open until the launch is over, and whatever it may have to undo. */
  readonly lasting: Descriptors;
  readonly progress: Progress;
  /** For debugging: what has been reached, and when. */
  readonly mark: (what: string) => void;
}

/** What decides how to undo. */
interface Progress {
  /** The terminal's receiver has got it. */
  masterSent: boolean;
  /** There has been a first process, and so perhaps hooks: what these have done is for the poststop hooks to undo. */
  begun: boolean;
}

/** A launch that has its place on disk. */
export interface Placed extends Launch {
  readonly directory: LockedDirectory;
  record: ContainerRecord;
}

/** Makes the container's first process, and the record of it. Throws after having undone all of it. */
export function launch(ctx: Context, id: string, options: CreateOptions, mode: LaunchMode): Launched {
  const mark = stopwatch(ctx, id);
  const undo = createUndoStack();
  const descriptors = createDescriptors();
  const lasting = createDescriptors();
  const progress = {masterSent: false, begun: false};
  hangUpOnFailure(ctx, undo, options.consoleSocket, progress);
  try {
    validateId(id);
    const bundle = openBundle(ctx, options);
    const terminal = bundle.config.process.terminal === true;
    checkTerminal(terminal, mode.detached, options.consoleSocket);
    const inherited = inheritedFds(ctx, options.preserveFds ?? 0);
    const stdio = mode.detached || terminal ? callersStdio(ctx) : pipedStdio(ctx, descriptors, undo);
    const parts = {ctx, options, mode, bundle, inherited, stdio, undo, descriptors, lasting, progress, mark};
    const launched = goThrough(parts, id);
    mark('done');
    return launched;
  } catch (error) {
    // Undoing may itself need descriptors, where few are allowed.
    descriptors.closeAll();
    undo.rollBack(ctx.log);
    throw error instanceof ConfigError && options.config !== undefined ? error.in(options.config) : error;
  } finally {
    descriptors.closeAll();
    lasting.closeAll();
  }
}

function goThrough(launch: Launch, id: string): Launched {
  const {ctx, bundle, options, undo, mark} = launch;
  const layout = readLayout(ctx);
  const driver = chooseDriver(launch, layout, id);
  const {cgroup} = driver;
  undoHooks(launch, id);
  const directory = claim(launch, id);
  refuseResidents(cgroup);
  const placed: Placed = {
    ...launch,
    directory,
    record: newRecord(ctx, bundle, directory, cgroup, {...options, stdio: recordedStdio(launch)}),
  };
  writeRecord(directory, placed.record);
  undo.push('unmount the rootfs', () => detachRootfs(ctx.native, placed.record));
  writeConfigCopy(directory, bundle.text);
  mark('claimed');

  const plan = preparePlan(ctx, bundle, placed.record, layout, planOptions(placed), launch.descriptors);
  if (placed.mode.gated) placed.record = {...placed.record, afterGate: stepsAfterReady(plan, bundle.file)};
  mark('planned');
  driver.prepare(placed);
  makeRdt(placed);
  const notify = placed.mode.gated ? undefined : listenForReadiness(ctx, directory.path);
  if (notify !== undefined) undo.push('close the socket for readiness', () => closeQuietly(notify.listener));
  const init = startInit(placed, plan, () => {
    driver.equip(placed);
    mark('cgroup made');
  });
  mark('spawned');
  driver.enter(placed, init.pid);
  const talk = {
    channel: init.sync,
    lookup: stepsOf(plan.steps, bundle.file),
    patience: patienceWith(bundle.config.hooks?.createContainer),
  };
  const master = shakeHands(placed, talk, init);
  applyScheduling(ctx.native, bundle.config.process, init.pid, `${bundle.file}#/process`);
  mark('ready');
  commit(placed, talk, init);
  driver.close();
  return {directory, record: placed.record, init, master, pipes: launch.stdio.ours, notify};
}

/** None with a terminal, which takes their place. */
export function recordedStdio({bundle, stdio}: Pick<Launch, 'bundle' | 'stdio'>): readonly number[] {
  return bundle.config.process.terminal === true ? [] : stdio.theirs;
}

/** They come when all else has been undone. */
export function undoHooks(
  {
    ctx,
    bundle: {path, config},
    undo,
    progress,
  }: Pick<Launch, 'ctx' | 'bundle' | 'undo'> & {
    readonly progress: Pick<Progress, 'begun'>;
  },
  id: string,
): void {
  undo.push('run the poststop hooks', () => {
    if (!progress.begun) return;
    const subject = config.annotations === undefined ? {} : {annotations: config.annotations};
    runPoststopHooks(ctx, config.hooks?.poststop ?? [], {id, bundle: path, ...subject});
  });
}

export function claim({ctx, undo}: Pick<Launch, 'ctx' | 'undo'>, id: string): LockedDirectory {
  const directory = claimDirectory(ctx, id);
  undo.push('give up the lock', () => release(directory));
  undo.push('remove the state directory', () => removeDirectory(directory));
  return directory;
}

function planOptions({ctx, options, mode, inherited, directory, descriptors}: Placed): PlanOptions {
  const notifyDirectory = makeNotifyDirectory(ctx, directory.path);
  return {
    ...(notifyDirectory === undefined ? {} : {notifyDirectory}),
    noPivot: options.noPivot === true,
    noNewKeyring: options.noNewKeyring === true,
    preserveFds: inherited.preserve,
    listenFds: inherited.listen,
    ...(mode.gated ? {gate: makeGate(ctx.native, directory.path, descriptors)} : {}),
  };
}

/** On record before it is done, as with the cgroup. */
export function makeRdt(launch: Pick<Placed, 'bundle' | 'directory' | 'undo' | 'record'>): void {
  const {bundle, directory, undo} = launch;
  const wanted = bundle.config.linux?.intelRdt;
  if (wanted === undefined) return;
  const plan = planRdt(resctrlRoot(), directory.id, wanted);
  launch.record = {...launch.record, intelRdt: {groups: plan.groups, made: plan.made}};
  writeRecord(directory, launch.record);
  undo.push('remove the resctrl groups', () => removeRdtGroups(plan));
  makeRdtGroups(plan);
}

/** Records the container as created, then lets go of runts-init, which from here on outlives us. */
function commit(launch: Placed, talk: Talk, init: InitProcess): void {
  const {ctx, options, directory, undo, record} = launch;
  launch.record = {...record, status: 'created'};
  writeRecord(directory, launch.record);
  if (options.pidfdSocket !== undefined) sendPidfd(ctx, options.pidfdSocket, init.pidfd, 'standard');
  if (options.pidFile !== undefined) {
    const path = writePidFile(ctx, options.pidFile, init.pid);
    undo.push('remove the pid file', () => removePidFile(path));
  }
  proceed(ctx, talk, {ended: () => endedEarly(launch, init)});
  // At the gate it closes its end; without one that happens as the user's program takes over.
  const hooks = launch.mode.gated ? undefined : launch.bundle.config.hooks?.startContainer;
  awaitEnd(ctx, {...talk, patience: patienceWith(hooks)});
}

/** Debug messages with the milliseconds since its making. */
function stopwatch({log}: Pick<Context, 'log'>, id: string): (what: string) => void {
  const start = monotonicMs();
  return (what) => log.debug(`container ${id}: ${what} after ${(monotonicMs() - start).toFixed(2)} ms`);
}
