// The terminal's way to whoever will use it: over --console-socket, or to ourselves in a foreground `run`.
import type {Context} from '../context.ts';
import {errnoText, isSyscallError, RuntsError} from '../errors.ts';
import {absolutePath} from './bundle.ts';
import {closeQuietly} from './descriptors.ts';
import type {UndoStack} from './rollback.ts';

/** Refuses a console socket that is missing or of no use. */
export function checkTerminal(terminal: boolean, detached: boolean, consoleSocket: string | undefined): void {
  if (terminal && detached && consoleSocket === undefined) {
    throw new RuntsError('cannot allocate tty if runts will detach without setting console socket');
  }
  if (consoleSocket !== undefined && !(terminal && detached)) {
    throw new RuntsError('cannot use console socket if runts will not detach or allocate tty');
  }
}

/** Sends the master side of the container's pty: one message with its name and one fd. */
function sendMaster(ctx: Pick<Context, 'cwd' | 'native'>, consoleSocket: string, master: number, name: string): void {
  const path = absolutePath(ctx, consoleSocket);
  try {
    // Receivers only log the name, but an empty message looks like an end of file to them.
    ctx.native.sendFd({path, payload: name === '' ? '/dev/ptmx' : name, fd: master});
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw new RuntsError(
      `cannot send the terminal to the console socket ${path}: ${error.syscall}: ${errnoText(error.errno)}`,
      {cause: error},
    );
  }
}

/** What becomes of the master side of a terminal: sent away over the console socket (then `sent` is called, and -1 returned),
 * or kept for our own relay. */
export function placeMaster(
  ctx: Pick<Context, 'cwd' | 'native'>,
  consoleSocket: string | undefined,
  master: number,
  name: string,
  {undo, sent}: {readonly undo: UndoStack; readonly sent: () => void},
): number {
  if (consoleSocket === undefined) {
    ctx.native.leaveNewlines(master);
    undo.push('close the terminal', () => closeQuietly(master));
    return master;
  }
  try {
    sendMaster(ctx, consoleSocket, master, name);
    sent();
    return -1;
  } finally {
    closeQuietly(master);
  }
}

/** Sends a pidfd of a process that was just made; the message is runc's word for its kind: "standard" of a container's first
 * one, "setns" of one that exec adds. */
export function sendPidfd(
  ctx: Pick<Context, 'cwd' | 'native'>,
  socket: string,
  pidfd: number,
  payload: 'standard' | 'setns',
): void {
  const path = absolutePath(ctx, socket);
  try {
    ctx.native.sendFd({path, payload, fd: pidfd});
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw new RuntsError(`cannot send the pidfd to the socket ${path}: ${error.syscall}: ${errnoText(error.errno)}`, {
      cause: error,
    });
  }
}

/** Has a failure hang up the console socket, unless its receiver has got the terminal by then. */
export function hangUpOnFailure(
  ctx: Pick<Context, 'cwd' | 'native'>,
  undo: UndoStack,
  consoleSocket: string | undefined,
  progress: {readonly masterSent: boolean},
): void {
  undo.push('hang up the console socket', () => {
    if (consoleSocket !== undefined && !progress.masterSent) hangUp(ctx, consoleSocket);
  });
}

/** Connects to the console socket and leaves it: a receiver that waits for its one connection must not
 * wait for ever. There being no fd to send is an error of the send, which comes after the connect; it is no news. */
function hangUp(ctx: Pick<Context, 'cwd' | 'native'>, consoleSocket: string): void {
  try {
    ctx.native.sendFd({path: absolutePath(ctx, consoleSocket), payload: '-', fd: -1});
  } catch {
    // See above; or nobody listens any more, which is as good.
  }
}
