// The process of an exec, from its spawn to the moment when the user's program has taken over.
import {constants, openSync} from 'node:fs';
import {join} from 'node:path';

import {openEntrance, openEntranceOf} from '../cgroups/entrance.ts';
import {type CgroupRecord, entranceFiles, subCgroup} from '../cgroups/index.ts';
import {attachToScope} from '../cgroups/systemd/index.ts';
import {ConfigError, hasCode, isSyscallError, RuntsError} from '../errors.ts';
import {readHostFacts} from '../host/facts.ts';
import {seccompProgram} from '../host/seccomp-cache.ts';
import type {ExitStatus, Spawned} from '../native.ts';
import {encodePlan} from '../plan/encode.ts';
import {compileExecPlan, type ExecPlanInput} from '../plan/exec.ts';
import type {CompiledPlan} from '../plan/input.ts';
import {mountsOnHost} from '../plan/root.ts';
import {placeMaster, sendPidfd} from './console.ts';
import {closeQuietly} from './descriptors.ts';
import type {Exec} from './exec.ts';
import {runtimeFailure, signalName, stepsOf} from './failure.ts';
import {checkBuild} from './first-process.ts';
import {awaitEnd, awaitReady, proceed, type Talk} from './handshake.ts';
import {specState} from './hooks.ts';
import {inheritedFds, numbersOf} from './inherited-fds.ts';
import {
  DEATH_DEADLINE_MS,
  type InitProcess,
  initProcessOf,
  killAndReap,
  letGo,
  reapFormer,
  reapWithin,
  replaceProcess,
} from './init-process.ts';
import {joinRdtGroups} from './intel-rdt.ts';
import {foreignNamespaces} from './namespaces.ts';
import {wasOomKilled} from './oom.ts';
import {removePidFile, writePidFile} from './pid-file.ts';
import {descriptorsOf} from './prepare.ts';
import {applyScheduling} from './scheduling.ts';
import {sendListener} from './seccomp-listener.ts';

const SIGKILL = 9;
/** In a paused container nothing is heard for as long as that lasts. */
const ANY_SILENCE = -1;

export interface Joined {
  readonly process: InitProcess;
  /** Master side of the terminal in the foreground, else -1. */
  readonly master: number;
}

/** Starts the process and goes along with it until it is the user's program. What it has done so far is on the undo stack. */
export function startJoining(exec: Exec): Joined {
  const {ctx, options, record, undo} = exec;
  const inherited = inheritedFds({env: {}, launch: ctx.launch}, options.preserveFds ?? 0);
  const chosen = options.cgroups?.length ? subCgroup(record.cgroup, options.cgroups) : undefined;
  const plan = makePlan(exec, chosen ?? record.cgroup, inherited.preserve);
  const spawned = spawn(exec, chosen, plan, numbersOf(inherited));
  const process = initProcessOf(spawned);
  undo.push('close the sync socket', () => letGo(process));
  undo.push('end the process', () => {
    if (!killAndReap(ctx.native, process)) throw new RuntsError('it does not end');
  });
  if (spawned.isOutside) attachToScope(ctx.libexec, record.cgroup, chosen ?? record.cgroup, process.pid);
  if (record.intelRdt !== undefined) joinRdtGroups(record.intelRdt, process.pid);
  const lookup = stepsOf(plan.steps);
  const talk = {
    channel: process.sync,
    lookup: (index: number) => {
      const step = lookup(index);
      return step === undefined ? undefined : {...step, ...exec.wanted.locate(step.at)};
    },
    patience: ANY_SILENCE,
  };
  const master = shakeHands(exec, talk, process);
  schedule(exec, process);
  commit(exec, talk, process);
  return {process, master};
}

function makePlan(exec: Exec, cgroup: CgroupRecord, preserveFds: number): CompiledPlan {
  const {ctx, record, config, wanted, container} = exec;
  const seccomp = config.linux?.seccomp;
  const plan = compileAt(wanted, {
    config,
    id: record.id,
    facts: readHostFacts(),
    launch: ctx.launch,
    cgroupFiles: [...entranceFiles(cgroup), ...(isBornInside(exec) ? [] : unifiedEntrance(cgroup))],
    join: {pidfd: container, types: foreignNamespaces(record.init?.pid ?? 0)},
    ...(mountsOnHost(config) ? {root: openRoot(exec)} : {}),
    noNewKeyring: record.noNewKeyring === true,
    preserveFds,
    ...(seccomp === undefined ? {} : {seccomp: seccompProgram(ctx, seccomp)}),
  });
  for (const warning of plan.warnings) {
    const colon = warning.indexOf(': ');
    ctx.log.warn(sentenceAt(wanted, warning.slice(0, colon), warning.slice(colon + 2)));
  }
  return plan;
}

/** Of the process that has the number of the container's first one; whether that is it shows before the commit. */
function openRoot({record, descriptors}: Exec): number {
  return descriptors.add(openSync(`/proc/${record.init?.pid}/root`, constants.O_RDONLY | constants.O_DIRECTORY));
}

/** What is wrong with the process is told with the place that it came from. */
function compileAt(wanted: Exec['wanted'], input: ExecPlanInput): CompiledPlan {
  try {
    return compileExecPlan(input);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.problems.map(({pointer, message}) => sentenceAt(wanted, pointer, message));
    throw new RuntsError(lines.join('\n'), {cause: error});
  }
}

