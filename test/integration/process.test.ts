// The process property: who the program is, what it may do, and what it finds around it.
import {chmodSync, mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {capabilityBit, capabilityNames} from '../../src/plan/capabilities.ts';
import {type Edit, runtsOnly, test} from './harness.ts';
import {field, limit} from './inspect.ts';
import {PATH} from './spec.ts';

const STATUS = 'cat /proc/self/status';
const asUser: Edit = (spec) => {
  spec.process.user = {uid: 1000, gid: 1000};
};

describe('user', () => {
  test('user: uid and gid are those of the config', async ({box}) => {
    const status = await box.sh(STATUS, (spec) => {
      spec.process.user = {uid: 1000, gid: 1001};
    });
    expect(field(status, 'Uid').split('\t')).toEqual(['1000', '1000', '1000', '1000']);
    expect(field(status, 'Gid').split('\t')).toEqual(['1001', '1001', '1001', '1001']);
  });

  test("user: the caller's supplementary groups are dropped", async ({box}) => {
    const it = box.container(STATUS);
    const wrapper = ['setpriv', '--groups', '7,8'];
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper});
    expect(field(outcome.stdout, 'Groups')).toBe('');
  });

  test('user: additionalGids are exactly the supplementary groups', async ({box}) => {
    const status = await box.sh(STATUS, (spec) => {
      spec.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 2_147_483_000, 20]};
    });
    expect(
      field(status, 'Groups')
        .split(' ')
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([5, 20, 2_147_483_000]);
  });

  test('user: an id that no passwd knows works', async ({box}) => {
    const script = 'grep Uid /proc/self/status; echo $HOME';
    const out = await box.sh(script, (spec) => {
      spec.process.user = {uid: 2_147_483_000, gid: 2_147_483_001};
    });
    expect(out).toBe('Uid:\t2147483000\t2147483000\t2147483000\t2147483000\n/');
  });

  test('user: umask is set', async ({box}) => {
    const out = await box.sh('umask; touch /tmp/x; mkdir /tmp/d; stat -c %a /tmp/x /tmp/d', (spec) => {
      spec.process.user.umask = 0o037;
    });
    expect(out).toBe('0037\n640\n740');
  });

  test('user: umask 0 is a umask too', async ({box}) => {
    const out = await box.sh('umask', (spec) => {
      spec.process.user.umask = 0;
    });
    expect(out).toBe('0000');
  });
});

describe('args', () => {
  test('args: a name is looked up in the PATH of the container', async ({box}) => {
    const outcome = await box.run(['echo', 'hi']);
    expect(outcome.stdout).toBe('hi\n');
  });

  test('args: directories of PATH are tried in order', async ({box}) => {
    const it = box.container(['prog'], (spec) => {
      spec.process.env = ['PATH=/none:/first:/second'];
    });
    for (const dir of ['first', 'second']) {
      mkdirSync(join(it.rootfs, dir));
      writeFileSync(join(it.rootfs, dir, 'prog'), `#!/bin/sh\necho ${dir}\n`, {mode: 0o755});
    }
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.stdout).toBe('first\n');
  });

  test('args: a file that is not executable is passed over', async ({box}) => {
    const it = box.container(['prog'], (spec) => {
      spec.process.env = ['PATH=/first:/second'];
    });
    for (const [dir, mode] of [
      ['first', 0o644],
      ['second', 0o755],
    ] as const) {
      mkdirSync(join(it.rootfs, dir));
      writeFileSync(join(it.rootfs, dir, 'prog'), `#!/bin/sh\necho ${dir}\n`, {mode});
    }
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.stdout).toBe('second\n');
  });

  test('args: args[0] stays as it was written', async ({box}) => {
    const outcome = await box.run(['sh', '-c', 'tr "\\0" , < /proc/1/cmdline; true']);
    expect(outcome.stdout).toBe('sh,-c,tr "\\0" , < /proc/1/cmdline; true,');
  });

  test('args: a path with a slash is taken from the working directory', async ({box}) => {
    const outcome = await box.run(['./echo', 'hi'], (spec) => {
      spec.process.cwd = '/bin';
    });
    expect(outcome.stdout).toBe('hi\n');
  });

  test('args: empty and odd arguments arrive as they are', async ({box}) => {
    const outcome = await box.run(['sh', '-c', 'printf "<%s>" "$@"', 'sh', '', ' a  b ', '$HOME', 'ü\n"']);
    expect(outcome.stdout).toBe('<>< a  b ><$HOME><ü\n">');
  });

  test('args: a hundred kilobytes of them arrive', async ({box}) => {
    const long = 'x'.repeat(100_000);
    const outcome = await box.run(['sh', '-c', 'echo ${#1}', 'sh', long]);
    expect(outcome.stdout).toBe('100000\n');
  });

  // Engines make exit code 127 of it, not 126.
  test('args: a name whose only file is not executable counts as not found', async ({box}) => {
    const it = box.container(['prog'], (spec) => {
      spec.process.env = ['PATH=/first'];
    });
    mkdirSync(join(it.rootfs, 'first'));
    writeFileSync(join(it.rootfs, 'first/prog'), '#!/bin/sh\n', {mode: 0o644});
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/exec: \\?"prog\\?": executable file not found in \$PATH/);
    expect(outcome.stderr).not.toContain('permission denied');
  });

  test('args: a name that is nowhere in PATH is an error of create', async ({box}) => {
    const it = box.container(['nope']);
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/create failed: .*exec: \\?"nope\\?": executable file not found in \$PATH/);
    expect(box.leftovers()).toEqual([]);
  });
});

