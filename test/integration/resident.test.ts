// The resident agent: that calls go through it and nothing is different for it, and that every call which cannot is
// answered without it, or fails cleanly. The rest of the suite runs through an agent with RUNTS_TEST_AGENT=1.
import {once} from 'node:events';
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {connect, createServer} from 'node:net';
import {dirname, join} from 'node:path';
import {afterEach, describe, expect} from 'vitest';
import {messages} from '../../src/agent/messages.ts';
import {startAgent, type TestAgent} from './agent.ts';
import {type Box, BINARY, isRunc, type RunOptions, test as base} from './harness.ts';
import {field, read, until} from './inspect.ts';
import type {Spec} from './spec.ts';

interface Resident {
  readonly agent: TestAgent;
  /** Goes through the agent, or fails. */
  readonly always: (options?: RunOptions) => RunOptions;
  /** Goes through it if it can. */
  readonly auto: (options?: RunOptions) => RunOptions;
}

const agents: TestAgent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) {
    tryKill(agent.pid, 'SIGCONT');
    if (read(`/proc/${agent.pid}/stat`) !== '') await agent.stop();
  }
});

async function residentIn(
  box: Box,
  {binary = BINARY, flags = []}: {binary?: string; flags?: string[]} = {},
): Promise<Resident> {
  const agent = await startAgent(binary, box.dir, flags);
  agents.push(agent);
  const using =
    (mode: string) =>
    (options: RunOptions = {}): RunOptions => {
      return {...options, env: {RUNTS_AGENT: mode, RUNTS_AGENT_SOCKET: agent.socket, ...options.env}};
    };
  return {agent, always: using('always'), auto: using('auto')};
}

