// The door to the kernel for one call: what is bound to the process that the caller has started, the launcher does, and all
// else this process. So the container is a child of the launcher, and has its limits, cgroup, session and the like.
import {errnoName} from '../container/hints.ts';
import {initProcessOf, killAndReap, letGo} from '../container/init-process.ts';
import type {SyscallFacts} from '../errors.ts';
import type {AgentNative, ExitStatus, Native, ProgramRequest, ProgramResult, Spawned, SpawnRequest} from '../native.ts';
import type {Connection} from './connection.ts';
import {FIRST_AGENT_FD} from './messages.ts';

/** How long a launcher may take for what takes no time: it may have been stopped. */
const PROMPT_MS = 10_000;

export interface CallNative extends Native {
  /** Whether the launcher has had to do anything. */
  readonly begun: boolean;
}

/** `program` is the sealed runts-init, `pid` the launcher's. */
export function launcherNative(native: AgentNative, connection: Connection, pid: number, program: number): CallNative {
  const wishes = {holdSignals: false, subreaper: false};
  let begun = false;
  const call: CallNative = {
    ...native,
    get begun() {
      return begun;
    },
    holdSignals: () => {
      wishes.holdSignals = true;
    },
    setSubreaper: (on) => {
      wishes.subreaper = on;
    },
    // What would be the runtime itself, which spares itself (cgroups/kill.ts).
    kill: (target, signal) => {
      if (target !== pid) native.kill(target, signal);
    },
    spawn: (request, meanwhile) => {
      begun = true;
      askForSpawn(connection, request, program, wishes);
      try {
        meanwhile?.();
      } catch (error) {
        endSpawned(call, connection);
        throw error;
      }
      return receiveSpawned(connection);
    },
    // Without a spawn the launcher has no children.
    reap: (pidfd) => (begun ? reap(connection, pidfd) : fail(10, 'waitid')),
    sendFd: (request) => sendFd(native, connection, request),
    runProgram: (request) => runProgram(native, connection, request),
    supervise: () => {
      throw new Error('the launcher supervises, and the agent does not wait for it');
    },
    exit: () => {
      throw new Error('the agent goes on');
    },
  };
  return call;
}

/** The fds that are this process's own, each once. */
export function travelling(numbers: readonly number[]): number[] {
  return [...new Set(numbers.filter((number) => number >= FIRST_AGENT_FD))];
}

function askForSpawn(
  connection: Connection,
  {plan, cloneFlags, cgroupFd, stdio, keepFds}: SpawnRequest,
  program: number,
  wishes: {readonly holdSignals: boolean; readonly subreaper: boolean},
): void {
  const numbers = travelling([cgroupFd, ...stdio, ...keepFds]);
  const fields = {...wishes, cloneFlags: BigInt(cloneFlags), cgroup: cgroupFd, stdio, keep: keepFds, numbers, plan};
  connection.send('spawn', fields, [program, ...numbers]);
}

function receiveSpawned(connection: Connection): Spawned {
  const answer = connection.receive('spawned', PROMPT_MS);
  const {pid, error, syscall} = answer.fields;
  const [pidfd, sync] = answer.fds;
  if (error !== 0 || pidfd === undefined || sync === undefined) return fail(error, syscall);
  return {pid, pidfd, sync};
}

/** Ends a process that is not wanted any more. What has happened before that is what counts. */
function endSpawned(native: Native, connection: Connection): void {
  try {
    const init = initProcessOf(receiveSpawned(connection));
    try {
      killAndReap(native, init);
    } finally {
      letGo(init);
    }
  } catch {
    // It has not come into being, or the launcher has gone, with which it ends.
  }
}

function reap(connection: Connection, pidfd: number): ExitStatus {
  // Somebody else has inherited it, and reaps it.
  if (!connection.alive) return {code: undefined, signal: undefined};
  connection.send('reap', {}, [pidfd]);
  const {code, signal, error} = connection.receive('reaped', PROMPT_MS).fields;
  return error === 0 ? statusOf(code, signal) : fail(error, 'waitid');
}

function statusOf(code: number, signal: number): ExitStatus {
  return signal === 0 ? {code, signal: undefined} : {code: undefined, signal};
}

function runProgram(native: AgentNative, connection: Connection, request: ProgramRequest): ProgramResult {
  // Undoing has hooks of its own.
  if (!connection.alive) return native.runProgram(request);
  const {path, args, env, cwd, stdin, timeoutMs} = request;
  connection.send('program', {path, args, env, cwd, input: Buffer.from(stdin), timeoutMs});
  const {code, signal, timedOut, output, errors, error, syscall} = connection.receive('ran', -1).fields;
  if (error !== 0) return fail(error, syscall, path);
  return {...statusOf(code, signal), timedOut, stdout: textOf(output), stderr: textOf(errors)};
}

/** Its receiver may take its time, and may look at who has sent it. */
function sendFd(native: AgentNative, connection: Connection, request: Parameters<Native['sendFd']>[0]): void {
  if (!connection.alive) {
    native.sendFd(request);
    return;
  }
  const {path, payload, fd} = request;
  connection.send('sendFd', {path, payload: Buffer.from(payload)}, fd < 0 ? [] : [fd]);
  const {error, syscall} = connection.receive('sent', -1).fields;
  if (error !== 0) fail(error, syscall, path);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** As the addon throws what a system call has failed with. */
function fail(errno: number, syscall: string, path?: string): never {
  const code = errnoName(errno);
  const facts: Partial<SyscallFacts> = {errno: -errno, code, syscall, ...(path === undefined ? {} : {path})};
  throw Object.assign(new Error(`${code}: ${syscall}`), facts);
}