describe('env and cwd', () => {
  test('env: is what the config says, and HOME', async ({box}) => {
    const outcome = await box.run(['env'], (spec) => {
      spec.process.env = [PATH, 'A=1', 'EMPTY=', 'EQUALS=a=b', 'LINES=a\nb'];
    });
    expect(outcome.stdout).toBe(`${PATH}\nA=1\nEMPTY=\nEQUALS=a=b\nLINES=a\nb\nHOME=/root\n`);
  });

  test("env: nothing of the caller's or the runtime's gets in", async ({box}) => {
    const it = box.container(['cat', '/proc/1/environ']);
    const env = {SECRET: 'x', NODE_OPTIONS: '--no-warnings', NODE_ENV: 'test', LISTEN_FDS: 'x'};
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {env});
    expect(
      outcome.stdout
        .split('\0')
        .filter((entry) => entry !== '')
        .sort(),
    ).toEqual(['HOME=/root', PATH, 'TERM=xterm'].sort());
  });

  test("env: HOME is the user's from the container's passwd", async ({box}) => {
    expect(await box.sh('echo $HOME', asUser)).toBe('/home/user');
  });

  test('env: a HOME in the config wins', async ({box}) => {
    const out = await box.sh('echo $HOME', (spec) => {
      spec.process.env.push('HOME=/elsewhere');
    });
    expect(out).toBe('/elsewhere');
  });

  test('env: HOME is / when the container has no passwd', async ({box}) => {
    const it = box.container('echo $HOME');
    await box.host(['rm', join(it.rootfs, 'etc/passwd')]);
    expect((await box.runtime(['run', '--bundle', it.dir, it.id])).stdout).toBe('/\n');
  });

  runtsOnly('runc 1.1 reads it', 'env: a passwd that is a FIFO or a device does not hang', async (box) => {
    const it = box.container('echo $HOME');
    await box.host(['sh', '-c', `rm ${it.rootfs}/etc/passwd; mkfifo ${it.rootfs}/etc/passwd`]);
    expect((await box.runtime(['run', '--bundle', it.dir, it.id], {timeout: 5000})).stdout).toBe('/\n');
  });

  test('cwd: the program starts there', async ({box}) => {
    const outcome = await box.run(['pwd'], (spec) => {
      spec.process.cwd = '/etc';
    });
    expect(outcome.stdout).toBe('/etc\n');
  });

  test('cwd: is made when missing', async ({box}) => {
    const it = box.container('pwd; stat -c %a:%u /new /new/dir', (spec) => {
      spec.process.cwd = '/new/dir';
    });
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.stdout).toBe('/new/dir\n755:0\n755:0\n');
    expect(statSync(join(it.rootfs, 'new/dir')).isDirectory()).toBe(true);
  });

  test('cwd: may be a directory that only root can enter', async ({box}) => {
    const it = box.container('/bin/pwd -P 2>/dev/null; exit 0', (spec) => {
      asUser(spec);
      spec.process.cwd = '/closed';
    });
    mkdirSync(join(it.rootfs, 'closed'));
    chmodSync(join(it.rootfs, 'closed'), 0o700);
    expect((await box.runtime(['run', '--bundle', it.dir, it.id])).code).toBe(0);
  });

  test('cwd: may be a mount', async ({box}) => {
    const out = await box.sh('pwd; ls', (spec) => {
      const source = join(box.dir, 'data');
      mkdirSync(source);
      writeFileSync(join(source, 'file'), '');
      spec.mounts.push({destination: '/data', type: 'bind', source, options: ['bind']});
      spec.process.cwd = '/data';
    });
    expect(out).toBe('/data\nfile');
  });
});

