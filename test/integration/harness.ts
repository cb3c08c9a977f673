// A sandbox for each test: own directory, own state root, own container ids. When the test is over everything in it is
// deleted with `delete --force`, and the test fails if the machine still holds a trace of it.
import {spawn as spawnProcess, spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {closeSync, mkdirSync, openSync, readFileSync, rmdirSync, rmSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {test as base, inject} from 'vitest';
import {BINARY} from './binary.ts';
import {allCgroups, entries, leftovers, processesOf, read, until} from './inspect.ts';
import {makeRootfs} from './rootfs.ts';
import {defaultSpec, type Spec, toJson} from './spec.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Directory of this run: busybox, the programs of global-setup.ts and the sandboxes. */
    shared: string;
    /** Of the agent that all calls go to, with RUNTS_TEST_AGENT=1; else ''. */
    agentSocket: string;
  }
}

export {BINARY};
/** The suite is proven against runc: where runts is meant to differ, tests say so. */
export const isRunc = basename(BINARY) === 'runc';

export interface Outcome {
  readonly args: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text for stdin; without it stdin is /dev/null. */
  readonly input?: string;
  /** An open file of ours for stdin. */
  readonly stdin?: number;
  /** Open files of ours that become fds 3, 4, .. of the child. */
  readonly fds?: readonly number[];
  /** A command in front: `['prlimit', '--nofile=64:128']`. */
  readonly wrapper?: readonly string[];
  readonly timeout?: number;
}

export interface Running {
  readonly pid: number;
  readonly done: Promise<Outcome>;
  /** What it, and the containers that share its stdout, have written so far. */
  stdout(): string;
  stderr(): string;
}

export interface Bundle {
  readonly dir: string;
  readonly rootfs: string;
  readonly spec: Spec;
}

export interface State {
  readonly ociVersion: string;
  readonly id: string;
  readonly pid: number;
  readonly status: string;
  readonly bundle: string;
  readonly rootfs: string;
  readonly created: string;
  readonly annotations?: Record<string, string>;
  readonly owner: string;
}

export type Edit = (spec: Spec) => void;
export type Box = ReturnType<typeof makeBox>;
export type Container = ReturnType<Box['container']>;

function makeBox(shared: string, agentSocket: string) {
  const token = randomBytes(4).toString('hex');
  const dir = join(shared, token);
  const root = join(dir, 'state');
  const temp = join(dir, 'tmp');
  for (const path of [dir, root, temp, join(dir, 'io')]) mkdirSync(path);
  const agent = agentSocket === '' ? {RUNTS_AGENT: 'never'} : {RUNTS_AGENT_SOCKET: agentSocket};
  const environment = {PATH: process.env['PATH'] ?? '', HOME: '/root', TMPDIR: temp, RUNTS_TEST_TOKEN: token, ...agent};
  let counter = 0;
  const unique = (): string => `${token}-${++counter}`;

  const spawn = (command: readonly string[], options: RunOptions = {}): Running => {
    const io = join(dir, 'io', String(++counter));
    if (options.input !== undefined) writeFileSync(`${io}.in`, options.input);
    const stdin = openSync(options.input === undefined ? '/dev/null' : `${io}.in`, 'r');
    const [stdout, stderr] = [openSync(`${io}.out`, 'a'), openSync(`${io}.err`, 'a')];
    const [program = '', ...args] = [...(options.wrapper ?? []), ...command];
    const started = performance.now();
    const child = spawnProcess(program, args, {
      cwd: options.cwd ?? dir,
      env: {...environment, ...options.env},
      stdio: [options.stdin ?? stdin, stdout, stderr, ...(options.fds ?? [])],
    });
    for (const fd of [stdin, stdout, stderr]) closeSync(fd);
    const done = new Promise<Outcome>((fulfil, reject) => {
      const limit = options.timeout ?? 20_000;
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        const said = read(`${io}.out`) + read(`${io}.err`);
        reject(new Error(`still running after ${limit} ms: ${program} ${args.join(' ')}\n${said}`));
      }, limit);
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        const milliseconds = performance.now() - started;
        fulfil({args: command, code, signal, stdout: read(`${io}.out`), stderr: read(`${io}.err`), milliseconds});
      });
    });
    done.catch(() => {}); // a test that never looks at a background command is not an unhandled rejection
    return {pid: child.pid ?? -1, done, stdout: () => read(`${io}.out`), stderr: () => read(`${io}.err`)};
  };

  /** Runs any command of the host to its end. */
  const host = (command: readonly string[], options?: RunOptions): Promise<Outcome> => spawn(command, options).done;
  /** argv of the runtime, for a shell script or another command in front. */
  const command = (...args: string[]): string[] => [BINARY, '--root', root, ...args];
  const start = (args: readonly string[], options?: RunOptions): Running => spawn(command(...args), options);
  /** Runs the runtime to its end, whatever the outcome. */
  const runtime = (args: readonly string[], options?: RunOptions): Promise<Outcome> => start(args, options).done;
  /** The same, but anything but exit code 0 is an error. */
  const ok = async (args: readonly string[], options?: RunOptions): Promise<Outcome> =>
    succeeded(await runtime(args, options));

  const bundle = (args: readonly string[], edit?: Edit): Bundle => {
    const path = join(dir, `bundle${++counter}`);
    const rootfs = join(path, 'rootfs');
    mkdirSync(path);
    makeRootfs(rootfs, join(shared, 'busybox'));
    const spec = defaultSpec([...args]);
    edit?.(spec);
    writeFileSync(join(path, 'config.json'), toJson(spec));
    return {dir: path, rootfs, spec};
  };

  const state = async (id: string): Promise<State> => JSON.parse((await ok(['state', id])).stdout);

  /** A bundle and an id, with the commands bound to them. `command` is argv, or a script for the container's shell. */
  const container = (command: string | readonly string[], edit?: Edit) => {
    const id = unique();
    const made = bundle(typeof command === 'string' ? ['/bin/sh', '-c', command] : command, edit);
    let output = (): string => '';
    return {
      id,
      ...made,
      create: async (flags: readonly string[] = [], options?: RunOptions): Promise<Outcome> => {
        const running = start(['create', '--bundle', made.dir, ...flags, id], options);
        output = running.stdout;
        return succeeded(await running.done);
      },
      start: (): Promise<Outcome> => ok(['start', id]),
      state: (): Promise<State> => state(id),
      status: async (): Promise<string> => (await state(id)).status,
      kill: (...args: string[]): Promise<Outcome> => ok(['kill', id, ...args]),
      delete: (...flags: string[]): Promise<Outcome> => ok(['delete', ...flags, id]),
      /** What the container has written to the stdout that `create` gave it. */
      output: (): string => output(),
      stopped: (): Promise<true> => untilStopped(() => state(id)),
    };
  };

  /** `run` in the foreground; `command` as for container(). */
  const run = (
    command: string | readonly string[],
    edit?: Edit,
    options?: RunOptions & {flags?: readonly string[]},
  ) => {
    const {id, dir: path} = container(command, edit);
    return runtime(['run', '--bundle', path, ...(options?.flags ?? []), id], options);
  };

  /** What the container's script printed; the container must succeed. */
  const sh = async (script: string, edit?: Edit, options?: RunOptions): Promise<string> =>
    succeeded(await run(script, edit, options)).stdout.trimEnd();

  const close = async (check: boolean): Promise<void> => {
    const sandbox = {dir, token, root, temp};
    try {
      for (const id of entries(root).filter((name) => name.includes(token))) await runtime(['delete', '--force', id]);
      if (check) await until('clean', () => leftovers(sandbox).length === 0, 2000).catch(() => {});
      const found = leftovers(sandbox);
      if (check && found.length > 0) throw new Error(`left behind:\n${found.join('\n')}`);
    } finally {
      sweep(sandbox);
    }
  };

  return {
    token,
    dir,
    root,
    temp,
    unique,
    spawn,
    host,
    command,
    start,
    runtime,
    ok,
    bundle,
    state,
    container,
    run,
    sh,
    close,
    leftovers: () => leftovers({dir, token, root, temp}),
  };
}

