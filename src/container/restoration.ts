// criu at work on a restore, and what it asks for or tells meanwhile:
//
//   setup-namespaces    the first process is there, in its namespaces: prestart and createRuntime hooks, the loopback device
//   orphan-pts-master   the master side of a terminal
//   post-restore        all processes are complete and wait: the container is put on record before they go on
import {openSync, readFileSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';

import {entranceFiles} from '../cgroups/index.ts';
import type {CgroupLayout} from '../cgroups/layout.ts';
import {writeControl} from '../cgroups/control.ts';
import type {Context} from '../context.ts';
import {cgroupRoots} from '../criu/cgroup-roots.ts';
import {configFile} from '../criu/config-file.ts';
import type {Directories} from '../criu/images.ts';
import type {CriuOptions} from '../criu/messages.ts';
import {parseMountPoints, restoredMounts} from '../criu/mounts.ts';
import {restoredNamespaces} from '../criu/namespaces.ts';
import {ask, closeSession, endSession, type Session} from '../criu/session.ts';
import {ConfigError, RuntsError} from '../errors.ts';
import {namespaceOf} from '../config/rules/rule.ts';
import {findLink, setUp} from '../host/links.ts';
import {socketTransport} from '../host/netlink.ts';
import {identify} from '../state/process.ts';
import type {ContainerRecord} from '../state/record.ts';
import {type LockedDirectory, writeRecord} from '../state/store.ts';
import type {Bundle} from './bundle.ts';
import {placeMaster} from './console.ts';
import {commonOptions, RESTORE_LOG} from './criu-choices.ts';
import {closeQuietly, createDescriptors, type Descriptors} from './descriptors.ts';
import {runRuntimeHooks} from './hooks.ts';
import {type InitProcess, initProcessOf, killAndReap, letGo} from './init-process.ts';
import {joinRdtGroups} from './intel-rdt.ts';
import {notifyDirectoryOf} from './notify.ts';
import {removePidFile, writePidFile} from './pid-file.ts';
import type {RestoreOptions} from './restore.ts';
import type {UndoStack} from './rollback.ts';
import type {Stdio} from './stdio.ts';

/** What the parts of a restore share. */
export interface Restoration {
  readonly ctx: Context;
  readonly options: RestoreOptions;
  readonly bundle: Bundle;
  readonly stdio: Stdio;
  readonly undo: UndoStack;
  readonly descriptors: Descriptors;
  readonly progress: {masterSent: boolean; begun: boolean};
  readonly directories: Directories;
  readonly directory: LockedDirectory;
  record: ContainerRecord;
  readonly layout: CgroupLayout;
  /** Those that the config names by path, by type. */
  readonly namespaces: ReadonlyMap<string, number>;
  /** Which of fds 0-2 stand for what of the images. */
  readonly inherited: readonly {readonly key: string; readonly fd: number}[];
  /** Where criu finds the root filesystem. */
  readonly root: string;
  readonly session: Session;
}

interface Restored {
  readonly init: InitProcess;
  /** Master side of the terminal if it is for us, else -1. */
  readonly master: number;
}

/** Has criu restore the processes. Throws what criu says, or what failed on our side; then the processes are gone. */
export function letProcessesGoOn(job: Restoration): Restored {
  const {ctx, session, directories, root} = job;
  enterCgroup(job);
  const found: Found = {init: undefined, master: -1};
  const opts = restoreOptions(job);
  const logFile = join(directories.logs, RESTORE_LOG);
  ask(
    ctx,
    session,
    'restore',
    {opts},
    {logFile, onNotify: (script, pid, fds) => attendTo(job, found, {script, pid, fds})},
  );
  endSession(ctx, session);
  closeSession(session);
  rmdirSync(root);
  if (found.init === undefined) throw new RuntsError('criu has not told which process it has restored');
  return {init: found.init, master: found.master};
}

interface Found {
  init: InitProcess | undefined;
  master: number;
}

interface Notification {
  readonly script: string;
  readonly pid: number;
  readonly fds: readonly number[];
}

function attendTo(job: Restoration, found: Found, {script, pid, fds}: Notification): void {
  job.ctx.log.debug(`criu: ${script}`);
  switch (script) {
    case 'setup-namespaces':
      found.init = adopt(job, pid);
      setUpNamespaces(job, pid);
      break;
    case 'orphan-pts-master':
      found.master = takeMaster(job, fds);
      break;
    case 'post-restore':
      found.init ??= adopt(job, pid);
      commit(job, found);
      break;
    default:
  }
}

/** From now on `delete --force`, and we, know whom to end. */
function adopt(job: Restoration, pid: number): InitProcess {
  const {ctx, directory, undo} = job;
  const init: InitProcess = initProcessOf({pid, pidfd: ctx.native.pidfdOpen(pid), sync: -1});
  undo.push('close what we hold of the first process', () => letGo(init));
  undo.push('end the first process', () => {
    if (!killAndReap(ctx.native, init)) throw new RuntsError('container init still running');
  });
  job.progress.begun = true;
  job.record = {...job.record, init: identify(pid)};
  writeRecord(directory, job.record);
  return init;
}

function setUpNamespaces({ctx, bundle, record}: Restoration, pid: number): void {
  const {config} = bundle;
  if (namespaceOf(config, 'network') === 'new') raiseLoopback(ctx, pid);
  runRuntimeHooks(ctx, config.hooks, record, pid);
}

/** A new network namespace, as after `create`. */
function raiseLoopback({native}: Context, pid: number): void {
  const descriptors = createDescriptors();
  try {
    const namespace = descriptors.add(openSync(`/proc/${pid}/ns/net`, 'r'));
    const net = socketTransport(descriptors.add(native.netlinkSocket(namespace)));
    const loopback = findLink(net, 'lo');
    if (loopback !== undefined) setUp(net, loopback.index);
  } finally {
    descriptors.closeAll();
  }
}

function takeMaster({ctx, bundle, options, undo, progress}: Restoration, fds: readonly number[]): number {
  const [master, ...others] = fds;
  for (const fd of others) closeQuietly(fd);
  if (master === undefined) throw new RuntsError('criu has sent no terminal');
  if (bundle.config.process.terminal !== true) {
    closeQuietly(master);
    throw terminalProblem('the checkpoint was made of a container with one');
  }
  const sent = (): void => {
    progress.masterSent = true;
  };
  return placeMaster(ctx, options.consoleSocket, master, '', {undo, sent});
}

/** All processes are complete, and wait for criu: what can fail fails before any of them goes on. */
function commit(job: Restoration, {master}: Found): void {
  const {ctx, bundle, directory, options, undo, progress} = job;
  if (bundle.config.process.terminal === true && master < 0 && !progress.masterSent) {
    throw terminalProblem('the checkpoint was made of a container without one');
  }
  job.record = {...job.record, status: 'created'};
  writeRecord(directory, job.record);
  if (options.pidFile === undefined) return;
  const path = writePidFile(ctx, options.pidFile, job.record.init?.pid ?? 0);
  undo.push('remove the pid file', () => removePidFile(path));
}

function terminalProblem(message: string): ConfigError {
  return new ConfigError([{pointer: '/process/terminal', message}]);
}

/** criu itself: only when it is to leave cgroups alone, so that its children are born there (v2: so was criu). And into the
 * groups of resctrl, of which it knows nothing. */
function enterCgroup({options, session, record}: Restoration): void {
  if (options.cgroupMode === 'ignore' && options.systemdCgroup !== true) {
    for (const file of entranceFiles(record.cgroup)) writeControl(file, String(session.pid));
  }
  if (record.intelRdt !== undefined) joinRdtGroups(record.intelRdt, session.pid);
}

function restoreOptions(job: Restoration): CriuOptions {
  const {options, bundle, directory, record, layout, root, inherited, session} = job;
  // criu opens them through /proc, from our fds: these are those of its own mount namespace.
  const [imagesDirFd, workDirFd] = session.directories;
  const {config, path, rootfs} = bundle;
  const given = restoredNamespaces(config, job.namespaces);
  const mounts = restoredMounts({
    config,
    bundle: path,
    rootfs,
    cgroup: record.cgroup,
    layout,
    host: parseMountPoints(readFileSync('/proc/self/mountinfo', 'utf8')),
    notifyDirectory: notifyDirectoryOf(directory.path),
  });
  const file = configFile(record.annotations);
  return {
    ...commonOptions(options),
    imagesDirFd,
    workDirFd,
    logFile: RESTORE_LOG,
    root,
    rstSibling: true,
    evasiveDevices: true,
    extMnt: mounts,
    inheritFd: [...inherited, ...given.inheritFd],
    joinNs: given.joinNs,
    cgRoot: cgroupRoots(record.cgroup, layout, readFileSync('/proc/self/cgroup', 'utf8')),
    ...(file === undefined ? {} : {configFile: file}),
    ...(options.lsmProfile === undefined ? {} : {lsmProfile: options.lsmProfile}),
    ...(options.lsmMountContext === undefined ? {} : {lsmMountContext: options.lsmMountContext}),
  };
}
