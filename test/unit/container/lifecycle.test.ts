import {existsSync, openSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, describe, expect, it, vi} from 'vitest';

import * as cgroups from '../../../src/cgroups/index.ts';
import type {CgroupRecord} from '../../../src/cgroups/record.ts';
import {create} from '../../../src/container/create.ts';
import {remove} from '../../../src/container/delete.ts';
import {kill} from '../../../src/container/kill.ts';
import {list} from '../../../src/container/list.ts';
import {run} from '../../../src/container/run.ts';
import {start} from '../../../src/container/start.ts';
import {state} from '../../../src/container/state.ts';
import {RuntsError} from '../../../src/errors.ts';
import {buildId} from '../../../src/generated/build-id.ts';
import {compilePlan} from '../../../src/plan/compile.ts';
import {readRecord} from '../../../src/state/store.ts';
import {builtLibexec} from '../seccomp/addon.ts';
import {
  dying,
  failed,
  fakeNative,
  hello,
  hookOk,
  idleProcess,
  isRunning,
  makeBundle,
  ready,
  type Said,
  type Script,
  syscallError,
  testContext,
  throwing,
} from './fakes.ts';

vi.mock('../../../src/cgroups/index.ts');
vi.mock('../../../src/plan/compile.ts');
vi.mock('../../../src/plan/encode.ts', () => ({encodePlan: () => new Uint8Array()}));

const record: CgroupRecord = {version: 1, paths: {memory: '/sys/fs/cgroup/memory/of-the-test'}, ancestors: []};

beforeEach(() => {
  vi.resetAllMocks();
  vi.mocked(cgroups.readLayout).mockReturnValue({mode: 'v1', hierarchies: []});
  vi.mocked(cgroups.resolveCgroup).mockReturnValue(record);
  vi.mocked(cgroups.processes).mockReturnValue([]);
  vi.mocked(cgroups.applyResources).mockReturnValue([]);
  vi.mocked(compilePlan).mockImplementation(({options: {gate}}) => ({
    cloneFlags: 0,
    warnings: [],
    steps: [
      {op: 'rootfs', at: '/root/path', path: '/rootfs', slot: -1, onHost: false},
      {op: 'runtimeHooks', at: '/hooks'},
      {op: 'ready', at: ''},
      ...(gate === undefined ? [] : [{op: 'gate', at: '', ...gate} as const]),
      {op: 'exec', at: '/process/args', args: ['/bin/app'], env: [], uid: 0, preserve: 0},
    ],
  }));
});

/** Records the calls of the cgroup functions among those of the addon. */
function traceCgroups(events: string[]): void {
  vi.mocked(cgroups.createRest).mockImplementation(() => void events.push('createRest'));
  vi.mocked(cgroups.removeCgroup).mockImplementation(() => void events.push('removeCgroup'));
}

function prepared(script: Script, config: Record<string, unknown> = {}) {
  const fake = fakeNative(script);
  const ctx = testContext(fake.native);
  traceCgroups(fake.events);
  return {...fake, ctx, bundle: makeBundle(ctx, config)};
}

/** A container whose program waits for start; the gate's other side is held open as runts-init would. */
function created(says: readonly Said[] = [], config: Record<string, unknown> = {}) {
  const all = prepared({says: [hello, ready, undefined, ...says]}, config);
  create(all.ctx, 'web', {bundle: all.bundle});
  for (const fifo of ['exec.fifo', 'result.fifo']) openSync(join(all.ctx.root, 'web', fifo), 'r+');
  return all;
}

const hooks = {
  prestart: [{path: '/hooks/prestart'}],
  createRuntime: [{path: '/hooks/createRuntime'}],
  poststart: [{path: '/hooks/poststart'}],
  poststop: [{path: '/hooks/poststop'}],
};

