// A further process in a container. It is made as the first one is: by runts-init and a plan. It takes no lock: what tells
// that all of it is about one and the same container is a pidfd of its first process, which is opened before anything
// is done, and looked at once more when all is ready. A container that is deleted has no first process any more.
import {parseChecked} from '../config/load.ts';
import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';
import type {Config, Status} from '../generated/config.ts';
import {openProcess} from '../state/process.ts';
import type {ContainerRecord} from '../state/record.ts';
import {readConfigCopy} from '../state/store.ts';
import {checkTerminal, hangUpOnFailure} from './console.ts';
import {createDescriptors, type Descriptors} from './descriptors.ts';
import {type ExecProcess, execProcess, type ProcessOptions} from './exec-process.ts';
import {type Foreground, leave, stay} from './foreground.ts';
import {type Joined, startJoining} from './joining-process.ts';
import {createUndoStack, type UndoStack} from './rollback.ts';
import {viewContainer} from './status.ts';
import {callersStdio, pipedStdio, type Stdio} from './stdio.ts';

export interface ExecOptions extends ProcessOptions {
  /** Return once the program runs. */
  readonly detach?: boolean;
  /** Unix socket that gets the master side of the terminal. */
  readonly consoleSocket?: string;
  /** Unix socket that gets a pidfd of the process. */
  readonly pidfdSocket?: string;
  readonly pidFile?: string;
  /** How many of the caller's fds, from 3 on, the program gets. */
  readonly preserveFds?: number;
  /** `PATH` or `CONTROLLER:PATH` below the container's cgroup. */
  readonly cgroups?: readonly string[];
  /** Also in a paused container, where the process begins to run when that is resumed. */
  readonly ignorePaused?: boolean;
}

const STOPPED = 'cannot exec in a stopped container';
const PAUSED = 'cannot exec in a paused container (use --ignore-paused to override)';

/** What the parts of an exec share. */
export interface Exec {
  readonly ctx: Context;
  readonly options: ExecOptions;
  readonly record: ContainerRecord;
  /** The container's, with the process that is to run. */
  readonly config: Config;
  readonly wanted: ExecProcess;
  /** The container's first process. */
  readonly container: number;
  readonly stdio: Stdio;
  readonly undo: UndoStack;
  /** Open until runts-init has them, too. */
  readonly descriptors: Descriptors;
  /** Called when the terminal's receiver has got it. */
  readonly sent: () => void;
}

/** Runs a program in a container; in the foreground until it ends. Returns its exit code, or 128 + the signal that ended
 * it; 0 when detached. Throws after having undone everything. */
export function exec(ctx: Context, id: string, options: ExecOptions): number {
  const foreground = beginExec(ctx, id, options);
  return foreground === undefined ? 0 : stay(ctx, foreground);
}

/** As exec(), but returns when the program runs: what is left to do is in the foreground; nothing when detached. */
export function beginExec(ctx: Context, id: string, options: ExecOptions): Foreground | undefined {
  const detached = options.detach === true;
  // Signals that come from here on are for the process, also while it is not there yet.
  if (!detached) ctx.native.holdSignals();
  const foreground = launch(ctx, id, options, detached);
  if (!detached) return foreground;
  leave(foreground);
  return undefined;
}

function launch(ctx: Context, id: string, options: ExecOptions, detached: boolean): Foreground {
  const undo = createUndoStack();
  const descriptors = createDescriptors();
  const progress = {masterSent: false};
  hangUpOnFailure(ctx, undo, options.consoleSocket, progress);
  const sent = (): void => {
    progress.masterSent = true;
  };
  try {
    const {record, status} = viewContainer(ctx, id);
    refuse(status, options);
    const copy = readConfigCopy(ctx, id);
    const config = parseChecked(copy.text, copy.path);
    // From here on: as long as this one lives, all that was read is its container's.
    const container = descriptors.add(openContainer(ctx, record));
    const wanted = execProcess(ctx, config, options);
    const terminal = wanted.process.terminal === true;
    checkTerminal(terminal, detached, options.consoleSocket);
    const stdio = detached || terminal ? callersStdio(ctx) : pipedStdio(ctx, descriptors, undo);
    const joined = {...config, process: wanted.process};
    const job = {ctx, options, record, config: joined, wanted, container, stdio, undo, descriptors, sent};
    return {...startUnlessStopped(job), pipes: stdio.ours};
  } catch (error) {
    // Undoing may itself need descriptors, where few are allowed.
    descriptors.closeAll();
    undo.rollBack(ctx.log);
    throw error;
  } finally {
    descriptors.closeAll();
  }
}

function refuse(status: Status, {ignorePaused = false}: ExecOptions): void {
  if (status === 'stopped' || status === 'creating') throw new RuntsError(STOPPED);
  if (status === 'paused' && !ignorePaused) throw new RuntsError(PAUSED);
}

function openContainer({native}: Context, {init}: ContainerRecord): number {
  const pidfd = init === undefined ? undefined : openProcess(native, init);
  if (pidfd === undefined) throw new RuntsError(STOPPED);
  return pidfd;
}

/** Whatever went wrong, when the container has ended meanwhile that is why. */
function startUnlessStopped(job: Exec): Joined {
  try {
    return startJoining(job);
  } catch (error) {
    if (!job.ctx.native.pidfdWait(job.container, 0)) throw error;
    throw new RuntsError(STOPPED, {cause: error});
  }
}
