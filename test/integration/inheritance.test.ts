// What the container gets from whoever called the runtime, and that nothing of the runtime itself gets in: file
// descriptors, limits, signals, umask. Node changes all of these for itself; nobody may notice.
import {closeSync, openSync, readdirSync, readlinkSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Edit, runtsOnly, test} from './harness.ts';
import {field, limit, processesOf, read, until} from './inspect.ts';

/** Runs `probe` as the program of a container whose runtime was called through `wrapper`. */
async function probed(box: Box, probe: string, wrapper: readonly string[], edit?: Edit): Promise<string> {
  const it = box.container(probe, edit);
  const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper});
  expect(outcome.stderr).toBe('');
  return outcome.stdout.trimEnd();
}

/** The pid of a container that was created, and not started, through `wrapper`. */
async function createdThrough(box: Box, wrapper: readonly string[]): Promise<number> {
  const it = box.container(['/bin/sleep', '100']);
  await it.create([], {wrapper});
  return (await it.state()).pid;
}

describe('file descriptors', () => {
  test('fds: the program has 0, 1 and 2 and no other', async ({box}) => {
    // ls itself opens the directory as 3.
    expect(await box.sh('ls /proc/self/fd')).toBe('0\n1\n2\n3');
    expect(await box.sh('ls /proc/1/fd; true')).toBe('0\n1\n2');
  });

  test('fds: a started container has no other either', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    await it.start();
    expect(readdirSync(`/proc/${(await it.state()).pid}/fd`).sort()).toEqual(['0', '1', '2']);
  });

  test('fds: those that the caller left open are closed, whatever their numbers', async ({box}) => {
    const files = [3, 4, 5, 6, 7, 8].map(() => openSync('/etc/passwd', 'r'));
    const it = box.container('ls /proc/1/fd; true');
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {fds: files});
    expect(outcome.stdout).toBe('0\n1\n2\n');
    for (const wrapper of [['sh', '-c', 'exec 9</etc/passwd; exec "$@"', 'sh']]) {
      expect(await probed(box, 'ls /proc/1/fd; true', wrapper)).toBe('0\n1\n2');
    }
    files.forEach(closeSync);
  });

  test('fds: the created process holds no directory of the host', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const {pid} = await it.state();
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => statSync(`/proc/${pid}/fd/${fd}`));
    const directories = open.filter((status) => status.isDirectory()).map(({dev, ino}) => `${dev}:${ino}`);
    for (const path of ['/', '/proc', '/sys/fs/cgroup', '/tmp', box.dir, box.root, join(box.root, it.id), it.dir]) {
      const {dev, ino} = statSync(path);
      expect(directories, path).not.toContain(`${dev}:${ino}`);
    }
  });

  test('fds: stdin, stdout and stderr are the very files of the caller', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    const input = join(box.dir, 'input');
    writeFileSync(input, 'text');
    const stdin = openSync(input, 'r');
    await it.create([], {stdin});
    closeSync(stdin);
    const {pid} = await it.state();
    await it.start();
    expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe(input);
    expect(readlinkSync(`/proc/${pid}/fd/1`)).toMatch(/\/io\/\d+\.out$/);
    expect(readlinkSync(`/proc/${pid}/fd/2`)).toMatch(/\/io\/\d+\.err$/);
  });

  test('fds: --preserve-fds passes exactly that many', async ({box}) => {
    const names = ['three', 'four', 'five', 'six'];
    const files = names.map((name) => {
      writeFileSync(join(box.dir, name), `${name}\n`);
      return openSync(join(box.dir, name), 'r');
    });
    const it = box.container('ls /proc/1/fd; cat <&3; cat <&4');
    const outcome = await box.runtime(['run', '--preserve-fds', '2', '--bundle', it.dir, it.id], {fds: files});
    files.forEach(closeSync);
    expect(outcome).toMatchObject({stdout: '0\n1\n2\n3\n4\nthree\nfour\n', stderr: '', code: 0});
  });

  test('fds: preserved ones survive create and start', async ({box}) => {
    writeFileSync(join(box.dir, 'three'), 'three\n');
    const fd = openSync(join(box.dir, 'three'), 'r');
    const it = box.container('ls /proc/1/fd; cat <&3');
    await it.create(['--preserve-fds=1'], {fds: [fd]});
    closeSync(fd);
    await it.start();
    await it.stopped();
    expect(it.output()).toBe('0\n1\n2\n3\nthree\n');
  });

  runtsOnly('runc 1.1 does not look', 'fds: one to preserve that is not open is an error', async (box) => {
    const it = box.container(['/bin/true']);
    const wrapper = ['sh', '-c', 'exec 3>&- 4>&-; exec "$@"', 'sh'];
    const outcome = await box.runtime(['create', '--preserve-fds', '2', '--bundle', it.dir, it.id], {wrapper});
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/preserved?-fd|file descriptor 3|fd 3/i);
    expect(box.leftovers()).toEqual([]);
  });

  test('fds: sockets are activated with LISTEN_FDS and LISTEN_PID', async ({box}) => {
    writeFileSync(join(box.dir, 'three'), 'three\n');
    const fd = openSync(join(box.dir, 'three'), 'r');
    const it = box.container('ls /proc/1/fd; echo $LISTEN_FDS $LISTEN_PID $$');
    const wrapper = ['sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', 'sh'];
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper, fds: [fd]});
    closeSync(fd);
    expect(outcome.stdout).toBe('0\n1\n2\n3\n1 1 1\n');
  });

  runtsOnly(
    'runc 1.1 does not look at LISTEN_PID',
    'fds: LISTEN_FDS that is meant for another process is not obeyed',
    async (box) => {
      writeFileSync(join(box.dir, 'three'), 'three\n');
      const fd = openSync(join(box.dir, 'three'), 'r');
      const it = box.container('ls /proc/1/fd; echo $LISTEN_FDS');
      const env = {LISTEN_PID: '1', LISTEN_FDS: '1'};
      const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {env, fds: [fd]});
      closeSync(fd);
      expect(outcome.stdout).toBe('0\n1\n2\n\n');
    },
  );

  test('fds: the program cannot reach a file of the host through /proc', async ({box}) => {
    const out = await box.sh(
      'readlink /proc/1/exe; cat /proc/1/cmdline | tr "\\0" " "; readlink /proc/1/cwd; readlink /proc/1/root',
    );
    expect(out).toContain('/bin/busybox');
    expect(out.split('\n').at(-1)).toBe('/');
  });
});

