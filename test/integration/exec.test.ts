// exec: a further process in a container. What it is, where it runs, how it ends, and what stands in its way.
import {existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {execOf, running, told} from './exec-box.ts';
import {runtsOnly, succeeded, test} from './harness.ts';
import {field, limit, read, until} from './inspect.ts';
import {toJson} from './spec.ts';

const STATUS = ['/bin/cat', '/proc/self/status'];
const sets = (status: string): string[] => ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((set) => field(status, `Cap${set}`));
const mask = (...numbers: number[]): string =>
  numbers
    .reduce((sum, number) => sum | (1n << BigInt(number)), 0n)
    .toString(16)
    .padStart(16, '0');

describe('exec in the foreground', () => {
  test('exec: output, stdin and exit code are those of the program', async ({box}) => {
    const it = await running(box);
    const outcome = await it.exec([], ['/bin/sh', '-c', 'cat; echo err >&2; exit 7'], {input: 'typed\n'});
    expect(outcome).toMatchObject({code: 7, stdout: 'typed\n', stderr: 'err\n'});
  });

  test('exec: a program that a signal ends gives 128 and its number', async ({box}) => {
    const it = await running(box);
    expect((await it.exec([], ['/bin/sh', '-c', 'kill -9 $$'])).code).toBe(137);
    expect((await it.exec([], ['/bin/sh', '-c', 'kill -TERM $$'])).code).toBe(143);
  });

  test('exec: signals go to the program', async ({box}) => {
    const it = await running(box);
    const script = 'trap "echo got; exit 3" USR1; echo ready; while :; do usleep 10000; done';
    const started = box.start(['exec', it.id, '/bin/sh', '-c', script]);
    await until('the program', () => started.stdout().includes('ready'));
    process.kill(started.pid, 'SIGUSR1');
    expect(await started.done).toMatchObject({code: 3, stdout: 'ready\ngot\n'});
    expect(await it.status()).toBe('running');
  });

  test('exec: what looks like a flag after the id is the program’s', async ({box}) => {
    const it = await running(box);
    expect((await it.exec([], ['/bin/echo', '-n', '--cwd', '-d'])).stdout).toBe('--cwd -d');
  });

  test('exec: it works in a created container', async ({box}) => {
    const it = box.container(['/bin/sleep', '1000']);
    await it.create();
    const {exec} = execOf(box, it.id);
    expect(await exec([], ['/bin/echo', 'early'])).toMatchObject({code: 0, stdout: 'early\n'});
    expect(await it.status()).toBe('created');
    await it.start();
    expect(await it.status()).toBe('running');
  });
});

describe('where an exec runs', () => {
  test('exec: it is in the namespaces of the container, and sees its files', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.linux.namespaces.push({type: 'cgroup'});
    });
    const {pid} = await it.state();
    const kinds = 'cgroup ipc mnt net pid time user uts';
    const script = `for n in ${kinds}; do readlink /proc/self/ns/$n; done`;
    const host = succeeded(await box.host(['sh', '-c', script.replace('/proc/self', `/proc/${pid}`)])).stdout;
    expect(`${await it.sh(script)}\n`).toBe(host);
    expect(await it.sh('hostname; ls -d /bin; ps -o pid,args | grep " 1 .*slee[p]"')).toMatch(
      /^box\n\/bin\n +1 \/bin\/sleep 1000$/,
    );
  });

  test('exec: in a shared pid namespace, too', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.linux.namespaces = spec.linux.namespaces.filter(({type}) => type !== 'pid');
    });
    expect(await it.sh('readlink /proc/self/ns/mnt')).toBe(
      succeeded(await box.host(['readlink', `/proc/${(await it.state()).pid}/ns/mnt`])).stdout.trim(),
    );
  });

  test('exec: it is in a user namespace with its ids, and mapped root owns what it makes', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.linux.namespaces.push({type: 'user'});
      spec.linux['uidMappings'] = [{containerID: 0, hostID: 0, size: 2000}];
      spec.linux['gidMappings'] = [{containerID: 0, hostID: 0, size: 2000}];
    });
    const {pid} = await it.state();
    const own = succeeded(await box.host(['readlink', `/proc/${pid}/ns/user`])).stdout.trim();
    expect(await it.sh('readlink /proc/self/ns/user; id -u; touch /made; stat -c %u /made')).toBe(`${own}\n0\n0`);
    expect(await it.sh('id -u; id -g', '--user', '1000:1001')).toBe('1000\n1001');
  });

  test('exec: it is in the cgroups of the container', async ({box}) => {
    const it = await running(box);
    const {pid} = await it.state();
    const own = (text: string): string[] => text.trim().split('\n').sort();
    expect(own(await it.sh('cat /proc/self/cgroup'))).toEqual(own(read(`/proc/${pid}/cgroup`)));
  });

  test('exec --cgroup: it goes into one below, of one controller or of all', async ({box}) => {
    const it = await running(box);
    const line = (text: string, controller: string): string =>
      text.split('\n').find((entry) => entry.split(':')[1]?.split(',').includes(controller)) ?? '';
    const inside = line(read(`/proc/${(await it.state()).pid}/cgroup`), 'pids').split(':')[2] ?? '';
    const directory = `/sys/fs/cgroup/pids${inside}/below`;
    mkdirSync(directory);
    try {
      const text = await it.sh('cat /proc/self/cgroup', '--cgroup', 'pids:below');
      expect(line(text, 'pids')).toMatch(/\/below$/);
      expect(line(text, 'devices')).not.toMatch(/\/below$/);
      expect(await it.sh('cat /proc/self/cgroup', '--cgroup', '/')).not.toMatch(/below/);
      const missing = await it.exec(['--cgroup', 'below'], ['/bin/true']);
      expect(missing).toMatchObject({code: 255});
      expect(told(missing)).toMatch(/below.*no such file or directory/);
    } finally {
      rmdirSync(directory);
    }
  });

  for (const [choice, message] of [
    ['../x', '../x is not a sub cgroup path'],
    ['nosuch:x', 'nosuch'],
    ['a:b:c', 'invalid --cgroup argument: a:b:c'],
  ] as const) {
    test(`exec --cgroup ${choice} is refused`, async ({box}) => {
      const it = await running(box);
      const outcome = await it.exec(['--cgroup', choice], ['/bin/true']);
      expect(outcome.code).toBe(255);
      expect(told(outcome)).toContain(message);
    });
  }

  test('exec: it joins the session keyring of the container', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.linux.maskedPaths = [];
    });
    const users = (text: string): number[] =>
      text
        .split('\n')
        .filter((line) => line.includes(`_ses.${it.id}`))
        .map((line) => Number(line.trim().split(/\s+/)[2]));
    // The kernel lets go of credentials that have been replaced only after a while.
    let before: number[] = [];
    await until('a keyring that nobody leaves any more', async () => {
      const earlier = users(read('/proc/keys'));
      await new Promise((resolve) => setTimeout(resolve, 300));
      before = users(read('/proc/keys'));
      return earlier[0] === before[0];
    });
    const during = users(await it.sh('cat /proc/keys'));
    expect([before.length, during.length]).toEqual([1, 1]);
    expect(during[0]).toBeGreaterThan(before[0] ?? Number.NaN);
  });
});