describe('capabilities', () => {
  const sets = (status: string): Record<string, string> =>
    Object.fromEntries(
      ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((set) => [set, field(status, `Cap${set}`).replace(/^0+(?=.)/, '')]),
    );

  test('capabilities: each set is exactly that of the config', async ({box}) => {
    const status = await box.sh(STATUS, (spec) => {
      spec.process.capabilities = {
        bounding: ['CAP_CHOWN', 'CAP_KILL', 'CAP_SETUID', 'CAP_AUDIT_WRITE'],
        permitted: ['CAP_CHOWN', 'CAP_KILL', 'CAP_SETUID'],
        effective: ['CAP_CHOWN', 'CAP_KILL'],
        inheritable: ['CAP_CHOWN'],
      };
      // As root, exec would raise permitted to bounding; not so for others.
      spec.process.noNewPrivileges = true;
      spec.process.args = ['/bin/cat', '/proc/self/status'];
    });
    expect(sets(status)).toMatchObject({Bnd: '200000a1', Inh: '1'});
  });

  test('capabilities: ambient ones survive the change of user', async ({box}) => {
    const status = await box.sh(STATUS, (spec) => {
      asUser(spec);
      const all = ['CAP_NET_BIND_SERVICE', 'CAP_KILL'];
      spec.process.capabilities = {bounding: all, permitted: all, inheritable: all, effective: all, ambient: all};
    });
    expect(sets(status)).toEqual({Inh: '420', Prm: '420', Eff: '420', Bnd: '420', Amb: '420'});
  });

  test('capabilities: a user without ambient ones has none', async ({box}) => {
    expect(sets(await box.sh(STATUS, asUser))).toEqual({Inh: '0', Prm: '0', Eff: '0', Bnd: '20000420', Amb: '0'});
  });

  test('capabilities: root has the bounding set', async ({box}) => {
    expect(sets(await box.sh(STATUS))).toEqual({Inh: '0', Prm: '20000420', Eff: '20000420', Bnd: '20000420', Amb: '0'});
  });

  test('capabilities: without the property there are none at all', async ({box}) => {
    const status = await box.sh(STATUS, (spec) => {
      delete spec.process.capabilities;
    });
    expect(sets(status)).toEqual({Inh: '0', Prm: '0', Eff: '0', Bnd: '0', Amb: '0'});
  });

  test('capabilities: an unknown one is a warning, and the others are granted', async ({box}) => {
    const outcome = await box.run(STATUS, (spec) => {
      const names = ['CAP_KILL', 'CAP_OF_TOMORROW'];
      spec.process.capabilities = {bounding: names, permitted: names, effective: names};
    });
    expect(outcome.stderr).toMatch(/level=warning .*CAP_OF_TOMORROW/);
    expect(sets(outcome.stdout)).toEqual({Inh: '0', Prm: '20', Eff: '20', Bnd: '20', Amb: '0'});
  });

  test('capabilities: all that the runtime has can be given', async ({box}) => {
    const own = BigInt(`0x${field(readFileSync('/proc/self/status', 'utf8'), 'CapBnd')}`);
    const all = capabilityNames.filter((name) => own & (capabilityBit(name) ?? 0n));
    const status = await box.sh(STATUS, (spec) => {
      asUser(spec);
      spec.process.capabilities = {bounding: all, permitted: all, inheritable: all, effective: all, ambient: all};
    });
    const mask = own.toString(16);
    expect(sets(status)).toEqual({Inh: mask, Prm: mask, Eff: mask, Bnd: mask, Amb: mask});
  });

  runtsOnly(
    'runc 1.1 fails',
    'capabilities: one that the runtime lacks is a warning, and the container runs',
    async (box) => {
      const it = box.container(STATUS, (spec) => {
        const wanted = ['CAP_SYS_BOOT', 'CAP_KILL'];
        spec.process.capabilities = {bounding: wanted, permitted: wanted, effective: wanted};
      });
      const wrapper = ['setpriv', '--bounding-set', '-sys_boot', '--inh-caps', '-sys_boot'];
      const outcome = await box.runtime(['--log', 'log', 'run', '--bundle', it.dir, it.id], {wrapper});
      expect(field(outcome.stdout, 'CapBnd')).toBe('0000000000000020');
      expect(readFileSync(join(box.dir, 'log'), 'utf8')).toMatch(/level=warning.*CAP_SYS_BOOT/);
    },
  );

  test('capabilities: a dropped one is missed', async ({box}) => {
    const out = await box.sh('chown 5 /tmp 2>&1; mknod /tmp/x c 1 3 2>&1; true');
    expect(out).toMatch(/chown: \/tmp: Operation not permitted\nmknod: .*Operation not permitted/);
  });
});

