// sd_notify(3) for programs in containers: they report to a socket of ours, and we tell the service manager that
// $NOTIFY_SOCKET names. Nothing but READY=1 gets through: whatever else a manager takes (MAINPID=, FDSTORE=) is not a container's
// to say. The socket's directory is in the state directory, and mounted into the container by `create`; the socket is made by
// `start`, or `run`, which stays to listen.
import {existsSync, mkdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Context} from '../context.ts';
import {messageOf} from '../errors.ts';
import {NOTIFY_SOCKET} from '../plan/notify.ts';
import {openProcess} from '../state/process.ts';
import type {ContainerRecord} from '../state/record.ts';
import {closeQuietly} from './descriptors.ts';

const DIRECTORY = 'notify';
/** As long as runc gives a manager to take in what was said (sd_notify_barrier(3)). */
const BARRIER_MS = 30_000;

/** A socket that a container's program can report to. */
export interface Notify {
  readonly listener: number;
  /** The manager's address: a path, or `@` and the name of an abstract socket. */
  readonly manager: string;
}

/** The address of whom to tell, if there is someone. */
function managerOf({env, log}: Pick<Context, 'env' | 'log'>): string | undefined {
  const address = env['NOTIFY_SOCKET'] ?? '';
  if (/^[/@]./.test(address)) return address;
  if (address !== '') log.warn(`NOTIFY_SOCKET=${address}: must be a path or @name, ignoring`);
  return undefined;
}

/** Makes the directory that is mounted into the container; undefined when nobody wants to be told. */
export function makeNotifyDirectory(ctx: Pick<Context, 'env' | 'log'>, stateDirectory: string): string | undefined {
  if (managerOf(ctx) === undefined) return undefined;
  const path = notifyDirectoryOf(stateDirectory);
  mkdirSync(path, {mode: 0o755});
  return path;
}

/** Where that is, if it is there. */
export function notifyDirectoryOf(stateDirectory: string): string {
  return join(stateDirectory, DIRECTORY);
}

/** Makes the socket, before the program begins. Undefined when nobody wants to be told. */
export function listenForReadiness(
  ctx: Pick<Context, 'env' | 'log' | 'native'>,
  stateDirectory: string,
): Notify | undefined {
  const manager = managerOf(ctx);
  if (manager === undefined) return undefined;
  const directory = notifyDirectoryOf(stateDirectory);
  if (!existsSync(directory)) {
    ctx.log.warn(
      'NOTIFY_SOCKET is set, but was not when the container was created: its program cannot tell when it is ready',
    );
    return undefined;
  }
  const path = join(directory, NOTIFY_SOCKET);
  // That of a `start` that was killed.
  rmSync(path, {force: true});
  return {listener: ctx.native.notifyListen(path), manager};
}

/** Waits until the program is ready, or has ended, and passes it on. The container runs: that nobody can be told is a
 * warning. No lock is held meanwhile. */
export function awaitReadiness(ctx: Pick<Context, 'log' | 'native'>, notify: Notify, {init}: ContainerRecord): void {
  const {listener, manager} = notify;
  const pidfd = init === undefined ? undefined : openProcess(ctx.native, init);
  try {
    if (init === undefined || pidfd === undefined || !ctx.native.notifyWait({listener, pidfd})) return;
    ctx.native.notifyManager({manager, pid: init.pid, barrierMs: BARRIER_MS});
  } catch (error) {
    ctx.log.warn(`cannot tell NOTIFY_SOCKET=${manager} that the container is ready: ${messageOf(error)}, ignoring`);
  } finally {
    closeQuietly(listener);
    if (pidfd !== undefined) closeQuietly(pidfd);
  }
}