/** What is left in the sandbox, but for its agent. */
function remains(box: Box): string[] {
  return box.leftovers().filter((line) => !line.includes('/agent/'));
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

const test = base.skipIf(isRunc);

describe('a call that the agent answers', () => {
  test('agent: a whole life, with the very output of a call without it', async ({box}) => {
    const {agent, always} = await residentIn(box);
    const it = box.container('echo out; echo err >&2; exec sleep 100');
    const by = (...args: string[]) => box.ok(args, always());
    await by('create', '--bundle', it.dir, it.id);
    for (const args of [['state', it.id], ['list'], ['list', '--format', 'json'], ['list', '--quiet']]) {
      expect(await by(...args)).toMatchObject({stdout: (await box.ok(args)).stdout, stderr: '', code: 0});
    }
    await by('start', it.id);
    const inside = await box.runtime(['exec', it.id, 'sh', '-c', 'echo $PPID; echo oops >&2; exit 7'], always());
    expect(inside).toMatchObject({stdout: '0\n', stderr: 'oops\n', code: 7});
    await by('pause', it.id);
    expect(await it.status()).toBe('paused');
    await by('resume', it.id);
    await by('kill', it.id, 'KILL');
    await it.stopped();
    await by('delete', it.id);
    expect(remains(box)).toEqual([]);
    expect(await agent.stop()).toMatchObject({answered: 11, declined: 0});
  });

  test('agent: errors are those of a call without it, on stderr, in the log and as exit code', async ({box}) => {
    const {always} = await residentIn(box);
    const it = box.container(['/no/such']);
    for (const args of [
      ['run', '--bundle', it.dir, it.id],
      ['exec', it.id, 'true'],
      ['start', it.id],
      ['state', 'a/b'],
      ['create', '--bundle', '/nowhere', it.id],
      ['delete'],
      ['kill', it.id, 'NOSUCH'],
    ]) {
      const direct = await box.runtime(args);
      const {code, stdout, stderr} = await box.runtime(args, always());
      const timeless = (text: string): string => text.replace(/time="[^"]*"/g, '');
      expect({args, code, stdout, stderr: timeless(stderr)}).toEqual({
        args,
        code: direct.code,
        stdout: direct.stdout,
        stderr: timeless(direct.stderr),
      });
      expect(code).not.toBe(0);
    }
    const log = join(box.dir, 'log');
    await box.runtime(['--log', log, '--log-format', 'json', 'state', 'nosuch'], always());
    expect(JSON.parse(read(log))).toMatchObject({level: 'error', msg: 'container does not exist'});
  });

  test('agent: the container is a child of the process that the caller has started', async ({box}) => {
    const {always} = await residentIn(box);
    const it = box.container('sleep 100');
    const running = box.start(['run', '--bundle', it.dir, it.id], always());
    await until('a container', async () => (await box.runtime(['state', it.id])).stdout.includes('"running"'));
    const {pid} = await it.state();
    expect(field(read(`/proc/${pid}/status`), 'PPid')).toBe(String(running.pid));
    expect(readlinkSync(`/proc/${running.pid}/exe`)).toBe(BINARY);
    await it.kill('KILL');
    expect(await running.done).toMatchObject({code: 137});
    expect(remains(box)).toEqual([]);
  });

  test('agent: relative paths, the working directory and the umask are those of the caller', async ({box}) => {
    const {always} = await residentIn(box);
    const it = box.container('umask');
    const wrapper = ['sh', '-c', 'umask 027; exec "$@"', 'sh'];
    const args = ['--log', 'my.log', 'create', '--pid-file', 'my.pid', it.id];
    await box.ok(args, always({cwd: it.dir, wrapper}));
    expect(read(join(it.dir, 'my.pid'))).toBe(String((await it.state()).pid));
    expect((await box.host(['stat', '-c', '%a', 'my.pid', 'my.log'], {cwd: it.dir})).stdout).toBe('640\n640\n');
  });

  test('agent: a checkpoint will know the streams of the caller', async ({box}) => {
    const {always} = await residentIn(box);
    const it = box.container('sleep 100');
    const input = join(it.dir, 'input');
    writeFileSync(input, '');
    const stdin = openSync(input, 'r');
    await box.ok(['create', '--bundle', it.dir, it.id], always({stdin}));
    closeSync(stdin);
    const {pid} = await it.state();
    const {stdio} = JSON.parse(read(join(box.root, it.id, 'state.json')));
    expect(stdio).toEqual([0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)));
    expect(stdio[0]).toBe(input);
  });

  test('agent: hooks have every variable of the caller, whatever its name', async ({box}) => {
    const {always} = await residentIn(box);
    const it = box.container('true', (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/sh', args: ['sh', '-c', 'env >env']}]};
    });
    await box.ok(['run', '--bundle', it.dir, it.id], always({env: {constructor: 'a', toString: 'b'}}));
    expect(read(join(it.dir, 'env')).split('\n')).toEqual(expect.arrayContaining(['constructor=a', 'toString=b']));
  });

  test('agent: a container gets as many fds as there may be, beside those of its making', async ({box}) => {
    const {always} = await residentIn(box);
    // The caller may have some from whoever has started the tests.
    const fds = Array<number>(180).fill(openSync('/dev/null', 'r'));
    const options = {...always(), fds, flags: ['--preserve-fds', '180']};
    const count = 'ls -l /proc/self/fd | grep -c /dev/null';
    const joined = (spec: Spec): void => {
      spec.linux.namespaces = spec.linux.namespaces.map(({type}) =>
        type === 'ipc' || type === 'uts' ? {type, path: `/proc/self/ns/${type}`} : {type},
      );
    };
    expect(await box.sh(count, joined, options)).toBe('180');
    closeSync(fds[0] as number);
  });

  test('agent: it keeps no fd and no process of its calls, whatever becomes of them', async ({box}) => {
    const {agent, always} = await residentIn(box);
    const good = box.container('true');
    const bad = box.container(['/no/such']);
    const hooked = box.container('true', (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/false'}]};
    });
    const round = async (): Promise<number> => {
      for (const {dir, id} of [good, bad, hooked]) await box.runtime(['run', '--bundle', dir, id], always());
      await box.runtime(['exec', 'nosuch', 'true'], always());
      await box.runtime(['run', '--bundle', good.dir, good.id], always({wrapper: ['setpriv', '--no-new-privs']}));
      return readdirSync(`/proc/${agent.pid}/fd`).length;
    };
    const before = await round();
    for (let times = 0; times < 5; times++) expect(await round()).toBe(before);
    expect(read(`/proc/${agent.pid}/task/${agent.pid}/children`)).toBe('');
  });
});