function sentenceAt(wanted: Exec['wanted'], pointer: string, message: string): string {
  const {file = 'config.json', at} = wanted.locate(pointer);
  return at === '' ? message : `${file}#${at}: ${message}`;
}

/** On v2 a process is born into its cgroup. One that is to run on certain CPUs before that goes there by itself, as on v1. */
function isBornInside({config: {process}}: Pick<Exec, 'config'>): boolean {
  return process.execCPUAffinity?.initial === undefined;
}

function unifiedEntrance({paths: {unified}}: CgroupRecord): string[] {
  return unified === undefined ? [] : [`${unified}/cgroup.procs`];
}

function spawn(
  exec: Exec,
  chosen: CgroupRecord | undefined,
  plan: CompiledPlan,
  inherited: readonly number[],
): Spawned & {readonly isOutside?: boolean} {
  const {ctx, record, stdio, descriptors} = exec;
  const {native} = ctx;
  checkBuild('runts.node', native.buildId);
  const request = {
    init: join(ctx.libexec, 'runts-init'),
    plan: encodePlan(plan),
    cloneFlags: plan.cloneFlags,
    stdio: stdio.theirs,
    keepFds: [...inherited, ...descriptorsOf(plan)],
  };
  const spawnIn = (directory: number | undefined): Spawned =>
    native.spawn({...request, cgroupFd: directory === undefined ? -1 : descriptors.add(directory)});
  try {
    if (!isBornInside(exec)) return spawnIn(undefined);
    try {
      return spawnIn(openEntrance(chosen ?? record.cgroup));
    } catch (error) {
      // Who may not move processes in the cgroup above both has systemd do it.
      if (record.cgroup.systemd !== undefined && hasCode(error, 'EACCES')) {
        return {...spawnIn(undefined), isOutside: true};
      }
      // The container has moved its processes into cgroups of its own below, so that none may be where they came from.
      if (chosen !== undefined || !hasCode(error, 'EBUSY', 'EOPNOTSUPP', 'ENOTSUP')) throw error;
      return spawnIn(openEntranceOf(record.init?.pid ?? 0));
    }
  } catch (error) {
    throw isSyscallError(error) ? runtimeFailure('start the process', error) : error;
  }
}

/** Goes along with runts-init until it is ready. Returns the terminal's master side if it is for us, else -1. */
function shakeHands({ctx, options, record, config, undo, sent}: Exec, talk: Talk, process: InitProcess): number {
  let master = -1;
  awaitReady(ctx, talk, {
    hello: (build) => checkBuild('runts-init', build),
    pid: (pid) => replaceProcess(ctx.native, process, pid),
    atWork: () => reapFormer(ctx.native, process),
    userNamespace: outOfPlace,
    netDevices: outOfPlace,
    runtimeHooks: outOfPlace,
    console(fd, name) {
      master = placeMaster(ctx, options.consoleSocket, fd, name, {undo, sent});
    },
    seccomp(listener) {
      const state = specState(record, 'running', record.init?.pid ?? 0);
      try {
        sendListener(ctx, config.linux?.seccomp ?? {}, {pid: process.pid, state}, listener);
      } finally {
        closeQuietly(listener);
      }
    },
    ended: () => endedEarly(ctx.native, process, record.cgroup),
  });
  return master;
}

function outOfPlace(): never {
  throw new RuntsError('runts-init asks for something that is no part of an exec');
}

function schedule({ctx, config: {process}, wanted}: Exec, {pid}: InitProcess): void {
  for (const key of ['scheduler', 'ioPriority'] as const) {
    if (process[key] === undefined) continue;
    const {file = 'config.json', at} = wanted.locate(`/process/${key}`);
    applyScheduling(ctx.native, {[key]: process[key]}, pid, `${file}#${at.slice(0, -key.length - 1)}`);
  }
}

/** Lets go of runts-init, which from here on outlives us. */
function commit({ctx, options, record, container, undo}: Exec, talk: Talk, process: InitProcess): void {
  const {native} = ctx;
  if (options.pidfdSocket !== undefined) sendPidfd(ctx, options.pidfdSocket, process.pidfd, 'setns');
  if (options.pidFile !== undefined) {
    const path = writePidFile(ctx, options.pidFile, process.pid);
    undo.push('remove the pid file', () => removePidFile(path));
  }
  // Dead, it may have been deleted, and its cgroup be that of another container by now. Alive, it has us in its cgroup and
  // in its pid namespace: who ends it ends us.
  if (native.pidfdWait(container, 0)) throw new RuntsError('the container has ended meanwhile');
  const ended = (): RuntsError => endedEarly(native, process, record.cgroup);
  proceed(ctx, talk, {ended});
  awaitEnd(ctx, talk);
}

/** What to throw when it ends without a word. */
function endedEarly(native: Exec['ctx']['native'], process: InitProcess, cgroup: CgroupRecord): RuntsError {
  const exit = reapWithin(native, process, DEATH_DEADLINE_MS);
  const oom = exit?.signal === SIGKILL && wasOomKilled(cgroup) ? ' (possibly OOM-killed)' : '';
  return new RuntsError(`the process ${howEnded(exit)} before it became the program${oom}`);
}

function howEnded(exit: ExitStatus | undefined): string {
  if (exit?.signal !== undefined) return `was killed by ${signalName(exit.signal)}`;
  return exit?.code === undefined ? 'ended' : `ended with status ${exit.code}`;
}