/** Throws unless the exit code is 0. */
export function succeeded(outcome: Outcome): Outcome {
  if (outcome.code === 0) return outcome;
  const how = outcome.code === null ? `was killed by ${outcome.signal}` : `exited with ${outcome.code}`;
  throw new Error(`${outcome.args.slice(1).join(' ')} ${how}:\n${outcome.stderr}${outcome.stdout}`);
}

async function untilStopped(state: () => Promise<State>): Promise<true> {
  const deadline = performance.now() + 10_000;
  while ((await state()).status !== 'stopped') {
    if (performance.now() > deadline) throw new Error('the container did not stop');
  }
  return true;
}

/** Takes down what a failed test left, without the runtime's help. */
function sweep({dir, token}: {dir: string; token: string}): void {
  const cgroups = allCgroups().filter((path) => path.includes(token));
  for (const path of cgroups) {
    for (const [file, value] of [
      ['freezer.state', 'THAWED'],
      ['cgroup.freeze', '0'],
    ] as const) {
      if (read(join(path, file)) !== '') writeFileSync(join(path, file), value);
    }
  }
  for (let round = 0; round < 50; round++) {
    const processes = processesOf([dir, token]);
    if (processes.length === 0) break;
    for (const {pid} of processes) tryTo(() => process.kill(pid, 'SIGKILL'));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  const mounts = read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(dir));
  for (const line of mounts.reverse()) spawnSync('umount', ['-l', line.split(' ')[4] ?? '']);
  for (const path of cgroups.toReversed()) tryTo(() => rmdirSync(path));
  if (!read('/proc/self/mountinfo').includes(dir)) rmSync(dir, {recursive: true, force: true});
}

function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // Gone already.
  }
}

/** vitest's `test` with a sandbox: `test('..', async ({box}) => ..)`. */
export const test = base.extend<{box: Box}>({
  box: async ({task}, use) => {
    const box = makeBox(inject('shared'), inject('agentSocket'));
    await use(box);
    await box.close(task.result?.state !== 'fail');
  },
});

/** A claim that holds for runts and, on purpose, not for runc; `reason` says what runc does. */
export function runtsOnly(reason: string, claim: string, body: (box: Box) => Promise<void>, timeout?: number): void {
  test(
    claim,
    async ({box, skip}) => {
      skip(isRunc, reason);
      await body(box);
    },
    timeout,
  );
}

/** The text of the log or of stderr is one JSON object per line. */
export function jsonLines(path: string): Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
