// What the command line asks of the library, and what it makes of the answers. The library is replaced.
import {beforeEach, describe, expect, it, vi} from 'vitest';
import type {Context} from '../../../src/context.ts';
import {ConfigError, RuntsError} from '../../../src/errors.ts';
import {cli} from './run-cli.ts';

const library = vi.hoisted(() => ({
  create: vi.fn(),
  start: vi.fn(),
  run: vi.fn(),
  state: vi.fn(),
  list: vi.fn(),
  kill: vi.fn(),
  remove: vi.fn(),
}));

vi.mock('../../../src/container/create.ts', () => ({create: library.create}));
vi.mock('../../../src/container/start.ts', () => ({start: library.start}));
vi.mock('../../../src/container/run.ts', () => ({beginRun: library.run}));
vi.mock('../../../src/container/state.ts', () => ({state: library.state}));
vi.mock('../../../src/container/list.ts', () => ({list: library.list}));
vi.mock('../../../src/container/kill.ts', () => ({kill: library.kill}));
vi.mock('../../../src/container/delete.ts', () => ({remove: library.remove}));

const web = {
  ociVersion: '1.3.0',
  id: 'web',
  pid: 7,
  status: 'running',
  bundle: '/b',
  rootfs: '/b/rootfs',
  created: '2026-11-20T13:41:30.780382223Z',
  owner: 'root',
};

const created = {noPivot: false, noNewKeyring: false, preserveFds: 0};

beforeEach(() => {
  vi.resetAllMocks();
  library.run.mockReturnValue(undefined);
  library.list.mockReturnValue([]);
  library.state.mockReturnValue(web);
});

describe('what engines send', () => {
  it('containerd: create', async () => {
    const argv = ['--root', '/run/containerd/runc/k8s', '--log', '@/log', '--log-format', 'json', 'create'];
    await cli([
      ...argv,
      '--bundle',
      '/b',
      '--pid-file',
      '/b/init.pid',
      '--console-socket',
      '/s',
      '--no-pivot',
      '--no-new-keyring',
      '--preserve-fds',
      '2',
      'web',
    ]);
    const [context, id, options] = library.create.mock.calls[0] as [Context, string, object];
    expect(context).toMatchObject({
      root: '/run/containerd/runc/k8s',
      pid: 4242,
      launch: {nofile: {soft: 1024n, hard: 4096n}},
    });
    expect([id, options]).toEqual([
      'web',
      {bundle: '/b', pidFile: '/b/init.pid', consoleSocket: '/s', noPivot: true, noNewKeyring: true, preserveFds: 2},
    ]);
  });

  it('conmon: create, with = and the bundle', async () => {
    await cli(['--root=/r', 'create', '--bundle', '/b', '--pid-file', '/p', 'web']);
    expect(library.create).toHaveBeenCalledWith(expect.objectContaining({root: '/r'}), 'web', {
      ...created,
      bundle: '/b',
      pidFile: '/p',
    });
  });

  it.each([
    [['kill', 'web'], 15, false],
    [['kill', 'web', '9'], 9, false],
    [['kill', 'web', 'KILL'], 9, false],
    [['kill', 'web', 'sigterm'], 15, false],
    [['kill', '--all', 'web', '9'], 9, true],
    [['kill', '-a', 'web', '9'], 9, true],
    [['kill', 'web', 'RTMIN+3'], 37, false],
  ])('%j', async (argv, signal, all) => {
    expect(await cli(argv)).toMatchObject({code: 0, stdout: '', stderr: ''});
    expect(library.kill).toHaveBeenCalledWith(expect.anything(), 'web', signal, {all});
  });

  it.each([
    [['delete', 'web'], false],
    [['delete', '--force', 'web'], true],
    [['delete', 'web', '--force'], true],
    [['delete', '-f', 'web'], true],
    [['delete', '--force=false', 'web'], false],
  ])('%j', async (argv, force) => {
    expect(await cli(argv)).toMatchObject({code: 0, stdout: '', stderr: ''});
    expect(library.remove).toHaveBeenCalledWith(expect.anything(), 'web', {force});
  });

  it('start', async () => {
    expect(await cli(['start', 'web'])).toMatchObject({code: 0, stdout: '', stderr: ''});
    expect(library.start).toHaveBeenCalledWith(expect.anything(), 'web');
  });
});