describe('a call that goes without the agent', () => {
  const reasons: readonly [string, (box: Box, resident: Resident) => RunOptions | Promise<RunOptions>, RegExp][] = [
    [
      'in another mount namespace',
      () => ({wrapper: ['unshare', '--mount']}),
      /its namespaces are not those of its caller/,
    ],
    [
      'in another network namespace',
      () => ({wrapper: ['unshare', '--net']}),
      /its namespaces are not those of its caller/,
    ],
    [
      'with fewer capabilities',
      () => ({wrapper: ['setpriv', '--bounding-set', '-sys_boot']}),
      /its credentials are not those of its caller/,
    ],
    [
      'with no_new_privs',
      () => ({wrapper: ['setpriv', '--no-new-privs']}),
      /its credentials are not those of its caller/,
    ],
    [
      'in another group',
      () => ({wrapper: ['setpriv', '--groups', '1234']}),
      /its credentials are not those of its caller/,
    ],
    [
      'of another user',
      () => ({wrapper: ['setpriv', '--reuid', '1234', '--clear-groups'], env: {XDG_RUNTIME_DIR: '/tmp'}}),
      /its socket (does not exist|, or the directory of that, belongs to another user)/,
    ],
    ['with many files open', () => ({fds: Array<number>(200).fill(0)}), /more than 192 file descriptors are open/],
    ['with few files allowed', () => ({wrapper: ['prlimit', '--nofile=100:100']}), /limit of open files/],
    ['with NOTIFY_SOCKET', () => ({env: {NOTIFY_SOCKET: '@nobody'}}), /NOTIFY_SOCKET/],
    [
      'when others may write to the directory of the socket',
      async (box, {agent}) => {
        await box.host(['chmod', '777', dirname(agent.socket)]);
        return {};
      },
      /open to others/,
    ],
    [
      'when there is no agent',
      async (_, {agent}) => {
        await agent.stop();
        return {};
      },
      /its socket does not exist/,
    ],
    [
      'when it was killed',
      async (_, {agent}) => {
        await agent.kill();
        return {};
      },
      /nobody listens on its socket/,
    ],
  ];
  for (const [what, prepare, reason] of reasons) {
    test(`agent: ${what}`, async ({box}) => {
      const resident = await residentIn(box);
      const options = await prepare(box, resident);
      const refused = await box.runtime(['list'], resident.always(options));
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(reason);
      expect(await box.runtime(['--root', box.root, 'list', '--quiet'], resident.auto(options))).toMatchObject({
        stdout: '',
        stderr: '',
        code: 0,
      });
    });
  }

  test('agent: of another installation', async ({box}) => {
    const {always, auto} = await residentIn(box);
    const other = join(box.dir, 'other');
    mkdirSync(other);
    for (const name of readdirSync(dirname(BINARY))) {
      if (name !== 'runts') symlinkSync(join(dirname(BINARY), name), join(other, name));
    }
    cpSync(BINARY, join(other, 'runts'));
    const command = [join(other, 'runts'), '--root', box.root, 'list', '--quiet'];
    expect((await box.host(command, always())).stderr).toContain('it belongs to another installation');
    expect(await box.host(command, auto())).toMatchObject({stdout: '', stderr: '', code: 0});
  });

  test('agent: of a command that it does not answer', async ({box}) => {
    const {agent, auto} = await residentIn(box);
    expect((await box.ok(['--version'], auto())).stdout).toContain('runts version');
    expect((await box.ok(['state', '--help'], auto())).stdout).toContain('container-id');
    expect((await agent.stop()).declined).toBe(2);
  });

  test('agent: that never asks for it', async ({box}) => {
    const {agent, auto} = await residentIn(box);
    await box.ok(['list'], auto({env: {RUNTS_AGENT: 'never'}}));
    expect(await agent.stop()).toMatchObject({answered: 0, declined: 0});
  });

  test('agent: that is busy, with a hook that takes its time', async ({box}) => {
    const {always, auto} = await residentIn(box);
    const it = box.container('true', (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/sleep', args: ['sleep', '3']}]};
    });
    const running = box.start(['run', '--bundle', it.dir, it.id], always());
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await box.ok(['list'], auto())).milliseconds).toBeLessThan(2000);
    expect(await running.done).toMatchObject({code: 0});
  });

  test('agent: that is stopped, and does not do it again when it goes on', async ({box}) => {
    const {agent, auto} = await residentIn(box);
    process.kill(agent.pid, 'SIGSTOP');
    const it = box.container(['/bin/sleep', '100']);
    await box.ok(['create', '--bundle', it.dir, it.id], auto());
    await it.delete('--force');
    process.kill(agent.pid, 'SIGCONT');
    await box.ok(['list'], auto());
    expect((await agent.stop()).answered).toBeLessThanOrEqual(1);
    expect(remains(box)).toEqual([]);
  });
});

