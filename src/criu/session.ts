// One criu that works for us ("criu swrk"): requests go to it over a socket, and so do its notifications come back. A
// session makes one request; criu ends with it.
import {closeSync} from 'node:fs';

import type {Context} from '../context.ts';
import {errnoText, hasCode, messageOf, RuntsError} from '../errors.ts';
import type {ExitStatus} from '../native.ts';
import {firstErrorOf} from './log.ts';
import {
  decodeResponse,
  encodeRequest,
  type Request,
  type RequestType,
  type Response,
  requestTypes,
} from './messages.ts';
import {findCriu} from './program.ts';

export type CriuContext = Pick<Context, 'native' | 'env' | 'log'>;

export interface SessionOptions {
  /** fd of a cgroup v2 directory to be born in, or -1. */
  readonly cgroupFd?: number;
  /** What becomes fds 0, 1 and 2 of criu, and so can be those of what it restores. */
  readonly stdio?: readonly number[];
  /** fds that criu inherits under their own numbers. */
  readonly keepFds?: readonly number[];
  /** A directory that is bound at another one, in a mount namespace of criu's own. */
  readonly root?: {readonly source: string; readonly target: string};
  /** Opened in that namespace. */
  readonly directories?: readonly string[];
}

/** fds are -1 once closed. */
export interface Session {
  readonly pid: number;
  pidfd: number;
  socket: number;
  /** A file with what it has complained of. */
  stderr: number;
  directories: readonly number[];
  /** How it ended, once it has been reaped. */
  exit: ExitStatus | undefined;
}

/** What criu tells in between; it goes on when this returns, and fails when it throws. Takes over the fds that come along. */
export type OnNotify = (script: string, pid: number, fds: readonly number[]) => void;

const SIGKILL = 9;

export function startCriu({native, env}: CriuContext, options: SessionOptions = {}): Session {
  const path = findCriu(env);
  const worker = native.startWorker({
    path,
    args: ['criu', 'swrk', '@'],
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    cgroupFd: options.cgroupFd ?? -1,
    stdio: options.stdio ?? [],
    keepFds: options.keepFds ?? [],
    root: options.root?.source ?? '',
    rootTarget: options.root?.target ?? '',
    directories: options.directories ?? [],
  });
  return {...worker, exit: undefined};
}

/** Makes a request and waits for its answer. `logFile` is where criu has its log, for the error. */
export function ask(
  ctx: CriuContext,
  session: Session,
  type: RequestType,
  request: Omit<Request, 'type'>,
  {logFile, onNotify}: {readonly logFile?: string; readonly onNotify?: OnNotify} = {},
): Response {
  const send = (message: Request): void => sendTo(ctx, session, message, logFile);
  send({type: requestTypes[type], ...request});
  for (;;) {
    const packet = receiveFrom(ctx, session);
    if (packet === undefined) throw died(ctx, session, logFile);
    const {response, fds} = packet;
    const failed = response.success !== true;
    if (failed || response.type !== requestTypes.notify) {
      closeAll(fds);
      if (failed) throw criuFailed(session, type, response, logFile);
      return response;
    }
    notify(onNotify, response, fds, send);
  }
}

function notify(
  onNotify: OnNotify | undefined,
  {notify: {script = '', pid = 0} = {}}: Response,
  fds: readonly number[],
  send: (message: Request) => void,
): void {
  let done = false;
  try {
    if (onNotify === undefined) closeAll(fds);
    else onNotify(script, pid, fds);
    done = true;
  } finally {
    // Told that we have failed, criu undoes what it has done so far.
    if (!done) trySending(send);
  }
  send({type: requestTypes.notify, notifySuccess: true});
}

function trySending(send: (message: Request) => void): void {
  try {
    send({type: requestTypes.notify, notifySuccess: false});
  } catch {
    // The error that made us give up is the one to tell.
  }
}

function sendTo(ctx: CriuContext, session: Session, message: Request, logFile: string | undefined): void {
  try {
    ctx.native.sendPacket(session.socket, encodeRequest(message));
  } catch (error) {
    throw hasCode(error, 'EPIPE', 'ECONNRESET') ? died(ctx, session, logFile) : error;
  }
}

function receiveFrom(
  {native}: CriuContext,
  session: Session,
): {readonly response: Response; readonly fds: readonly number[]} | undefined {
  const packet = native.receivePacket(session.socket);
  if (packet === undefined) return undefined;
  try {
    return {response: decodeResponse(packet.data), fds: packet.fds};
  } catch (error) {
    closeAll(packet.fds);
    throw new RuntsError(`criu sent what is no message: ${messageOf(error)}`, {cause: error});
  }
}

/** Waits for its end, which comes when nothing more is asked of it. Its answer counts, not its exit code: after a pre-dump it
 * would have gone on to the dump. */
export function endSession({native}: Pick<CriuContext, 'native'>, session: Session): ExitStatus {
  closeSocket(session);
  session.exit ??= native.reap(session.pidfd);
  return session.exit;
}

/** Ends it, whatever it is at. */
export function killSession({native}: Pick<CriuContext, 'native'>, session: Session): void {
  if (session.exit !== undefined) return;
  native.pidfdSendSignal(session.pidfd, SIGKILL);
  endSession({native}, session);
}

/** Closes what we hold of it. */
export function closeSession(session: Session): void {
  closeSocket(session);
  closeAll([session.pidfd, session.stderr, ...session.directories].filter((fd) => fd >= 0));
  session.pidfd = session.stderr = -1;
  session.directories = [];
}

function closeSocket(session: Session): void {
  if (session.socket >= 0) closeSync(session.socket);
  session.socket = -1;
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) closeSync(fd);
}

/** The words of runc, which engines and people know, then why. */
function criuFailed(session: Session, type: RequestType, response: Response, logFile: string | undefined): RuntsError {
  const name = type.replace(/[A-Z]/, (letter) => `_${letter}`).toUpperCase();
  const errno = response.errno ?? 0;
  return explained(
    `criu failed: type ${name} errno ${errno}${errno === 0 ? '' : `: ${errnoText(errno)}`}`,
    session,
    logFile,
    response.errorMessage,
  );
}

function died(ctx: CriuContext, session: Session, logFile: string | undefined): RuntsError {
  const {code, signal} = endSession(ctx, session);
  const how = signal === undefined ? `with status ${code}` : `of signal ${signal}`;
  return explained(`criu failed: it ended ${how} before it had answered`, session, logFile);
}

function explained(what: string, session: Session, logFile: string | undefined, message?: string): RuntsError {
  const logged = logFile === undefined ? undefined : firstErrorOf(logFile);
  const reason = logged ?? firstErrorOf(`/proc/self/fd/${session.stderr}`) ?? message;
  const log = logged === undefined ? '' : `\nlog file: ${logFile}`;
  return new RuntsError(`${what}${reason === undefined || reason === '' ? '' : `: ${reason}`}${log}`);
}
