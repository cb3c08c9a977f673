// linux.seccomp: what the filter does to the system calls of the program.
import {readdirSync} from 'node:fs';
import {expect} from 'vitest';
import {isRunc, type Edit, runtsOnly, test} from './harness.ts';
import {field} from './inspect.ts';
import type {SeccompSpec} from './spec.ts';

type Rule = NonNullable<SeccompSpec['syscalls']>[number];

const denying =
  (rules: Rule[], more: Partial<SeccompSpec> = {}): Edit =>
  (spec) => {
    spec.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: rules,
      ...more,
    };
  };

const mkdir = ['mkdir', 'mkdirat'];

test('seccomp: a denied system call fails with EPERM', async ({box}) => {
  const out = await box.sh('mkdir /x 2>&1; true', denying([{names: mkdir, action: 'SCMP_ACT_ERRNO'}]));
  expect(out).toMatch(/Operation not permitted/);
});

for (const [errnoRet, text] of [
  [13, 'Permission denied'],
  [28, 'No space left on device'],
  [38, 'Function not implemented'],
] as const) {
  test(`seccomp: errnoRet ${errnoRet} is what the program gets`, async ({box}) => {
    const out = await box.sh('mkdir /x 2>&1; true', denying([{names: mkdir, action: 'SCMP_ACT_ERRNO', errnoRet}]));
    expect(out).toContain(text);
  });
}

test('seccomp: with errno as the default only what is allowed works', async ({box}) => {
  const out = await box.sh('mkdir /x 2>&1; echo still here', (spec) => {
    spec.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [{names: ALMOST_ALL, action: 'SCMP_ACT_ALLOW'}],
    };
  });
  expect(out).toMatch(/Operation not permitted\nstill here/);
});

for (const noNewPrivileges of [true, false]) {
  test(`seccomp: a filter that allows nothing at all ends the container: noNewPrivileges ${noNewPrivileges}`, async ({
    box,
  }) => {
    const outcome = await box.run('true', (spec) => {
      spec.process.noNewPrivileges = noNewPrivileges;
      spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64']};
    });
    expect(outcome.code).toBeGreaterThan(0);
    if (!isRunc && !noNewPrivileges) expect(outcome.stderr).toMatch(/SIGILL: its seccomp filter forbids/);
  });
}

runtsOnly(
  'runc 1.1 sets the filter before it changes to the working directory, and then calls getcwd',
  'seccomp: what init needs no privileges for is done before a filter is set',
  async (box) => {
    const out = await box.sh('cat /proc/self/comm; echo still here', (spec) => {
      spec.process.cwd = '/tmp';
      spec.process.noNewPrivileges = false;
      denying([{names: ['getcwd', 'chdir', 'mkdirat', 'openat2'], action: 'SCMP_ACT_ERRNO'}])(spec);
    });
    expect(out).toMatch(/still here/);
  },
);

runtsOnly(
  'runc 1.1 knows defaultErrnoRet, Debian built it without',
  'seccomp: defaultErrnoRet is for what no rule names',
  async (box) => {
    const out = await box.sh('mkdir /x 2>&1; echo still here', (spec) => {
      spec.linux.seccomp = {
        defaultAction: 'SCMP_ACT_ERRNO',
        defaultErrnoRet: 13,
        architectures: ['SCMP_ARCH_X86_64'],
        syscalls: [{names: ALMOST_ALL, action: 'SCMP_ACT_ALLOW'}],
      };
    });
    expect(out).toMatch(/Permission denied\nstill here/);
  },
);

test('seccomp: KILL_PROCESS ends the program with SIGSYS', async ({box}) => {
  const out = await box.sh('mkdir /x; echo $?', denying([{names: mkdir, action: 'SCMP_ACT_KILL_PROCESS'}]));
  // busybox's shell: 128 + SIGSYS.
  expect(out.split('\n').at(-1)).toBe('159');
});

test('seccomp: TRAP does so too for a program that does not handle it', async ({box}) => {
  const out = await box.sh('mkdir /x; echo $?', denying([{names: mkdir, action: 'SCMP_ACT_TRAP'}]));
  expect(out.split('\n').at(-1)).toBe('159');
});

test('seccomp: LOG lets the call through', async ({box}) => {
  expect(await box.sh('mkdir /x && echo made', denying([{names: mkdir, action: 'SCMP_ACT_LOG'}]))).toBe('made');
});

for (const [op, rule, denied] of [
  ['EQ', {index: 1, value: 0o700, op: 'SCMP_CMP_EQ'}, [0o700]],
  ['NE', {index: 1, value: 0o700, op: 'SCMP_CMP_NE'}, [0o711, 0o755]],
  ['LT', {index: 1, value: 0o711, op: 'SCMP_CMP_LT'}, [0o700]],
  ['LE', {index: 1, value: 0o711, op: 'SCMP_CMP_LE'}, [0o700, 0o711]],
  ['GT', {index: 1, value: 0o711, op: 'SCMP_CMP_GT'}, [0o755]],
  ['GE', {index: 1, value: 0o711, op: 'SCMP_CMP_GE'}, [0o711, 0o755]],
  ['MASKED_EQ', {index: 1, value: 0o50, valueTwo: 0o50, op: 'SCMP_CMP_MASKED_EQ'}, [0o755]],
] as const) {
  test(`seccomp: arguments are compared with ${op}`, async ({box}) => {
    // chmod(path, mode); busybox uses the plain system call.
    const script = 'for m in 700 711 755; do chmod $m /tmp 2>/dev/null && echo ok || echo denied; done';
    const out = await box.sh(script, denying([{names: ['chmod'], action: 'SCMP_ACT_ERRNO', args: [{...rule}]}]));
    expect(out.split('\n')).toEqual(
      [0o700, 0o711, 0o755].map((mode) => ((denied as readonly number[]).includes(mode) ? 'denied' : 'ok')),
    );
  });
}