describe('limits', () => {
  const nofile = ['prlimit', '--nofile=77:888'];

  runtsOnly(
    'Go raises it for itself, and runc 1.1 with it',
    "limits: the program has the caller's limit of open files, not that of Node",
    async (box) => {
      const limits = await probed(box, 'cat /proc/self/limits', nofile);
      expect(limit(limits, 'Max open files')).toEqual(['77', '888']);
    },
  );

  test("limits: all of the caller's limits arrive", async ({box}) => {
    const wrapper = [
      'prlimit',
      '--core=1024:4096',
      '--fsize=123456789:223456789',
      '--stack=4194304',
      '--nproc=5000:6000',
    ];
    const limits = await probed(box, 'cat /proc/self/limits', wrapper);
    expect(limit(limits, 'Max core file size')).toEqual(['1024', '4096']);
    expect(limit(limits, 'Max file size')).toEqual(['123456789', '223456789']);
    expect(limit(limits, 'Max stack size')).toEqual(['4194304', '4194304']);
    expect(limit(limits, 'Max processes')).toEqual(['5000', '6000']);
  });

  runtsOnly(
    'Go raises it for itself, and runc 1.1 with it',
    "limits: the created process has the caller's limits",
    async (box) => {
      const pid = await createdThrough(box, nofile);
      expect(limit(read(`/proc/${pid}/limits`), 'Max open files')).toEqual(['77', '888']);
    },
  );

  test('limits: those of the config win over those of the caller', async ({box}) => {
    const limits = await probed(box, 'cat /proc/self/limits', nofile, (spec) => {
      spec.process.rlimits = [{type: 'RLIMIT_NOFILE', soft: 55, hard: 66}];
    });
    expect(limit(limits, 'Max open files')).toEqual(['55', '66']);
  });

  test('limits: the runtime works with few files allowed', async ({box}) => {
    expect(await probed(box, 'echo ran', ['prlimit', '--nofile=40:40'])).toBe('ran');
  });
});