describe('limits and privileges', () => {
  test('rlimits: are set, soft and hard', async ({box}) => {
    const limits = await box.sh('cat /proc/self/limits', (spec) => {
      spec.process.rlimits = [
        {type: 'RLIMIT_NOFILE', soft: 111, hard: 222},
        {type: 'RLIMIT_NPROC', soft: 333, hard: 444},
        {type: 'RLIMIT_CORE', soft: 0, hard: 0},
        {type: 'RLIMIT_FSIZE', soft: 1_000_000, hard: 10_000_000_000},
        {type: 'RLIMIT_STACK', soft: 4_194_304, hard: 8_388_608},
      ];
    });
    expect(limit(limits, 'Max open files')).toEqual(['111', '222']);
    expect(limit(limits, 'Max processes')).toEqual(['333', '444']);
    expect(limit(limits, 'Max core file size')).toEqual(['0', '0']);
    expect(limit(limits, 'Max file size')).toEqual(['1000000', '10000000000']);
    expect(limit(limits, 'Max stack size')).toEqual(['4194304', '8388608']);
  });

  test('rlimits: infinity and numbers beyond 2^53 are exact', async ({box}) => {
    const limits = await box.sh('cat /proc/self/limits', (spec) => {
      spec.process.rlimits = [{type: 'RLIMIT_AS', soft: 9_223_372_036_854_771_713n, hard: 18_446_744_073_709_551_615n}];
    });
    expect(limit(limits, 'Max address space')).toEqual(['9223372036854771713', 'unlimited']);
  });

  test('rlimits: every one of the sixteen is known', async ({box}) => {
    const wanted: Readonly<Record<string, readonly [line: string, soft: number, hard: number]>> = {
      AS: ['Max address space', 2_000_000_001, 2_000_000_002],
      CORE: ['Max core file size', 3, 4],
      CPU: ['Max cpu time', 5_000, 6_000],
      DATA: ['Max data size', 2_000_000_007, 2_000_000_008],
      FSIZE: ['Max file size', 900_009, 900_010],
      LOCKS: ['Max file locks', 11, 12],
      MEMLOCK: ['Max locked memory', 13_000, 14_000],
      MSGQUEUE: ['Max msgqueue size', 15_000, 16_000],
      NICE: ['Max nice priority', 0, 0],
      NOFILE: ['Max open files', 117, 118],
      NPROC: ['Max processes', 219, 220],
      RSS: ['Max resident set', 2_000_000_021, 2_000_000_022],
      RTPRIO: ['Max realtime priority', 0, 0],
      RTTIME: ['Max realtime timeout', 230_000, 240_000],
      SIGPENDING: ['Max pending signals', 25, 26],
      STACK: ['Max stack size', 4_194_304, 8_388_608],
    };
    const limits = await box.sh('cat /proc/self/limits', (spec) => {
      spec.process.rlimits = Object.entries(wanted).map(([name, [, soft, hard]]) => ({
        type: `RLIMIT_${name}`,
        soft,
        hard,
      }));
    });
    const seen = Object.values(wanted).map(([line]) => [line, ...limit(limits, line)]);
    expect(seen).toEqual(Object.values(wanted).map(([line, soft, hard]) => [line, String(soft), String(hard)]));
    expect(seen).toHaveLength(16);
  });

  test('rlimits: more than the hard limit of the caller is refused with the reason', async ({box}) => {
    const it = box.container(['/bin/true'], (spec) => {
      spec.process.rlimits = [{type: 'RLIMIT_NOFILE', soft: 64, hard: 400_000}];
    });
    const wrapper = ['prlimit', '--nofile=100:200'];
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id], {wrapper});
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/rlimit.*operation not permitted|RLIMIT_NOFILE.*(EPERM|not permitted)/i);
    expect(box.leftovers()).toEqual([]);
  });

  for (const [value, expected] of [
    [true, '1'],
    [false, '0'],
  ] as const) {
    test(`noNewPrivileges: ${value} is seen by the kernel`, async ({box}) => {
      const status = await box.sh(STATUS, (spec) => {
        spec.process.noNewPrivileges = value;
      });
      expect(field(status, 'NoNewPrivs')).toBe(expected);
    });
  }

  test('oomScoreAdj: is set', async ({box}) => {
    const out = await box.sh('cat /proc/1/oom_score_adj', (spec) => {
      spec.process.oomScoreAdj = 321;
    });
    expect(out).toBe('321');
  });

  test("oomScoreAdj: without it the caller's stays", async ({box}) => {
    const it = box.container('cat /proc/1/oom_score_adj');
    const script = 'echo 123 > /proc/self/oom_score_adj; exec "$@"';
    const outcome = await box.host(['sh', '-c', script, 'sh', ...box.command('run', '--bundle', it.dir, it.id)]);
    expect(outcome.stdout).toBe('123\n');
  });

  test('oomScoreAdj: less than the caller has is refused without CAP_SYS_RESOURCE', async ({box}) => {
    const it = box.container(['/bin/true'], (spec) => {
      spec.process.oomScoreAdj = -500;
    });
    const wrapper = ['setpriv', '--bounding-set', '-sys_resource', '--inh-caps', '-sys_resource'];
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id], {wrapper});
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/oomScoreAdj.*-500.*EACCES.*CAP_SYS_RESOURCE|oom_score_adj.*permission denied/i);
    expect(box.leftovers()).toEqual([]);
  });

  test('keyring: the program has a session keyring of its own, named after the container', async ({box}) => {
    const it = box.container('cat /proc/keys', (spec) => {
      spec.linux.maskedPaths = [];
    });
    expect((await box.runtime(['run', '--bundle', it.dir, it.id])).stdout).toMatch(
      new RegExp(`^\\S+ I--Q--- .* keyring +_ses\\.${it.id}: `, 'm'),
    );
  });

  test('keyring: with --no-new-keyring there is none', async ({box}) => {
    const it = box.container('cat /proc/keys', (spec) => {
      spec.linux.maskedPaths = [];
    });
    const outcome = await box.ok(['run', '--bundle', it.dir, '--no-new-keyring', it.id]);
    expect(outcome.stdout).not.toContain(`_ses.${it.id}`);
  });

  test('session: the program leads a session of its own', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    await it.start();
    const {pid} = await it.state();
    const {stdout} = await box.host(['ps', '-o', 'sid=', '-p', String(pid)]);
    expect(Number(stdout)).toBe(pid);
  });
});