describe('a call that is broken off', () => {
  const withHook = (box: Box, script: string) =>
    box.container('sleep 100', (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/sh', args: ['sh', '-c', script]}]};
    });

  test('agent: killed in mid-call: the call fails and says what to do, and delete --force removes the rest', async ({
    box,
  }) => {
    const {agent, always} = await residentIn(box);
    const it = withHook(box, `kill -9 ${agent.pid}; sleep 1`);
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id], always());
    expect(outcome).toMatchObject({code: 1, stdout: ''});
    expect(outcome.stderr).toMatch(/runts create failed: the runts agent.* has (gone|ended) while it was at work/);
    await box.ok(['delete', '--force', it.id]);
    rmSync(dirname(agent.socket), {recursive: true});
    await until('nothing left', () => remains(box).length === 0);
  });

  test('agent: stopped in mid-call: the same', async ({box}) => {
    const {agent, always} = await residentIn(box);
    const it = withHook(box, `kill -STOP ${agent.pid}`);
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id], always());
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(`the runts agent (process ${agent.pid}) has been stopped while it was at work`);
    process.kill(agent.pid, 'SIGCONT');
    // It learns that its caller has gone, and undoes what it has begun.
    await until('an end', async () => (await box.runtime(['state', it.id])).stderr.includes('does not exist'));
  });

  test('agent: its caller killed in mid-call: all is undone', async ({box}) => {
    const {agent, always} = await residentIn(box);
    const it = withHook(box, 'kill -9 $PPID; sleep 0.1');
    expect((await box.runtime(['create', '--bundle', it.dir, it.id], always())).signal).toBe('SIGKILL');
    await until('an end', async () => (await box.runtime(['state', it.id])).stderr.includes('does not exist'));
    expect((await box.ok(['list'], always())).code).toBe(0);
    expect((await agent.stop()).answered).toBe(2);
  });

  test('agent: killed while a program runs in the foreground: nobody notices', async ({box}) => {
    const {agent, auto} = await residentIn(box);
    const it = box.container('read line; echo "$line"; exit 5');
    const running = box.start(
      ['run', '--bundle', it.dir, it.id],
      auto({wrapper: ['sh', '-c', '(sleep 1; echo hello) | "$@"', 'sh']}),
    );
    await until('a container', async () => (await box.runtime(['state', it.id])).stdout.includes('"running"'));
    process.kill(agent.pid, 'SIGKILL');
    expect(await running.done).toMatchObject({code: 5, stdout: 'hello\n', stderr: ''});
    rmSync(dirname(agent.socket), {recursive: true});
    expect(remains(box)).toEqual([]);
  });
});

