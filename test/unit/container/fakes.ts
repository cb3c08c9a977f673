// A native addon that is told what runts-init says. Its containers' first processes are real ones (sleep), so that pids,
// start times and deaths are the kernel's own.
import {execFileSync, spawn as spawnProcess} from 'node:child_process';
import {fstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {constants, tmpdir} from 'node:os';
import {join} from 'node:path';
import {getSystemErrorMap} from 'node:util';
import {onTestFinished} from 'vitest';

import type {Context} from '../../../src/context.ts';
import {buildId} from '../../../src/generated/build-id.ts';
import type {ExitStatus, InitMessage, Native, ProgramRequest, ProgramResult} from '../../../src/native.ts';
import {sleep} from '../../../src/state/lock.ts';

/** A message, the end of file, or what happens to the spawned process in its place. */
export type Said = InitMessage | undefined | ((pid: number) => InitMessage | undefined);

export interface Script {
  /** What runts-init says, in order; then end of file. */
  readonly says?: readonly Said[];
  readonly hook?: (request: ProgramRequest) => ProgramResult;
  /** Throws, or does nothing. */
  readonly spawn?: () => void;
  readonly sendFd?: () => void;
  /** Which answers, counted from 0, nobody hears. */
  readonly deafTo?: number;
  readonly supervise?: () => ExitStatus;
}

export interface Fake {
  readonly native: Native;
  /** What was called, in order, in short. */
  readonly events: string[];
  /** pids of the processes that spawn() has started. */
  readonly pids: number[];
}

export const hello: InitMessage = {type: 'hello', build: buildId};
export const ready: InitMessage = {type: 'ready'};
export const hookOk: ProgramResult = {code: 0, signal: undefined, timedOut: false, stdout: '', stderr: ''};

export function failed(
  step: number,
  errno: number,
  rest: Partial<Record<'syscall' | 'object' | 'detail', string>> = {},
) {
  return {type: 'failed', step, errno, syscall: '', object: '', detail: '', ...rest} as const;
}

export function syscallError(code: string, syscall: string, path = ''): Error {
  const entry = [...getSystemErrorMap()].find(([, [name]]) => name === code);
  return Object.assign(new Error(`${code}: ${syscall}`), {errno: entry?.[0] ?? -1, code, syscall, path});
}

export function throwing(error: Error): () => never {
  return () => {
    throw error;
  };
}

/** runts-init is killed, and then `message` is read. */
export function dying(message?: InitMessage): Said {
  return (pid) => {
    process.kill(pid, 'SIGKILL');
    return message;
  };
}

/** A process that does nothing; it is killed when the test ends. */
export function idleProcess(): number {
  const child = spawnProcess('sleep', ['1000'], {stdio: 'ignore'});
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child.pid as number;
}

export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

export function fakeNative(script: Script = {}): Fake {
  const events: string[] = [];
  const pids: number[] = [];
  const pidfds = new Map<number, number>();
  const says = [...(script.says ?? [])];
  let answers = 0;
  const newPidfd = (pid: number): number => {
    const fd = openSync('/dev/null', 'r');
    pidfds.set(fd, pid);
    return fd;
  };
  const pidOf = (pidfd: number): number => pidfds.get(pidfd) as number;
  const native: Partial<Native> = {
    buildId,
    spawn(_, meanwhile) {
      meanwhile?.();
      script.spawn?.();
      events.push('spawn');
      const pid = idleProcess();
      pids.push(pid);
      return {pid, pidfd: newPidfd(pid), sync: openSync('/dev/null', 'r')};
    },
    receive() {
      const said = says.shift();
      return typeof said === 'function' ? said(pids.at(-1) as number) : said;
    },
    proceed() {
      events.push('proceed');
      return answers++ !== script.deafTo;
    },
    runProgram(request) {
      events.push(`hook ${request.path}`);
      return script.hook?.(request) ?? hookOk;
    },
    pidfdOpen(pid) {
      try {
        process.kill(pid, 0);
      } catch {
        throw syscallError('ESRCH', 'pidfd_open');
      }
      return newPidfd(pid);
    },
    pidfdSendSignal(pidfd, signal) {
      events.push(`signal ${signal}`);
      process.kill(pidOf(pidfd), signal);
    },
    pidfdWait(pidfd, timeoutMs) {
      const end = performance.now() + timeoutMs;
      while (isRunning(pidOf(pidfd))) {
        if (performance.now() >= end) return false;
        sleep(2);
      }
      return true;
    },
    reap() {
      events.push('reap');
      return {code: undefined, signal: constants.signals.SIGKILL};
    },
    flock: fakeFlock(),
    detachMount(path) {
      throw new Error(`there is nothing to be unmounted at ${path}`);
    },
    mkfifo(path, mode) {
      execFileSync('mkfifo', ['-m', mode.toString(8), path]);
    },
    sendFd({path, fd}) {
      events.push(fd < 0 ? `hang up ${path}` : `send ${path}`);
      if (fd >= 0) script.sendFd?.();
    },
    makePipe: () => ({read: openSync('/dev/null', 'r'), write: openSync('/dev/null', 'w')}),
    supervise: () => script.supervise?.() ?? {code: 0, signal: undefined},
    holdSignals: () => void events.push('holdSignals'),
    setSubreaper: (on) => void events.push(`setSubreaper ${on}`),
  };
  return {native: native as Native, events, pids};
}

/** flock(2) as far as one process can tell: a lock belongs to an open fd of that inode. */
function fakeFlock(): Native['flock'] {
  return (fd, mode) => {
    const key = String(fstatSync(fd).ino);
    const holder = locks.get(key);
    if (mode === 'unlock') {
      if (holder === fd) locks.delete(key);
      return true;
    }
    if (holder !== undefined && holder !== fd && isOpenOn(holder, key)) return false;
    locks.set(key, fd);
    return true;
  };
}

const locks = new Map<string, number>();

function isOpenOn(fd: number, inode: string): boolean {
  try {
    return String(fstatSync(fd).ino) === inode;
  } catch {
    return false;
  }
}

export interface TestContext extends Context {
  readonly logged: string[];
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'runts-unit-'));
  onTestFinished(() => rmSync(directory, {recursive: true, force: true}));
  return directory;
}