describe('what an exec is', () => {
  test('exec: what nothing is said about is as for the container', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.process.cwd = '/tmp';
      spec.process.user = {uid: 1000, gid: 1001, additionalGids: [5]};
      spec.process.env.push('FROM=config');
      spec.process.rlimits = [{type: 'RLIMIT_CORE', soft: 100, hard: 200}];
      spec.process.oomScoreAdj = 77;
    });
    const script = 'pwd; id -u; id -g; id -G; echo $FROM; cat /proc/self/oom_score_adj';
    expect(await it.sh(script)).toBe('/tmp\n1000\n1001\n1001 5\nconfig\n77');
    expect(limit(await it.sh('cat /proc/self/limits'), 'Max core file size')).toEqual(['100', '200']);
    const {stdout} = await it.exec([], STATUS);
    const init = read(`/proc/${(await it.state()).pid}/status`);
    expect(sets(stdout)).toEqual(sets(init));
    expect(field(stdout, 'NoNewPrivs')).toBe('1');
  });

  test('exec --user, --additional-gids, --cwd and --env', async ({box}) => {
    const it = await running(box);
    const flags = ['--user', '1000:1001', '-g', '7', '-g', '8', '--cwd', '/tmp', '-e', 'A=1', '-e', 'B=x=y'];
    expect(await it.sh('id -u; id -g; id -G; pwd; echo $A $B $HOME', ...flags)).toBe(
      '1000\n1001\n1001 7 8\n/tmp\n1 x=y /home/user',
    );
    expect(await it.sh('id -u; id -g', '-u', '1000')).toBe('1000\n0');
  });

  test('exec --env: the last one counts, and PATH is what the program is looked up in', async ({box}) => {
    const it = await running(box);
    expect(await it.sh('echo $A', '-e', 'A=1', '-e', 'A=2')).toBe('2');
    const outcome = await it.exec(['-e', 'PATH=/nowhere'], ['env']);
    expect(outcome.code).toBe(255);
    expect(told(outcome)).toContain('executable file not found in $PATH');
  });

  test('exec --cap: added to bounding, effective and permitted, never to inheritable', async ({box}) => {
    const it = await running(box);
    const {stdout} = await it.exec(['--cap', 'CAP_SYS_PTRACE', '--cap', 'CAP_NET_ADMIN'], STATUS);
    const more = mask(5, 10, 12, 19, 29);
    expect(sets(stdout)).toEqual([mask(), more, more, more, mask()]);
  });

  test('exec --cap: an unknown one is a warning', async ({box}) => {
    const it = await running(box);
    const outcome = await it.exec(['--cap', 'CAP_NONE'], ['/bin/true']);
    expect(outcome.code).toBe(0);
    expect(told(outcome)).toMatch(/ignoring unknown.*CAP_NONE/);
  });

  test('exec --no-new-privs', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.process.noNewPrivileges = false;
    });
    expect(field((await it.exec([], STATUS)).stdout, 'NoNewPrivs')).toBe('0');
    expect(field((await it.exec(['--no-new-privs'], STATUS)).stdout, 'NoNewPrivs')).toBe('1');
  });

  test('exec --no-new-privs=false', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.process.noNewPrivileges = true;
    });
    expect(field((await it.exec([], STATUS)).stdout, 'NoNewPrivs')).toBe('1');
    expect(field((await it.exec(['--no-new-privs=false'], STATUS)).stdout, 'NoNewPrivs')).toBe('0');
  });

  test('exec: an empty value is as none', async ({box}) => {
    const it = await running(box);
    const names = ['user', 'cwd', 'process', 'pid-file', 'console-socket', 'apparmor', 'process-label'];
    expect(await it.sh('id -u; pwd', ...names.map((name) => `--${name}=`))).toBe('0\n/');
  });

  for (const noNewPrivileges of [true, false]) {
    test(`exec: the seccomp filter of the container holds, noNewPrivileges ${noNewPrivileges}`, async ({box}) => {
      const it = await running(box, (spec) => {
        spec.process.noNewPrivileges = noNewPrivileges;
        spec.linux.seccomp = {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 30}],
        };
      });
      const {stdout} = await it.exec([], STATUS);
      expect(field(stdout, 'Seccomp')).toBe('2');
      expect(field(stdout, 'Seccomp_filters')).toBe('1');
      expect((await it.exec([], ['/bin/mkdir', '/x'])).stderr).toContain('Read-only file system');
    });
  }

  test('exec --process: the file is the whole process', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.process.env.push('FROM=config');
    });
    const outcome = await it.process({
      args: ['/bin/sh', '-c', 'id -u; id -g; id -G; pwd; echo $A $FROM; cat /proc/self/status'],
      user: {uid: 1000, gid: 1001, additionalGids: [9]},
      cwd: '/tmp',
      env: ['PATH=/bin', 'A=1'],
      capabilities: {bounding: ['CAP_KILL'], permitted: ['CAP_KILL'], effective: ['CAP_KILL']},
      noNewPrivileges: false,
      rlimits: [{type: 'RLIMIT_CORE', soft: 1, hard: 18446744073709551615n}],
    });
    expect(outcome.stdout).toMatch(/^1000\n1001\n1001 9\n\/tmp\n1\nName/);
    expect(field(outcome.stdout, 'CapBnd')).toBe(mask(5));
    expect(field(outcome.stdout, 'NoNewPrivs')).toBe('0');
  });

  runtsOnly('runc 1.1 goes by the config', 'exec --process: umask', async (box) => {
    const it = await running(box, (spec) => {
      spec.process.user.umask = 0o77;
    });
    const args = ['/bin/sh', '-c', 'umask'];
    expect((await it.process({args, user: {uid: 0, gid: 0, umask: 0o27}})).stdout).toBe('0027\n');
    expect((await it.process({args})).stdout).toBe('0077\n');
  });

  test('exec --process: what it leaves open is as for the container', async ({box}) => {
    const it = await running(box, (spec) => {
      spec.process.oomScoreAdj = 55;
    });
    const {stdout} = await it.process({
      args: ['/bin/cat', '/proc/self/status', '/proc/self/oom_score_adj'],
    });
    expect(sets(stdout)).toEqual(sets(read(`/proc/${(await it.state()).pid}/status`)));
    expect(stdout).toMatch(/\n55\n$/);
  });

  test('exec --process: it may be a pipe', async ({box}) => {
    const it = await running(box);
    const json = toJson({args: ['/bin/echo', 'piped'], cwd: '/', env: []});
    const exec = box.command('exec', '--process', '/dev/fd/9', it.id).join(' ');
    const outcome = await box.host(['bash', '-c', `${exec} 9< <(echo '${json}')`]);
    expect(outcome).toMatchObject({code: 0, stdout: 'piped\n'});
  });

  runtsOnly(
    'runc 1.1 reads the config of the bundle again',
    'exec: a later change of the bundle is no change',
    async (box) => {
      const it = await running(box, (spec) => {
        spec.process.env.push('FROM=create');
      });
      writeFileSync(join(it.dir, 'config.json'), '{');
      expect(await it.sh('echo $FROM')).toBe('create');
    },
  );
});