test('seccomp: values of 64 bits are compared exactly', async ({box}) => {
  const value = 18_446_744_073_709_551_615n;
  const out = await box.sh(
    'chmod 700 /tmp && echo ok',
    denying([
      {names: ['chmod'], action: 'SCMP_ACT_ERRNO', args: [{index: 1, value, op: 'SCMP_CMP_EQ'}]},
      {
        names: ['chown'],
        action: 'SCMP_ACT_ERRNO',
        args: [{index: 2, value: 9_007_199_254_740_993n, op: 'SCMP_CMP_GT'}],
      },
    ]),
  );
  expect(out).toBe('ok');
});

test('seccomp: unknown system calls are passed over', async ({box}) => {
  const out = await box.sh(
    'mkdir /x 2>&1; true',
    denying([{names: ['no_such_call', ...mkdir, 'another_one'], action: 'SCMP_ACT_ERRNO'}]),
  );
  expect(out).toMatch(/Operation not permitted/);
});

test('seccomp: a rule that says what the default says is passed over', async ({box}) => {
  const out = await box.sh(
    'mkdir /x 2>&1; true',
    denying([
      {names: ['read', 'write'], action: 'SCMP_ACT_ALLOW'},
      {names: mkdir, action: 'SCMP_ACT_ERRNO'},
    ]),
  );
  expect(out).toMatch(/Operation not permitted/);
});

for (const noNewPrivileges of [true, false]) {
  test(`seccomp: the filter is in place ${noNewPrivileges ? 'with' : 'without'} noNewPrivileges`, async ({box}) => {
    const status = await box.sh('cat /proc/self/status', (spec) => {
      denying([{names: mkdir, action: 'SCMP_ACT_ERRNO'}])(spec);
      spec.process.noNewPrivileges = noNewPrivileges;
      spec.process.user = {uid: 1000, gid: 1000};
    });
    expect(field(status, 'Seccomp')).toBe('2');
    expect(field(status, 'Seccomp_filters')).toBe('1');
    expect(field(status, 'NoNewPrivs')).toBe(noNewPrivileges ? '1' : '0');
  });
}

test('seccomp: without the property there is no filter', async ({box}) => {
  expect(field(await box.sh('cat /proc/self/status'), 'Seccomp')).toBe('0');
});

test('seccomp: the filter does not stop the runtime itself', async ({box}) => {
  // What the steps after the filter might want to use.
  const names = [
    'close_range',
    'dup3',
    'fcntl',
    'prctl',
    'capset',
    'setresuid',
    'setresgid',
    'setgroups',
    'chdir',
    'openat2',
    'mount',
  ];
  const out = await box.sh('echo ran', (spec) => {
    denying([{names, action: 'SCMP_ACT_ERRNO'}])(spec);
    spec.process.noNewPrivileges = true;
    spec.process.user = {uid: 1000, gid: 1000};
  });
  expect(out).toBe('ran');
});

test('seccomp: it holds for 32-bit calls when their architecture is listed', async ({box}) => {
  const status = await box.sh(
    'cat /proc/self/status',
    denying([{names: mkdir, action: 'SCMP_ACT_ERRNO'}], {
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    }),
  );
  expect(field(status, 'Seccomp')).toBe('2');
});

runtsOnly('Debian built runc 1.1 without', 'seccomp: flags are accepted', async (box) => {
  const flags = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'];
  const out = await box.sh('mkdir /x 2>&1; true', denying([{names: mkdir, action: 'SCMP_ACT_ERRNO'}], {flags}));
  expect(out).toMatch(/Operation not permitted/);
});

runtsOnly('runc has no cache', 'seccomp: a cached program does what the fresh one did', async (box) => {
  const edit = denying([{names: mkdir, action: 'SCMP_ACT_ERRNO', errnoRet: 13}]);
  const first = await box.sh('mkdir /x 2>&1; true', edit);
  const entriesBefore = readdirSync(box.root);
  expect(await box.sh('mkdir /x 2>&1; true', edit)).toBe(first);
  expect(readdirSync(box.root)).toEqual(entriesBefore);
  // Another profile is not mistaken for it.
  const other = await box.sh('mkdir /x 2>&1; true', denying([{names: mkdir, action: 'SCMP_ACT_ERRNO', errnoRet: 28}]));
  expect(other).toMatch(/No space left/);
});

// What busybox's shell, mkdir and echo need, and the runtime on its way to them; mkdir is not in it.
const ALMOST_ALL = `read write open openat close stat fstat newfstatat lstat statx poll lseek mmap mprotect munmap brk
rt_sigaction rt_sigprocmask rt_sigreturn ioctl pread64 access pipe pipe2 select dup dup2 dup3 getpid getppid clone clone3
fork vfork execve execveat exit exit_group wait4 waitid kill uname fcntl getcwd chdir fchdir readlink readlinkat umask
getuid getgid geteuid getegid getpgrp getpgid setpgid getsid setsid arch_prctl set_tid_address set_robust_list futex
prlimit64 getrandom rseq prctl capget capset setuid setgid setresuid setresgid getgroups setgroups close_range faccessat
faccessat2 gettid tgkill sigaltstack clock_gettime nanosleep clock_nanosleep sched_yield getdents64 seccomp sysinfo
epoll_create1 epoll_ctl epoll_pwait madvise sched_getaffinity fchown openat2 sendmsg recvmsg sendto writev unlinkat
eventfd2 rt_sigtimedwait getxattr fstatfs statfs dup restart_syscall getrlimit time gettimeofday`.split(/\s+/);