describe('create', () => {
  it('sends the listener of its seccomp filter to the agent, or undoes all', () => {
    const linux = {
      namespaces: [{type: 'mount'}, {type: 'pid'}],
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        listenerPath: '/run/agent.sock',
        syscalls: [{names: ['mkdir'], action: 'SCMP_ACT_NOTIFY'}],
      },
    };
    const says = (): Said[] => [hello, {type: 'seccomp', fd: openSync('/dev/null', 'r')}, ready];
    const well = prepared({says: says()}, {linux});
    create({...well.ctx, libexec: builtLibexec()}, 'web', {bundle: 'bundle'});
    expect(well.events).toEqual(['createRest', 'spawn', 'proceed', 'send /run/agent.sock', 'proceed', 'proceed']);

    const sendFd = throwing(syscallError('ECONNREFUSED', 'connect'));
    const bad = prepared({says: says(), sendFd}, {linux});
    expect(() => create({...bad.ctx, libexec: builtLibexec()}, 'web', {bundle: 'bundle'})).toThrow(
      '/linux/seccomp/listenerPath: failed to connect with seccomp agent at /run/agent.sock',
    );
    expect(readdirSync(bad.ctx.root).filter((name) => !name.includes('@'))).toEqual([]);
    expect(isRunning(bad.pids[0] as number)).toBe(false);
  });

  it('goes from the cgroup over the first process to the record, in order', () => {
    const {ctx, bundle, events, pids} = prepared({says: [hello, {type: 'runtimeHooks'}, ready]}, {hooks});
    create(ctx, 'web', {bundle: 'bundle', pidFile: 'pid'});
    expect(events).toEqual([
      'createRest',
      'spawn',
      'proceed',
      'hook /hooks/prestart',
      'hook /hooks/createRuntime',
      'proceed',
      'proceed',
    ]);
    expect(state(ctx, 'web')).toEqual({
      ociVersion: '1.3.0',
      id: 'web',
      pid: pids[0],
      status: 'created',
      bundle,
      rootfs: join(bundle, 'rootfs'),
      created: '2026-11-20T10:39:41.7Z',
      annotations: {colour: 'blue'},
      owner: '',
    });
    expect(readFileSync(join(ctx.cwd, 'pid'), 'utf8')).toBe(String(pids[0]));
    expect(ctx.logged).toEqual([]);
  });

  it('needs nothing of the bundle any more once it has returned', () => {
    const {ctx} = created();
    const {hooks: kept, afterGate} = readRecord(ctx, 'web');
    expect(kept).toEqual({poststart: [], poststop: []});
    expect(afterGate).toEqual({
      index: 3,
      steps: [
        {op: 'gate', at: '', what: 'wait for start', file: 'config.json'},
        {op: 'exec', at: '/process/args', what: 'exec /bin/app', name: '/bin/app', file: 'config.json'},
      ],
    });
  });

  it('refuses an id that is taken, and leaves its container alone', () => {
    const {ctx, bundle, events} = created();
    const before = [...events];
    expect(() => create(ctx, 'web', {bundle})).toThrow('container with given ID already exists');
    expect(events).toEqual(before);
    expect(state(ctx, 'web').status).toBe('created');
  });

  it('refuses a cgroup that holds processes, and touches neither', () => {
    const {ctx, bundle, events} = prepared({});
    vi.mocked(cgroups.processes).mockReturnValue([1, 2]);
    expect(() => create(ctx, 'web', {bundle})).toThrow("container's cgroup is not empty: 2 process(es) found");
    expect(events).toEqual([]);
    expect(readdirSync(ctx.root)).toEqual([]);
  });

  it('goes on with the process that a fork of the plan has left', () => {
    const second = idleProcess();
    const {ctx, bundle, pids, events} = prepared({says: [hello, {type: 'pid', pid: second}, ready]});
    create(ctx, 'web', {bundle, pidFile: 'pid'});
    expect(events.filter((event) => event === 'reap')).toHaveLength(1);
    expect(state(ctx, 'web').pid).toBe(second);
    expect(second).not.toBe(pids[0]);
    expect(readFileSync(join(ctx.cwd, 'pid'), 'utf8')).toBe(String(second));
  });

  it('sends the terminal to the console socket', () => {
    const master = openSync('/dev/null', 'r');
    const process = {args: ['sh'], cwd: '/', user: {uid: 0, gid: 0}, terminal: true};
    const says: Said[] = [hello, {type: 'console', fd: master, name: '/dev/pts/0'}, ready];
    const {ctx, bundle, events} = prepared({says}, {process});
    create(ctx, 'web', {bundle, consoleSocket: 'tty.sock'});
    expect(events).toContain(`send ${join(ctx.cwd, 'tty.sock')}`);
    expect(events).not.toContain(`hang up ${join(ctx.cwd, 'tty.sock')}`);
  });

  it('logs what runts-init warns of', () => {
    const warning = {type: 'warning', step: 0, errno: 38, syscall: 'keyctl', object: 'x', detail: ''} as const;
    const {ctx, bundle} = prepared({says: [hello, warning, ready]});
    create(ctx, 'web', {bundle});
    expect(ctx.logged).toEqual([
      expect.stringMatching(/^warning: config\.json#\/root\/path: mount the root filesystem .*ENOSYS.*, ignoring$/),
    ]);
  });
});