describe('exec: what cannot be', () => {
  for (const [command, message] of [
    [['nosuch'], /exec: "nosuch": executable file not found in \$PATH/],
    [['/bin/nosuch'], /exec: "\/bin\/nosuch": stat \/bin\/nosuch: no such file or directory/],
    [['/etc/passwd'], /exec: "\/etc\/passwd": permission denied/],
    [['/etc'], /exec: "\/etc": is a directory: permission denied/],
    [[], /process args cannot be empty/],
  ] as const) {
    test(`exec ${command.join(' ')}: 255, and why`, async ({box}) => {
      const it = await running(box);
      for (const flags of [[], ['--detach']]) {
        const outcome = await it.exec(flags, command);
        expect(outcome).toMatchObject({code: 255, stdout: ''});
        expect(told(outcome)).toMatch(/exec failed: /);
        expect(told(outcome)).toMatch(message);
      }
    });
  }

  for (const [flags, message] of [
    [['--cwd', '/nowhere'], /\/nowhere.*no such file or directory/],
    [['--cwd', 'relative'], /Cwd must be an absolute path/],
    [['--env', 'novalue'], /invalid environment variable: \\?"novalue/],
    [['--user', 'name'], /name/],
    [['--user', '1:x'], /x/],
    [['--user', '1:'], /""/],
    [['--process', '/nowhere'], /\/nowhere.*no such file or directory/],
    [['--console-socket', '/x'], /cannot use console socket if .* will not detach or allocate tty/],
    [['--detach', '--tty'], /cannot allocate tty if .* will detach without setting console socket/],
  ] as const) {
    test(`exec ${flags.join(' ')}: 255, and why`, async ({box}) => {
      const it = await running(box);
      const outcome = await it.exec(flags, ['/bin/true']);
      expect(outcome.code).toBe(255);
      expect(told(outcome)).toMatch(message);
    });
  }

  for (const [name, process, message] of [
    ['no args', {args: undefined}, /args/],
    ['a relative cwd', {args: ['/bin/true'], cwd: 'x'}, /absolute/],
    ['a wrong variable', {args: ['/bin/true'], env: ['x']}, /env|environment/],
  ] as const) {
    test(`exec --process with ${name}: 255, and why`, async ({box}) => {
      const it = await running(box);
      const outcome = await it.process(process as never);
      expect(outcome.code).toBe(255);
      expect(told(outcome)).toMatch(message);
    });
  }

  runtsOnly('runc does not look', 'exec --process: every mistake is told, with its place', async (box) => {
    const it = await running(box);
    const outcome = await it.process({
      args: [''],
      capabilities: {effective: ['CAP_KILL']},
      rlimits: [{type: 'RLIMIT_CORE', soft: 2, hard: 1}],
      execCPUAffinity: {initial: '3-1', final: '9999'},
    });
    expect(outcome.code).toBe(255);
    for (const place of [
      '/args/0',
      '/capabilities/effective/0',
      '/rlimits/0',
      '/execCPUAffinity/initial',
      '/execCPUAffinity/final',
    ]) {
      expect(told(outcome)).toContain(`.json#${place}: `);
    }
  });

  test('exec: a container that is not there', async ({box}) => {
    const outcome = await box.runtime(['exec', box.unique(), '/bin/true']);
    expect(outcome.code).toBe(255);
    expect(told(outcome)).toContain('exec failed: container does not exist');
  });

  test('exec: a stopped container', async ({box}) => {
    const it = await running(box);
    await it.kill('KILL');
    await it.stopped();
    const outcome = await it.exec([], ['/bin/true']);
    expect(outcome.code).toBe(255);
    expect(told(outcome)).toContain('exec failed: cannot exec in a stopped container');
  });

  test('exec without an id is a wrong call', async ({box}) => {
    const outcome = await box.runtime(['exec']);
    expect(outcome.code).toBe(1);
    expect(told(outcome)).toMatch(/\\?"exec\\?" requires a minimum of 1 argument/);
  });
});

describe('exec --detach', () => {
  test('exec --detach: it returns when the program runs; the pid file has the pid of the host', async ({box}) => {
    const it = await running(box);
    const file = join(box.dir, 'pid');
    expect(await it.exec(['--detach', '--pid-file', file], ['/bin/sleep', '77'])).toMatchObject({code: 0, stdout: ''});
    const pid = readFileSync(file, 'utf8');
    expect(pid).toMatch(/^\d+$/);
    expect(read(`/proc/${pid}/cmdline`)).toBe('/bin/sleep\x0077\0');
    await it.kill('KILL');
    await until(
      'its end with the container',
      () => !existsSync(`/proc/${pid}`) || / [ZX] /.test(read(`/proc/${pid}/stat`)),
    );
  });

  runtsOnly(
    'runc does not see execve fail',
    'exec --detach: no pid file of a program that cannot be run',
    async (box) => {
      const it = await running(box);
      const file = join(box.dir, 'pid');
      writeFileSync(join(it.rootfs, 'bin/garbage'), 'garbage', {mode: 0o755});
      const outcome = await it.exec(['--detach', '--pid-file', file], ['/bin/garbage']);
      expect(outcome.code).toBe(255);
      expect(told(outcome)).toContain('exec format error');
      expect(existsSync(file)).toBe(false);
    },
  );
});