describe('create and run', () => {
  it('take the current directory for the bundle', async () => {
    await cli(['run', 'web'], {cwd: () => '/here'});
    expect(library.run).toHaveBeenCalledWith(expect.anything(), 'web', {
      ...created,
      bundle: '/here',
      detach: false,
      keep: false,
      noSubreaper: false,
    });
  });

  it('run stays with the program, and exits with its code', async () => {
    const foreground = {pipes: []};
    library.run.mockReturnValue(foreground);
    const stay = vi.fn().mockReturnValue(137);
    const argv = ['--root', '/r', 'run', '-d', '--keep', '-no-subreaper', 'web'];
    expect(await cli(argv, {stay})).toMatchObject({code: 137});
    expect(stay).toHaveBeenCalledWith(expect.objectContaining({root: '/r'}), foreground, ['--root', '/r']);
    expect(library.run.mock.calls[0]?.[2]).toMatchObject({detach: true, keep: true, noSubreaper: true});
  });

  it.each([
    ['create', library.create],
    ['run', library.run],
  ])('%s says which command failed', async (name, mock) => {
    mock.mockImplementation(() => {
      throw new RuntsError('container with given ID already exists');
    });
    const {code, stderr} = await cli(['--log', '@/log', name, 'web']);
    expect({code, stderr}).toEqual({code: 1, stderr: `runts ${name} failed: container with given ID already exists\n`});
  });

  it('show every problem of a config on a line of its own, and log them as one record', async () => {
    library.create.mockImplementation(() => {
      throw new ConfigError([
        {pointer: '/process/cwd', message: 'must be an absolute path, got "tmp"'},
        {pointer: '/root', message: 'is missing'},
      ]);
    });
    const text =
      'runts create failed: config.json#/process/cwd: must be an absolute path, got "tmp"\nconfig.json#/root: is missing';
    expect((await cli(['create', 'web'])).stderr).toBe(`${text}\n`);
    const {stderr, log} = await cli(['--log', '@/log', '--log-format', 'json', 'create', 'web']);
    expect(stderr).toBe(`${text}\n`);
    expect(log?.split('\n')).toHaveLength(2);
    expect(JSON.parse(log ?? '')).toMatchObject({msg: text});
    const textLog = (await cli(['--log', '@/log', 'create', 'web'])).log;
    expect(textLog).toContain('got \\"tmp\\"\\nconfig.json#/root: is missing"\n');
    expect(textLog?.split('\n')).toHaveLength(2);
  });

  it('create has systemd manage the cgroup with --systemd-cgroup', async () => {
    expect(await cli(['--systemd-cgroup', 'create', 'web'])).toMatchObject({code: 0, stderr: ''});
    expect(library.create.mock.calls[0]?.[2]).toMatchObject({systemdCgroup: true});
  });

  it('other commands accept --systemd-cgroup', async () => {
    expect(await cli(['--systemd-cgroup', 'kill', 'web', '9'])).toMatchObject({code: 0, stderr: ''});
  });
});

describe('list', () => {
  it('prints the header alone, null, or nothing when there is no container', async () => {
    expect((await cli(['list'])).stdout).toBe('ID          PID         STATUS      BUNDLE      CREATED     OWNER\n');
    expect((await cli(['list', '-f', 'json'])).stdout).toBe('null\n');
    expect((await cli(['list', '-q'])).stdout).toBe('');
  });

  it('refuses a --root that does not exist, but not a default one', async () => {
    const {code, stderr} = await cli(['--root', '/nonexistent', 'list']);
    expect(code).toBe(1);
    expect(stderr).toContain('--root /nonexistent: ENOENT (no such file or directory)');
    expect(await cli(['list'], {uid: 5, environment: {XDG_RUNTIME_DIR: '/nonexistent'}})).toMatchObject({code: 0});
  });
});

describe('warnings', () => {
  const warn = (context: Context): typeof web => {
    context.log.warn('something is odd');
    return web;
  };

  it('go to stderr, or to the log when there is one', async () => {
    library.start.mockImplementation(warn);
    expect(await cli(['start', 'web'])).toMatchObject({
      code: 0,
      stderr: 'time="2026-11-20T10:39:41Z" level=warning msg="something is odd"\n',
    });
    const logged = await cli(['--log', '@/log', 'start', 'web']);
    expect(logged.stderr).toBe('');
    expect(logged.log).toContain('level=warning msg="something is odd"');
  });

  it('never reach stderr for state, which containerd reads together with stdout', async () => {
    library.state.mockImplementation(warn);
    const {stdout, stderr} = await cli(['state', 'web']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(web);
    expect((await cli(['--log', '@/log', 'state', 'web'])).log).toContain('something is odd');
  });

  it('debug lines need --debug', async () => {
    library.start.mockImplementation((context: Context) => context.log.debug('details'));
    expect((await cli(['start', 'web'])).stderr).toBe('');
    expect((await cli(['--debug', 'start', 'web'])).stderr).toContain('level=debug msg=details\n');
  });
});

describe('defects', () => {
  it('ask for a report in one sentence, and show the stack with --debug only', async () => {
    library.start.mockImplementation(() => {
      throw new TypeError('x is not a function');
    });
    const plain = await cli(['--log', '@/log', 'start', 'web']);
    expect(plain).toMatchObject({code: 1});
    expect(plain.stderr).toBe(
      'unexpected TypeError: x is not a function: this is a defect of runts, please report it (--debug shows where it happened)\n',
    );
    expect(plain.log).not.toContain('commands.test.ts');
    expect((await cli(['--debug', '--log', '@/log', 'start', 'web'])).log).toContain('commands.test.ts');
  });

  it('a failed system call is told in words', async () => {
    library.start.mockImplementation(() => {
      throw Object.assign(new Error('raw'), {errno: -13, code: 'EACCES', syscall: 'open', path: '/run/runts'});
    });
    const {stderr} = await cli(['--log', '@/log', 'start', 'web']);
    expect(stderr).toBe('open /run/runts: EACCES (permission denied)\n');
  });
});