describe('hostname', () => {
  test('hostname: is set in the container and not on the host', async ({box}) => {
    const before = (await box.host(['hostname'])).stdout;
    const out = await box.sh('hostname', (spec) => {
      spec.hostname = 'a-name.of.mine';
    });
    expect(out).toBe('a-name.of.mine');
    expect((await box.host(['hostname'])).stdout).toBe(before);
  });

  test("hostname: without one it is the host's", async ({box}) => {
    const out = await box.sh('hostname', (spec) => {
      delete spec.hostname;
    });
    expect(out).toBe((await box.host(['hostname'])).stdout.trim());
  });

  runtsOnly('runc 1.1 does not know it', 'domainname: is set', async (box) => {
    const out = await box.sh('cat /proc/sys/kernel/domainname', (spec) => {
      spec.domainname = 'example.org';
    });
    expect(out).toBe('example.org');
  });
});

runtsOnly(
  'runc 1.1 leaves it to the kernel, and Linux 6.2 keeps it',
  'CPU affinity: that of the caller does not go before the cpuset of the container',
  async (box) => {
    const all = (await box.host(['nproc'])).stdout;
    for (const wrapper of [[], ['taskset', '-c', '0']]) {
      const {stdout} = await box.run('nproc', undefined, {wrapper});
      expect(stdout).toBe(all);
    }
  },
);