describe('signals', () => {
  const bits = (status: string) => ({
    ignored: field(status, 'SigIgn'),
    blocked: field(status, 'SigBlk'),
    caught: field(status, 'SigCgt'),
  });
  const CLEAN = {ignored: '0000000000000000', blocked: '0000000000000000', caught: '0000000000000000'};

  test('signals: the program ignores, blocks and catches none', async ({box}) => {
    const outcome = await box.run(['cat', '/proc/self/status']);
    expect(bits(outcome.stdout)).toEqual(CLEAN);
  });

  test('signals: nor does a started container', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    await it.start();
    expect(bits(read(`/proc/${(await it.state()).pid}/status`))).toEqual(CLEAN);
  });

  // It catches those that end it: the first process of a pid namespace would be immune to them otherwise.
  runtsOnly('Go blocks some while it waits', 'signals: the created process ignores and blocks none', async (box) => {
    const {ignored, blocked} = bits(read(`/proc/${await createdThrough(box, [])}/status`));
    expect({ignored, blocked}).toEqual({ignored: CLEAN.ignored, blocked: CLEAN.blocked});
  });

  const DEAF = ['env', '--ignore-signal=PIPE', '--ignore-signal=USR1', '--ignore-signal=HUP', '--block-signal=TERM'];

  test('signals: nothing is left of what the caller ignores and blocks', async ({box}) => {
    const it = box.container(['cat', '/proc/self/status']);
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper: DEAF});
    expect(bits(outcome.stdout)).toEqual(CLEAN);
    expect(bits(read(`/proc/${await createdThrough(box, DEAF)}/status`)).ignored).toBe(CLEAN.ignored);
  });

  test('signals: nor in an exec', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const outcome = await box.runtime(['exec', it.id, 'cat', '/proc/self/status'], {wrapper: DEAF});
    expect(bits(outcome.stdout)).toEqual(CLEAN);
  });

  test('signals: a program whose reader ends is ended by SIGPIPE, under an engine that ignores it', async ({box}) => {
    const it = box.container('(yes; echo $? >/tmp/code) | head -n 1; cat /tmp/code');
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper: DEAF});
    expect(outcome).toMatchObject({stdout: 'y\n141\n', stderr: '', code: 0});
  });
});

describe('umask', () => {
  const wrapper = ['sh', '-c', 'umask 027; exec "$@"', 'sh'];

  test('umask: without one in the config it is 0022, whatever the caller has', async ({box}) => {
    expect(await probed(box, 'umask; grep Umask /proc/1/status', wrapper)).toBe('0022\nUmask:\t0022');
  });

  test('umask: the created process has it', async ({box}) => {
    expect(field(read(`/proc/${await createdThrough(box, wrapper)}/status`), 'Umask')).toBe('0022');
  });

  test("umask: an exec has its caller's", async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    expect((await box.runtime(['exec', it.id, '/bin/sh', '-c', 'umask'], {wrapper})).stdout).toBe('0027\n');
  });

  runtsOnly(
    'runc 1.1 makes them with it',
    'umask: what the runtime makes in the rootfs does not depend on it',
    async (box) => {
      const out = await probed(
        box,
        'stat -c %a /made /made/dir /cwd/dir',
        ['sh', '-c', 'umask 077; exec "$@"', 'sh'],
        (spec) => {
          spec.mounts.push({destination: '/made/dir', type: 'tmpfs', source: 'tmpfs', options: ['mode=755']});
          spec.process.cwd = '/cwd/dir';
        },
      );
      expect(out).toBe('755\n755\n755');
    },
  );
});

describe('the process that waits between create and start', () => {
  test('created: there is exactly one for a container', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const {pid} = await it.state();
    expect(processesOf([it.dir, it.id]).map((info) => info.pid)).toEqual([pid]);
  });

  runtsOnly('that of runc is a Go program', 'created: it has less than 1 MB of private memory', async (box) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const {pid} = await it.state();
    const smaps = read(`/proc/${pid}/smaps_rollup`);
    const kilobytes = ['Private_Clean', 'Private_Dirty', 'Private_Hugetlb'].map((name) =>
      Number.parseInt(field(smaps, name), 10),
    );
    expect(kilobytes.reduce((sum, value) => sum + value)).toBeLessThan(1024);
    expect(read(`/proc/${pid}/comm`)).toMatch(/^runts/);
  });

  runtsOnly(
    'runc 1.1 copies itself to a memfd too, of 14 MB',
    'created: it runs from a sealed copy, not from a file of the host',
    async (box) => {
      const it = box.container(['/bin/sleep', '100']);
      await it.create();
      expect(readlinkSync(`/proc/${(await it.state()).pid}/exe`)).toMatch(/^\/memfd:/);
    },
  );

  runtsOnly('runc has threads', 'created: it has one thread and is in the root of the container', async (box) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const {pid} = await it.state();
    expect(field(read(`/proc/${pid}/status`), 'Threads')).toBe('1');
    expect(readdirSync(`/proc/${pid}/root/bin`)).toContain('busybox');
  });

  test('created: it survives the runtime, and everything that called it', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await box.host(['setsid', 'sh', '-c', '"$@"', 'sh', ...box.command('create', '--bundle', it.dir, it.id)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await it.status()).toBe('created');
    await it.start();
    expect(await it.status()).toBe('running');
  });

  runtsOnly(
    'as for any Go program',
    'created: a runtime that dies at the start leaves no process behind',
    async (box) => {
      const it = box.container('echo no', (spec) => {
        spec.hooks = {createRuntime: [{path: '/bin/sh', args: ['sh', '-c', 'kill -9 $PPID; sleep 0.05']}]};
      });
      expect((await box.runtime(['create', '--bundle', it.dir, it.id])).signal).toBe('SIGKILL');
      await until('the end of runts-init', () => processesOf([it.dir]).length === 0);
    },
  );
});