describe('the agent itself', () => {
  test('agent: only one listens on a socket; one that was killed is succeeded', async ({box}) => {
    const {agent} = await residentIn(box);
    const second = await box.host([BINARY, 'agent', '--socket', agent.socket]);
    expect(second).toMatchObject({code: 1, stderr: expect.stringContaining('listens on')});
    process.kill(agent.pid, 'SIGKILL');
    await until('its end', () => read(`/proc/${agent.pid}/stat`) === '');
    const {always} = await residentIn(box);
    await box.ok(['list'], always());
  });

  test('agent: the socket is for its user only, and gone when it has ended', async ({box}) => {
    const {agent} = await residentIn(box);
    expect((await box.host(['stat', '-c', '%a %u', agent.socket])).stdout).toBe('600 0\n');
    await agent.stop();
    expect(readdirSync(dirname(agent.socket))).not.toContain('socket');
  });

  test('agent: it hears nothing of what a stranger says', async ({box}) => {
    const {agent, always} = await residentIn(box);
    const stranger = connect(agent.socket);
    const [words] = await once(stranger, 'data');
    expect(String(words)).toContain('it belongs to another installation');
    await box.ok(['list'], always());
    stranger.destroy();
    expect(await agent.stop()).toMatchObject({answered: 1, declined: 1});
  });

  test('agent: whoever makes pauses in a message holds it up for a moment only', async ({box}) => {
    const {agent, always, auto} = await residentIn(box);
    // A connection of what is a launcher when the agent looks at it, used by another process.
    const program = [
      'import os, signal, socket, struct, sys, time',
      's = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.set_inheritable(True)',
      'launcher = os.getpid()',
      'if os.fork(): os.execv(sys.argv[2], [sys.argv[2], "list"])',
      'while os.readlink(f"/proc/{launcher}/exe") != sys.argv[2]: pass',
      'os.kill(launcher, signal.SIGSTOP); print("ready", flush=True)',
      'try:',
      '  for byte in struct.pack("=III", 0, 1000, 0) + bytes(100): s.send(bytes([byte])); time.sleep(0.2)',
      'except BrokenPipeError: print("dropped", flush=True)',
      'os.kill(launcher, signal.SIGCONT)',
    ].join('\n');
    process.kill(agent.pid, 'SIGSTOP');
    const slow = box.spawn(['python3', '-c', program, agent.socket, BINARY], auto());
    await until('a slow launcher', () => slow.stdout().includes('ready'));
    process.kill(agent.pid, 'SIGCONT');
    await until('an answer', async () => (await box.runtime(['list'], always())).code === 0, 12_000);
    await until('its end', () => slow.stdout().includes('dropped'));
    await slow.done;
  });

  test('agent: what makes no sense is not taken for an answer', async ({box}) => {
    const folder = join(box.dir, 'liar');
    mkdirSync(folder, {mode: 0o700});
    const socket = join(folder, 'socket');
    const number = Object.keys(messages).indexOf('exit');
    // An exit whose body ends after the code.
    const answer = Buffer.from(Uint32Array.of(number, 4, 0, 0).buffer);
    const liar = createServer((connection) => connection.on('error', () => {}).end(answer)).listen(socket);
    await once(liar, 'listening');
    await box.host(['chmod', '600', socket]);
    const outcome = await box.runtime(['list'], {env: {RUNTS_AGENT: 'auto', RUNTS_AGENT_SOCKET: socket}});
    liar.close();
    expect(outcome).toMatchObject({code: 1, stdout: ''});
    expect(outcome.stderr).toContain('the runts agent has said what makes no sense');
  });

  test('agent: two in one directory, with the start script', async ({box}) => {
    const script = join(import.meta.dirname, '../../service/runts-agent');
    const folder = join(box.dir, 'two');
    const act = (name: string, what: string) =>
      box.host(['sh', script, what], {env: {RUNTS: BINARY, RUNTS_AGENT_SOCKET: join(folder, name)}});
    for (const name of ['one', 'other']) expect(await act(name, 'start')).toMatchObject({code: 0, stderr: ''});
    await act('one', 'stop');
    await until('its end', async () => (await act('one', 'status')).code === 3);
    expect((await act('other', 'status')).stdout).toContain('runs (process');
    const env = {RUNTS_AGENT: 'always', RUNTS_AGENT_SOCKET: join(folder, 'other')};
    await box.ok(['list'], {env});
    await act('other', 'stop');
    await until('the end of both', () => !read('/proc/net/unix').includes(folder));
  });

  test('agent: ends when nobody has called for long enough', async ({box}) => {
    const {agent} = await residentIn(box, {flags: ['--idle-exit', '300ms']});
    await until('its end', () => read(`/proc/${agent.pid}/cmdline`) === '');
  });

  test('agent: ends when another runts is installed, and does not answer the new one', async ({box}) => {
    const copy = join(box.dir, 'copy');
    cpSync(dirname(BINARY), copy, {recursive: true, verbatimSymlinks: true});
    rmSync(join(copy, 'node'));
    symlinkSync(join(dirname(BINARY), 'node'), join(copy, 'node'));
    const binary = join(copy, 'runts');
    const {agent, always, auto} = await residentIn(box, {binary});
    const command = [binary, '--root', box.root, 'list', '--quiet'];
    expect((await box.host(command, always())).code).toBe(0);
    writeFileSync(join(copy, 'runts.new'), read(join(copy, 'runts.cjs')));
    renameSync(join(copy, 'runts.new'), join(copy, 'runts.cjs'));
    expect(await box.host(command, auto())).toMatchObject({stdout: '', stderr: '', code: 0});
    await until('its end', () => read(`/proc/${agent.pid}/cmdline`) === '');
  });

  test('agent: takes a socket of a service manager', async ({box}) => {
    const folder = join(box.dir, 'activated');
    mkdirSync(folder, {mode: 0o700});
    const socket = join(folder, 'socket');
    const program = [
      'import os, socket, sys',
      's = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o600); s.listen(8)',
      'os.dup2(s.fileno(), 3); os.set_inheritable(3, True)',
      'os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")',
      'os.execv(sys.argv[2], [sys.argv[2], "agent", "--idle-exit", "2s"])',
    ].join('\n');
    const agent = box.spawn(['python3', '-c', program, socket, BINARY], {env: {RUNTS_AGENT: 'never'}});
    // A call does not wait for as long as an agent takes to start.
    const env = {RUNTS_AGENT: 'always', RUNTS_AGENT_SOCKET: socket};
    await until('an answer', async () => (await box.runtime(['list'], {env})).code === 0);
    expect((await agent.done).code).toBe(0);
  });
});
