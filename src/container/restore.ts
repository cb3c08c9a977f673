// Brings a checkpointed container back with criu: its place on disk, its cgroup and its mount points are made as `create`
// makes them; its processes, namespaces and mounts are criu's work. The first of them is a child of ours, as after `run`.
import {constants, mkdirSync, openSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';

import {openEntrance, readLayout} from '../cgroups/index.ts';
import type {Context} from '../context.ts';
import {checkFeatures, checkVersion} from '../criu/checks.ts';
import {type Directories, openDirectories} from '../criu/images.ts';
import {requireMountNamespace, restoredNamespaces} from '../criu/namespaces.ts';
import {closeSession, killSession, type Session, startCriu} from '../criu/session.ts';
import {inheritedStdio} from '../criu/stdio.ts';
import {RuntsError} from '../errors.ts';
import type {Config} from '../generated/config.ts';
import {validateId} from '../state/id.ts';
import {release, writeConfigCopy, writeRecord} from '../state/store.ts';
import {absolutePath, openBundle} from './bundle.ts';
import {chooseDriver, refuseResidents} from './cgroup.ts';
import {checkTerminal, hangUpOnFailure} from './console.ts';
import {type CriuChoices, refuseRootless} from './criu-choices.ts';
import {createDescriptors} from './descriptors.ts';
import {endMembers} from './destroy.ts';
import {type Foreground, leave, stay} from './foreground.ts';
import {claim, type Launched, makeRdt, recordedStdio, undoHooks} from './launch.ts';
import {makeMountPoints} from './mount-points.ts';
import {openNamespaces} from './namespaces.ts';
import {notifyDirectoryOf} from './notify.ts';
import {newRecord, prepareMountPlan} from './prepare.ts';
import {letProcessesGoOn, type Restoration} from './restoration.ts';
import {createUndoStack} from './rollback.ts';
import {foregroundOf} from './run.ts';
import {callersStdio, pipedStdio} from './stdio.ts';

export interface RestoreOptions extends CriuChoices {
  /** Directory that holds the config and, usually, the rootfs; relative to the context's cwd. */
  readonly bundle: string;
  /** The cgroup is a scope of systemd. */
  readonly systemdCgroup?: boolean;
  readonly consoleSocket?: string;
  readonly pidFile?: string;
  readonly detach?: boolean;
  readonly noSubreaper?: boolean;
  /** TYPE:NAME, in place of the saved one. */
  readonly lsmProfile?: string;
  readonly lsmMountContext?: string;
}

/** Restores a container; in the foreground it then waits for its end and deletes it. Returns as run() does. Throws after
 * having undone everything. */
export function restore(ctx: Context, id: string, options: RestoreOptions): number {
  const foreground = beginRestore(ctx, id, options);
  return foreground === undefined ? 0 : stay(ctx, foreground);
}

/** As restore(), but returns when the container runs again, as beginRun(). */
export function beginRestore(ctx: Context, id: string, options: RestoreOptions): Foreground | undefined {
  refuseRootless(ctx, 'restore');
  const detached = options.detach === true;
  if (!detached) {
    ctx.native.holdSignals();
    if (options.noSubreaper !== true) ctx.native.setSubreaper(true);
  }
  const launched = bringBack(ctx, id, options, detached);
  release(launched.directory);
  const foreground = foregroundOf(launched, {});
  if (!detached) return foreground;
  leave(foreground);
  return undefined;
}

function bringBack(ctx: Context, id: string, options: RestoreOptions, detached: boolean): Launched {
  const undo = createUndoStack();
  const descriptors = createDescriptors();
  const progress = {masterSent: false, begun: false};
  hangUpOnFailure(ctx, undo, options.consoleSocket, progress);
  try {
    validateId(id);
    const bundle = openBundle(ctx, options);
    const terminal = bundle.config.process.terminal === true;
    checkTerminal(terminal, detached, options.consoleSocket);
    // Also because without one its mounts would be the host's.
    requireOwnMounts(bundle.config);
    checkCriu(ctx, options);
    const directories = openImages(ctx, options, descriptors.add);
    const stdio = detached || terminal ? callersStdio(ctx) : pipedStdio(ctx, descriptors, undo);
    // Before anything is made: that it is a checkpoint at all.
    const inherited = inheritedStdio(directories.images, stdio.theirs);
    const job = place({ctx, options, bundle, stdio, undo, descriptors, progress, directories, inherited}, id);
    const {init, master} = letProcessesGoOn(job);
    return {directory: job.directory, record: job.record, init, master, pipes: stdio.ours, notify: undefined};
  } catch (error) {
    descriptors.closeAll();
    undo.rollBack(ctx.log);
    throw error;
  } finally {
    descriptors.closeAll();
  }
}

function requireOwnMounts(config: Config): void {
  requireMountNamespace(config);
  restoredNamespaces(config, new Map());
}

function checkCriu(ctx: Context, {lazyPages, lsmProfile, lsmMountContext}: RestoreOptions): void {
  const version = checkVersion(ctx);
  if (version < 31600) {
    if (lsmProfile !== undefined) throw new RuntsError('--lsm-profile requires at least CRIU 3.16');
    if (lsmMountContext !== undefined) throw new RuntsError('--lsm-mount-context requires at least CRIU 3.16');
  }
  if (lazyPages === true) checkFeatures(ctx, {lazyPages: true});
}

function openImages(ctx: Context, options: RestoreOptions, add: (fd: number) => number): Directories {
  const work = options.workPath === undefined ? undefined : absolutePath(ctx, options.workPath);
  const directories = openDirectories(absolutePath(ctx, options.imagePath), work, 'restore');
  add(directories.imagesFd);
  if (directories.workFd !== undefined) add(directories.workFd);
  return directories;
}

type Beginning = Omit<Restoration, 'directory' | 'record' | 'layout' | 'namespaces' | 'root' | 'session'>;

/** Everything that has to be there before criu begins, and criu. */
function place(beginning: Beginning, id: string): Restoration {
  const {ctx, bundle, undo, descriptors, options} = beginning;
  const layout = readLayout();
  const driver = chooseDriver(beginning, layout, id);
  const {cgroup} = driver;
  undoHooks(beginning, id);
  const directory = claim(beginning, id);
  refuseResidents(cgroup);
  const record = newRecord(ctx, bundle, directory, cgroup, {stdio: recordedStdio(beginning)});
  const placed = {...beginning, directory, record};
  writeRecord(directory, record);
  writeConfigCopy(directory, bundle.text);

  const nullDevice = descriptors.add(openSync('/dev/null', constants.O_RDWR));
  makeMountPoints(ctx, bundle, prepareMountPlan(ctx, bundle, record, layout, descriptors), nullDevice);
  mkdirSync(notifyDirectoryOf(directory.path), {mode: 0o755});
  driver.prepare(placed);
  driver.equip(placed);
  makeRdt(placed);
  undo.push('end the processes of the cgroup', () => endMembers(ctx.native, record));
  const namespaces = openNamespaces(ctx.native, bundle.config, descriptors);
  const root = makeRoot(placed);
  const session = start({...placed, namespaces, root});
  driver.enter(placed, session.pid);
  driver.close();
  return {...placed, layout, namespaces, root, session, options};
}

/** criu wants the root to be a mount that nothing covers; it is one in criu's own mount namespace only. */
function makeRoot({directory, undo}: Pick<Restoration, 'directory' | 'undo'>): string {
  const root = join(directory.path, 'criu-root');
  mkdirSync(root, {mode: 0o755});
  undo.push('remove the directory for the root', () => rmdirSync(root));
  return root;
}

function start(
  parts: Pick<
    Restoration,
    'ctx' | 'options' | 'record' | 'bundle' | 'descriptors' | 'undo' | 'stdio' | 'namespaces' | 'root' | 'directories'
  >,
): Session {
  const {ctx, options, record, bundle, descriptors, undo, namespaces, root} = parts;
  const {images, work} = parts.directories;
  // criu moves what it restores into the container's cgroup, and should not itself be held to its limits. Only when it is to
  // leave cgroups alone must it be there from the beginning; and a scope of systemd needs a process to begin with.
  const inside = options.cgroupMode === 'ignore' && options.systemdCgroup !== true;
  const entrance = inside ? openEntrance(record.cgroup) : undefined;
  const session = startCriu(ctx, {
    cgroupFd: entrance === undefined ? -1 : descriptors.add(entrance),
    stdio: parts.stdio.theirs,
    keepFds: [...namespaces.values()],
    root: {source: bundle.rootfs, target: root},
    directories: work === undefined ? [images] : [images, work],
  });
  undo.push('close the connection to criu', () => closeSession(session));
  undo.push('end criu', () => killSession(ctx, session));
  return session;
}