/** A context over a state root of its own (`<directory>/root`, not made yet). */
export function testContext(native: Native, overrides: Partial<Context> = {}): TestContext {
  const directory = overrides.cwd ?? temporaryDirectory();
  const logged: string[] = [];
  const log =
    (level: string) =>
    (message: string): void => {
      if (level !== 'debug') logged.push(`${level}: ${message}`);
    };
  return {
    stdin: 0,
    stdout: 1,
    stderr: 2,
    cwd: directory,
    env: {PATH: '/bin', USER: 'tester'},
    root: join(directory, 'root'),
    rootless: false,
    log: {debug: log('debug'), info: log('info'), warn: log('warning'), error: log('error')},
    now: () => new Date('2026-11-20T10:39:41.700Z'),
    launch: {nofile: {soft: 1024n, hard: 4096n}, inheritedFds: []},
    native,
    libexec: '/libexec',
    logged,
    ...overrides,
  };
}

/** A bundle in the context's cwd: `config` on top of a minimal one. Returns its path. */
export function makeBundle(ctx: Context, config: Record<string, unknown> = {}): string {
  const bundle = join(ctx.cwd, 'bundle');
  mkdirSync(join(bundle, 'rootfs'), {recursive: true});
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({...minimal, ...config}));
  return bundle;
}

const minimal = {
  ociVersion: '1.3.0',
  root: {path: 'rootfs'},
  process: {args: ['/bin/app'], cwd: '/', user: {uid: 0, gid: 0}, env: ['PATH=/bin']},
  annotations: {colour: 'blue'},
  linux: {namespaces: [{type: 'mount'}, {type: 'pid'}]},
};
