// Saves the processes of a container with criu. No lock is held meanwhile, as it may take long, and with lazy pages does: the
// container can be killed. Only its end needs the lock.
import {closeSync, readFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';

import {isFrozen, readLayout, thaw} from '../cgroups/index.ts';
import {parseChecked} from '../config/load.ts';
import type {Context} from '../context.ts';
import {checkFeatures, checkVersion} from '../criu/checks.ts';
import {configFile} from '../criu/config-file.ts';
import {checkParent, type Directories, openDirectories} from '../criu/images.ts';
import type {CriuOptions} from '../criu/messages.ts';
import {dumpedMounts, parseMountPoints} from '../criu/mounts.ts';
import {dumpedNamespaces, requireMountNamespace} from '../criu/namespaces.ts';
import {ask, closeSession, endSession, killSession, startCriu} from '../criu/session.ts';
import {dumpedStdio, writeDescriptors} from '../criu/stdio.ts';
import {errnoText, isSyscallError, messageOf, RuntsError} from '../errors.ts';
import type {Config} from '../generated/config.ts';
import type {ContainerRecord} from '../state/record.ts';
import {directoryOf, readConfigCopy} from '../state/store.ts';
import {absolutePath} from './bundle.ts';
import {type CriuChoices, commonOptions, DUMP_LOG, refuseRootless} from './criu-choices.ts';
import {closeQuietly} from './descriptors.ts';
import {removeUnlessReplaced} from './foreground.ts';
import {notifyDirectoryOf} from './notify.ts';
import {viewContainer} from './status.ts';

export interface CheckpointOptions extends CriuChoices {
  /** Images of an earlier pre-dump; relative to imagePath. */
  readonly parentPath?: string;
  readonly leaveRunning?: boolean;
  /** Memory only; the container goes on. */
  readonly preDump?: boolean;
  readonly linkRemap?: boolean;
  readonly tcpSkipInFlight?: boolean;
  readonly pageServer?: {readonly address: string; readonly port: number};
  /** One of the caller's fds: gets a NUL byte when the pages can be fetched. */
  readonly statusFd?: number;
}

/** What a dump is made of. */
interface Dump {
  readonly ctx: Context;
  readonly options: CheckpointOptions;
  readonly record: ContainerRecord;
  readonly config: Config;
  readonly pid: number;
  readonly directories: Directories;
}

/** Saves a running or paused container, which is gone then unless it is to be left running. */
export function checkpoint(ctx: Context, id: string, options: CheckpointOptions): void {
  refuseRootless(ctx, 'checkpoint');
  const {record, status} = viewContainer(ctx, id);
  if (record.init === undefined || (status !== 'running' && status !== 'paused')) {
    throw new RuntsError(`Container cannot be checkpointed in ${status} state`);
  }
  checkCriu(ctx, options);
  const copy = readConfigCopy(ctx, id);
  const config = parseChecked(copy.text, copy.path);
  requireMountNamespace(config);
  const work = options.workPath === undefined ? undefined : absolutePath(ctx, options.workPath);
  const directories = openDirectories(absolutePath(ctx, options.imagePath), work, 'dump');
  try {
    if (options.parentPath !== undefined) checkParent(directories.images, options.parentPath);
    dump({ctx, options, record, config, pid: record.init.pid, directories});
  } finally {
    // criu puts things back as they were, unless it was killed itself.
    if (status === 'running') thawAfterwards(ctx, record);
    for (const fd of [directories.imagesFd, directories.workFd]) if (fd !== undefined) closeQuietly(fd);
  }
  if (options.leaveRunning === true || options.preDump === true) return;
  removeUnlessReplaced(ctx, {id, startTime: record.init.startTime});
}

function thawAfterwards({log}: Context, {cgroup}: ContainerRecord): void {
  try {
    if (isFrozen(cgroup)) thaw(cgroup);
  } catch (error) {
    log.warn(`cannot let the container go on: ${messageOf(error)}, ignoring`);
  }
}

function checkCriu(ctx: Context, options: CheckpointOptions): void {
  checkVersion(ctx);
  if (options.preDump === true) checkFeatures(ctx, {memTrack: true});
  if (options.lazyPages !== true) return;
  checkFeatures(ctx, {lazyPages: true});
  if (options.statusFd !== undefined) checkStatusFd(ctx, options.statusFd);
}

const O_ACCMODE = 3;

function checkStatusFd({launch}: Context, fd: number): void {
  const invalid = (why: string): RuntsError => new RuntsError(`invalid --status-fd argument ${fd}: ${why}`);
  if (fd > 2 && !launch.inheritedFds.includes(fd)) throw invalid('bad file descriptor');
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
  if ((Number.parseInt(flags, 8) & O_ACCMODE) === 0) throw invalid('not writable');
}

function dump(job: Dump): void {
  const {ctx, options, directories} = job;
  const opts = {...dumpOptions(job), ...(options.preDump === true ? {} : describeOutside(job))};
  const session = startCriu(ctx);
  try {
    ask(
      ctx,
      session,
      options.preDump === true ? 'preDump' : 'dump',
      {opts},
      {
        logFile: join(directories.logs, DUMP_LOG),
        onNotify(script) {
          ctx.log.debug(`criu: ${script}`);
          if (script === 'status-ready' && options.statusFd !== undefined) tellReady(ctx, options.statusFd);
        },
      },
    );
    endSession(ctx, session);
  } finally {
    killSession(ctx, session);
    closeSession(session);
  }
}

function tellReady({log}: Context, fd: number): void {
  try {
    writeSync(fd, '\0');
    closeSync(fd);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    log.warn(`cannot write to the status fd ${fd}: ${errnoText(error.errno)}, ignoring`);
  }
}

function dumpOptions({options, record, pid, directories}: Dump): CriuOptions {
  const {unified, freezer} = record.cgroup.paths;
  const config = configFile(record.annotations);
  const parent = options.parentPath;
  return {
    ...commonOptions(options),
    imagesDirFd: directories.imagesFd,
    workDirFd: directories.workFd,
    logFile: DUMP_LOG,
    root: record.rootfs,
    pid,
    leaveRunning: options.leaveRunning === true,
    linkRemap: options.linkRemap === true,
    tcpSkipInFlight: options.tcpSkipInFlight === true,
    freezeCgroup: record.cgroup.version === 2 ? unified : freezer,
    ...(config === undefined ? {} : {configFile: config}),
    ...(parent === undefined ? {} : {parentImg: parent, trackMem: true}),
    ...(options.pageServer === undefined ? {} : {ps: options.pageServer}),
  };
}

/** What of the container is not its own: mounts, namespaces, standard streams. */
function describeOutside({ctx, record, config, pid, directories}: Dump): CriuOptions {
  const container = parseMountPoints(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  const facts = {
    config,
    bundle: record.bundle,
    rootfs: record.rootfs,
    cgroup: record.cgroup,
    layout: readLayout(),
    host: parseMountPoints(readFileSync('/proc/self/mountinfo', 'utf8')),
    notifyDirectory: notifyDirectoryOf(directoryOf(ctx, record.id)),
  };
  const stdio = dumpedStdio(pid, record.stdio, new Set(container.map(({id}) => id)));
  writeDescriptors(directories.images, stdio.descriptors);
  return {
    extMnt: dumpedMounts(facts, container),
    external: [...dumpedNamespaces(config, pid), ...stdio.external],
  };
}