describe('create undoes everything when it fails', () => {
  const refused = (): Error => new RuntsError('refused');
  interface Failure {
    readonly what: string;
    readonly script?: Script;
    readonly arrange?: () => void;
    readonly options?: {pidFile?: string; consoleSocket?: string};
    readonly config?: Record<string, unknown>;
    readonly error: string;
    /** From the failure on. */
    readonly undone: readonly string[];
  }
  const endOfInit = ['signal 9', 'reap', 'removeCgroup'];
  const failures: readonly Failure[] = [
    {
      what: 'the plan',
      arrange: () => vi.mocked(compilePlan).mockImplementation(throwing(refused())),
      error: 'refused',
      undone: [],
    },
    {
      what: 'making the cgroup',
      arrange: () => vi.mocked(cgroups.createEntrance).mockImplementation(throwing(refused())),
      error: 'refused',
      undone: [],
    },
    {
      what: 'making the rest of the cgroup',
      arrange: () => vi.mocked(cgroups.createRest).mockImplementation(throwing(refused())),
      error: 'refused',
      undone: ['removeCgroup'],
    },
    {
      what: 'limiting the cgroup',
      arrange: () => vi.mocked(cgroups.applyResources).mockImplementation(throwing(refused())),
      error: 'refused',
      undone: ['createRest', 'removeCgroup'],
    },
    {
      what: 'the spawn',
      script: {spawn: throwing(syscallError('ENOSPC', 'clone3'))},
      error:
        "start the container's first process: clone3: ENOSPC (no space left on device): user.max_*_namespaces or the " +
        'nesting limit of namespaces is reached; the disk is not full',
      undone: ['createRest', 'removeCgroup'],
    },
    {
      what: 'another build of runts-init',
      script: {says: [{type: 'hello', build: 'other'}]},
      error: `runts-init is of build other, this runts of build ${buildId}: install both anew`,
      undone: ['createRest', 'spawn', ...endOfInit],
    },
    {
      what: 'silence',
      script: {says: [hello, throwing(syscallError('ETIMEDOUT', 'recv'))]},
      error: "the container's first process has said nothing for 120 s",
      undone: ['createRest', 'spawn', 'proceed', ...endOfInit],
    },
    {
      what: 'a step',
      script: {says: [hello, failed(0, 13, {syscall: 'open_tree', object: '/rootfs'})]},
      error: 'config.json#/root/path: mount the root filesystem /rootfs: EACCES (permission denied)',
      undone: ['createRest', 'spawn', 'proceed', ...endOfInit],
    },
    {
      what: 'a createRuntime hook',
      config: {hooks},
      script: {
        says: [hello, {type: 'runtimeHooks'}],
        hook: ({path}) => (path.endsWith('Runtime') ? {...hookOk, code: 1, stdout: 'out\n', stderr: 'err\n'} : hookOk),
      },
      error:
        'config.json#/hooks/createRuntime/0: error running createRuntime hook #0: exit status 1, stdout: out, stderr: err',
      undone: [
        ...['createRest', 'spawn', 'proceed', 'hook /hooks/prestart', 'hook /hooks/createRuntime'],
        ...endOfInit,
        'hook /hooks/poststop',
      ],
    },
    {
      what: 'the pid file',
      script: {says: [hello, ready]},
      options: {pidFile: 'no/such/directory/pid'},
      error: 'cannot write the pid file ',
      undone: ['createRest', 'spawn', 'proceed', ...endOfInit],
    },
    {
      what: 'the death of runts-init',
      script: {says: [hello, dying()]},
      error: "the container's first process was killed by SIGKILL",
      undone: ['createRest', 'spawn', 'proceed', 'reap', 'removeCgroup'],
    },
    {
      what: 'the commit',
      script: {says: [hello, dying(ready)], deafTo: 1},
      options: {pidFile: 'pid'},
      error: "the container's first process was killed by SIGKILL",
      undone: ['createRest', 'spawn', 'proceed', 'proceed', 'reap', 'removeCgroup'],
    },
    {
      what: 'something after the commit',
      script: {says: [hello, ready, failed(3, 5, {syscall: 'read', object: 'exec.fifo'})]},
      options: {pidFile: 'pid'},
      error: 'wait for start: read exec.fifo: EIO (i/o error)',
      undone: ['createRest', 'spawn', 'proceed', 'proceed', ...endOfInit],
    },
  ];

  it.each(failures)('at $what', ({script = {}, arrange, options = {}, config = {}, error, undone}) => {
    const {ctx, bundle, events, pids} = prepared(script, config);
    arrange?.();
    expect(() => create(ctx, 'web', {bundle, ...options})).toThrow(error);
    expect(events).toEqual(undone);
    expect(readdirSync(ctx.root)).toEqual([]);
    expect(existsSync(join(ctx.cwd, 'pid'))).toBe(false);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(ctx.logged).toEqual([]);
    // And the id is free again.
    expect(() => state(ctx, 'web')).toThrow('container does not exist');
  });

  it('tells the first error, and what could not be undone as warnings', () => {
    const {ctx, bundle, pids} = prepared({says: [hello, failed(0, 22, {detail: "e tmpfs: Bad value for 'size'"})]});
    vi.mocked(cgroups.removeCgroup).mockImplementation(throwing(new RuntsError('still busy')));
    expect(() => create(ctx, 'web', {bundle})).toThrow(
      "config.json#/root/path: mount the root filesystem /rootfs: EINVAL (invalid argument): tmpfs: Bad value for 'size'",
    );
    expect(ctx.logged).toEqual(['warning: cannot remove the cgroup after the failure: still busy, ignoring']);
    expect(readdirSync(ctx.root)).toEqual([]);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('hangs up the console socket when the terminal was never sent', () => {
    const process = {args: ['sh'], cwd: '/', user: {uid: 0, gid: 0}, terminal: true};
    const {ctx, bundle, events} = prepared({says: [hello, failed(0, 2)]}, {process});
    expect(() => create(ctx, 'web', {bundle, consoleSocket: 'tty.sock'})).toThrow();
    expect(events.at(-1)).toBe(`hang up ${join(ctx.cwd, 'tty.sock')}`);
  });

  it('says that the OOM killer was at work', () => {
    const {ctx, bundle} = prepared({says: [hello, dying()]});
    writeFileSync(join(ctx.cwd, 'memory.oom_control'), 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n');
    vi.mocked(cgroups.resolveCgroup).mockReturnValue({version: 1, paths: {memory: ctx.cwd}, ancestors: []});
    expect(() => create(ctx, 'web', {bundle})).toThrow('container init was OOM-killed (memory limit too low?)');
  });
});

describe('start', () => {
  it('opens the gate and runs the poststart hooks', () => {
    const {ctx, events, pids} = created([], {hooks});
    events.length = 0;
    start(ctx, 'web');
    expect(events).toEqual(['hook /hooks/poststart']);
    expect(state(ctx, 'web')).toMatchObject({status: 'running', pid: pids[0]});
    expect(readdirSync(join(ctx.root, 'web'))).toEqual(['config.json', 'state.json']);
  });

  it('refuses what is running, paused or stopped, in words that engines know', () => {
    const {ctx, pids} = created();
    vi.mocked(cgroups.isFrozen).mockReturnValue(true);
    expect(() => start(ctx, 'web')).toThrow('cannot start a container in the paused state');
    vi.mocked(cgroups.isFrozen).mockReturnValue(false);
    start(ctx, 'web');
    expect(() => start(ctx, 'web')).toThrow('cannot start an already running container');
    process.kill(pids[0] as number, 'SIGKILL');
    while (isRunning(pids[0] as number));
    expect(() => start(ctx, 'web')).toThrow('cannot start a container that has stopped');
    expect(() => start(ctx, 'other')).toThrow('container does not exist');
  });

  it('tells why the program could not be executed, and leaves a stopped container', () => {
    const message = failed(4, 8, {syscall: 'execve', object: '/bin/app', detail: '\x1felf64 machine 183'});
    const {ctx} = created([dying(message)]);
    expect(() => start(ctx, 'web')).toThrow(
      'config.json#/process/args: exec /bin/app: exec format error: it is built for another architecture, aarch64',
    );
    expect(state(ctx, 'web').status).toBe('stopped');
    remove(ctx, 'web');
    expect(readdirSync(ctx.root)).toEqual([]);
  });

  it('destroys the container when a poststart hook fails', () => {
    const script: Script = {
      says: [hello, ready],
      hook: ({path}) => (path === '/hooks/poststart' ? {...hookOk, code: undefined, signal: 11} : hookOk),
    };
    const {ctx, bundle, events, pids} = prepared(script, {hooks});
    create(ctx, 'web', {bundle});
    for (const fifo of ['exec.fifo', 'result.fifo']) openSync(join(ctx.root, 'web', fifo), 'r+');
    expect(() => start(ctx, 'web')).toThrow('error running poststart hook #0: signal: SIGSEGV, stdout: , stderr: ');
    expect(events.slice(-4)).toEqual(['signal 9', 'reap', 'removeCgroup', 'hook /hooks/poststop']);
    expect(readdirSync(ctx.root)).toEqual([]);
    expect(pids.filter(isRunning)).toEqual([]);
  });
});

describe('kill', () => {
  it('signals the first process, and only it', () => {
    const {ctx, events} = created();
    kill(ctx, 'web', 0, {});
    kill(ctx, 'web', 18, {});
    expect(events.slice(-2)).toEqual(['signal 0', 'signal 18']);
    expect(cgroups.killAll).not.toHaveBeenCalled();
  });

  it('never signals a process that got the pid later', () => {
    const {ctx, events, pids} = created();
    const path = join(ctx.root, 'web', 'state.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"startTime":\d+/, '"startTime":1'));
    events.length = 0;
    expect(() => kill(ctx, 'web', 9, {})).toThrow('container not running');
    remove(ctx, 'web', {force: true});
    expect(events).toEqual(['removeCgroup']);
    expect(isRunning(pids[0] as number)).toBe(true);
  });

  it('takes a pid from before a reboot for none', () => {
    const {ctx} = created();
    const path = join(ctx.root, 'web', 'state.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"bootId":"[^"]*"/, '"bootId":"earlier"'));
    expect(state(ctx, 'web').status).toBe('stopped');
  });

  it('says "container not running" of a stopped one, but not with --all', () => {
    const {ctx, pids} = created();
    process.kill(pids[0] as number, 'SIGKILL');
    while (isRunning(pids[0] as number));
    expect(() => kill(ctx, 'web', 15, {})).toThrow('container not running');
    expect(() => kill(ctx, 'web', 9, {all: true})).not.toThrow();
  });

  it('sends SIGKILL to the whole cgroup when the pid namespace is shared', () => {
    const {ctx} = created([], {linux: {namespaces: [{type: 'mount'}]}});
    vi.mocked(cgroups.processes).mockReturnValue([1]);
    kill(ctx, 'web', 15, {});
    expect(cgroups.killAll).not.toHaveBeenCalled();
    kill(ctx, 'web', 9, {});
    expect(cgroups.killAll).toHaveBeenCalledWith(record, 9, ctx.native);
  });

  it('thaws a paused container that is to die', () => {
    const {ctx} = created();
    vi.mocked(cgroups.isFrozen).mockReturnValue(true);
    kill(ctx, 'web', 18, {});
    expect(cgroups.thaw).not.toHaveBeenCalled();
    kill(ctx, 'web', 9, {});
    expect(cgroups.thaw).toHaveBeenCalledWith(record);
  });
});

describe('delete', () => {
  it('ends a created container and removes everything, poststop hooks last', () => {
    const {ctx, events, pids} = created([], {hooks});
    events.length = 0;
    remove(ctx, 'web');
    expect(events).toEqual(['signal 9', 'reap', 'removeCgroup', 'hook /hooks/poststop']);
    expect(readdirSync(ctx.root)).toEqual([]);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('refuses a running or paused container without --force', () => {
    const {ctx, pids} = created();
    start(ctx, 'web');
    expect(() => remove(ctx, 'web')).toThrow('cannot delete container web that is not stopped: running');
    vi.mocked(cgroups.isFrozen).mockReturnValue(true);
    expect(() => remove(ctx, 'web')).toThrow('cannot delete container web that is not stopped: paused');
    remove(ctx, 'web', {force: true});
    expect(cgroups.thaw).toHaveBeenCalledWith(record);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(readdirSync(ctx.root)).toEqual([]);
  });

  it('runs every poststop hook, and warns of those that fail', () => {
    const poststop = [{path: '/a'}, {path: '/b'}];
    const script: Script = {says: [hello, ready], hook: ({path}) => (path === '/a' ? {...hookOk, code: 2} : hookOk)};
    const {ctx, bundle, events} = prepared(script, {hooks: {poststop}});
    create(ctx, 'web', {bundle});
    remove(ctx, 'web');
    expect(events.slice(-2)).toEqual(['hook /a', 'hook /b']);
    expect(ctx.logged).toEqual([
      'warning: config.json#/hooks/poststop/0: error running poststop hook #0: exit status 2, stdout: , stderr: , ignoring',
    ]);
  });

  it('takes a missing container for success only with --force', () => {
    const {ctx} = prepared({});
    expect(() => remove(ctx, 'web')).toThrow('container does not exist');
    expect(() => remove(ctx, 'web', {force: true})).not.toThrow();
    expect(() => remove(ctx, '../x', {force: true})).toThrow('invalid container ID format: "../x"');
  });

  it('cleans what a killed create has left', () => {
    const {ctx, pids} = created();
    const path = join(ctx.root, 'web', 'state.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"status":"created"', '"status":"creating"'));
    expect(state(ctx, 'web').status).toBe('creating');
    vi.mocked(cgroups.processes).mockReturnValue([4711]);
    remove(ctx, 'web', {force: true});
    expect(cgroups.killAll).toHaveBeenCalledWith(record, 9, ctx.native);
    expect(cgroups.removeCgroup).toHaveBeenCalledWith(record);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(readdirSync(ctx.root)).toEqual([]);
  });

  it('keeps the state when the cgroup cannot be removed, so that it can be tried again', () => {
    const {ctx} = created();
    vi.mocked(cgroups.removeCgroup).mockImplementationOnce(throwing(new RuntsError('still busy')));
    expect(() => remove(ctx, 'web')).toThrow("unable to remove container's cgroup: still busy");
    expect(state(ctx, 'web').status).toBe('stopped');
    remove(ctx, 'web');
    expect(readdirSync(ctx.root)).toEqual([]);
  });

  it('says so when the first process does not die', () => {
    const {ctx} = created();
    const native = {...ctx.native, pidfdWait: () => false};
    expect(() => remove({...ctx, native}, 'web')).toThrow('container init still running');
    expect(state(ctx, 'web').id).toBe('web');
  });
});

describe('run', () => {
  it('waits, returns the exit code and leaves nothing', () => {
    const {ctx, bundle, events, pids} = prepared({
      says: [hello, ready],
      supervise() {
        // What happens to a container whose program ends: it is reaped by supervise().
        expect(state(ctx, 'web').status).toBe('running');
        return {code: 3, signal: undefined};
      },
    });
    expect(run(ctx, 'web', {bundle})).toBe(3);
    expect(events.slice(0, 2)).toEqual(['holdSignals', 'setSubreaper true']);
    expect(readdirSync(ctx.root)).toEqual([]);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('returns 128 + the signal that ended the program', () => {
    const {ctx, bundle} = prepared({says: [hello, ready], supervise: () => ({code: undefined, signal: 15})});
    expect(run(ctx, 'web', {bundle, noSubreaper: true})).toBe(143);
  });

  it('keeps the container when asked to', () => {
    const {ctx, bundle} = prepared({says: [hello, ready]});
    expect(run(ctx, 'web', {bundle, keep: true})).toBe(0);
    expect(state(ctx, 'web').id).toBe('web');
  });

  it('returns at once when detached', () => {
    const {ctx, bundle, events} = prepared({says: [hello, ready]});
    expect(run(ctx, 'web', {bundle, detach: true})).toBe(0);
    expect(events).not.toContain('holdSignals');
    expect(state(ctx, 'web').status).toBe('running');
  });

  it('undoes everything when the program cannot be executed', () => {
    const detail = '/lib/ld-nope.so';
    const says = [hello, ready, failed(3, 2, {syscall: 'execve', object: '/bin/app', detail})];
    const {ctx, bundle, pids} = prepared({says});
    expect(() => run(ctx, 'web', {bundle})).toThrow(
      'exec /bin/app: no such file or directory: its interpreter /lib/ld-nope.so does not exist in the container',
    );
    expect(readdirSync(ctx.root)).toEqual([]);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('only warns when it cannot clean up, as the exit code is what counts', () => {
    const {ctx, bundle} = prepared({says: [hello, ready], supervise: () => ({code: 7, signal: undefined})});
    vi.mocked(cgroups.removeCgroup).mockImplementation(throwing(new RuntsError('still busy')));
    expect(run(ctx, 'web', {bundle})).toBe(7);
    expect(ctx.logged).toEqual([
      "warning: cannot delete container web: unable to remove container's cgroup: still busy, ignoring",
    ]);
  });
});

describe('list', () => {
  it('shows every container with the name of its owner, and warns of broken ones', () => {
    const {ctx, native} = {...created()};
    writeFileSync(join(ctx.root, 'web', 'state.json'), readFileSync(join(ctx.root, 'web', 'state.json')));
    const broken = prepared({says: [hello, ready]});
    const there = {...ctx, native, cwd: broken.ctx.cwd};
    create({...there, native: broken.native}, 'broken', {bundle: broken.bundle});
    writeFileSync(join(ctx.root, 'broken', 'state.json'), '{"version":1');
    const states = list(ctx);
    expect(states.map(({id}) => id)).toEqual(['web']);
    expect(states[0]?.owner).not.toBe('');
    expect(ctx.logged).toHaveLength(1);
    expect(ctx.logged[0]).toMatch(/^warning: container broken: .*state\.json is damaged: .*, ignoring$/);
  });

  it('passes over a container that is just being made', () => {
    const {ctx, bundle} = prepared({
      says: [
        hello,
        () => {
          expect(list(ctx)).toEqual([]);
          expect(() => state(ctx, 'web')).toThrow('container does not exist');
          return ready;
        },
      ],
    });
    create(ctx, 'web', {bundle});
    expect(list(ctx)).toHaveLength(1);
    expect(ctx.logged).toEqual([]);
  });

  it('is empty when the state root does not exist', () => {
    expect(list(prepared({}).ctx)).toEqual([]);
  });
});
