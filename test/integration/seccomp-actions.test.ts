// linux.seccomp, table by table: what every action, operator, ABI and flag does to a system call. The container's program
// is syscalls.c, which makes personality(2) calls (a query, with these arguments) and says what came of them.
import {join} from 'node:path';
import {describe, expect, inject} from 'vitest';
import {type Box, type Edit, isRunc, type RunOptions, runtsOnly, succeeded, test} from './harness.ts';
import type {SeccompSpec} from './spec.ts';

type Rule = NonNullable<SeccompSpec['syscalls']>[number];

/** personality(2): number 135 on x86_64, 136 in the 32-bit table. */
const PERSONALITY = 'personality';
const CALL = 'n:135';
const CALL_32 = 'i:136';
const CALL_X32 = 'x:135';

/** Those that can be in one filter with x86_64. */
const LITTLE_ENDIAN = ['ARM', 'AARCH64', 'MIPSEL', 'MIPSEL64', 'MIPSEL64N32', 'PPC64LE'].map(
  (name) => `SCMP_ARCH_${name}`,
);

/** Runs the probe under a profile. */
async function probe(
  box: Box,
  calls: readonly string[],
  profile: SeccompSpec,
  more: Edit = () => {},
  options?: RunOptions,
): Promise<string[]> {
  const outcome = await box.run(
    ['/syscalls', ...calls],
    (spec) => {
      spec.mounts.push({
        destination: '/syscalls',
        type: 'bind',
        source: join(inject('shared'), 'syscalls'),
        options: ['bind', 'ro'],
      });
      spec.linux.seccomp = profile;
      more(spec);
    },
    options,
  );
  return succeeded(outcome).stdout.trimEnd().split('\n');
}

const withRules = (syscalls: Rule[], more: Partial<SeccompSpec> = {}): SeccompSpec => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls,
  ...more,
});

/** `defaultAction` for personality(2) and few others. */
const withDefault = (defaultAction: string, more: Partial<SeccompSpec> = {}): SeccompSpec => ({
  defaultAction,
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: [{names: NEEDED, action: 'SCMP_ACT_ALLOW'}],
  ...more,
});

const outcomes: readonly (readonly [action: string, call: string, lines: readonly string[]])[] = [
  ['SCMP_ACT_ALLOW', CALL, ['= 0']],
  ['SCMP_ACT_LOG', CALL, ['= 0']],
  ['SCMP_ACT_ERRNO', CALL, ['errno 1']],
  ['SCMP_ACT_TRAP', CALL, ['trapped 135']],
  ['SCMP_ACT_KILL', CALL, ['killed 31']],
  ['SCMP_ACT_KILL', `M${CALL}`, ['thread killed']],
  ['SCMP_ACT_KILL_THREAD', `M${CALL}`, ['thread killed']],
  ['SCMP_ACT_KILL_PROCESS', `M${CALL}`, ['killed 31']],
  // Without a tracer such a call fails.
  ['SCMP_ACT_TRACE', CALL, ['errno 38']],
  ['SCMP_ACT_TRACE', `T${CALL}`, ['traced 1', '= 0']],
];

for (const noNewPrivileges of [true, false]) {
  describe(`seccomp actions ${noNewPrivileges ? 'with' : 'without'} noNewPrivileges`, () => {
    const privileges: Edit = (spec) => {
      spec.process.noNewPrivileges = noNewPrivileges;
    };
    for (const [action, call, lines] of outcomes) {
      const how = call.startsWith('M') ? ' in a thread' : call.startsWith('T') ? ' under a tracer' : '';
      test(`${action} for an entry${how}`, async ({box}) => {
        const other = action === 'SCMP_ACT_ALLOW' ? withDefault('SCMP_ACT_ERRNO') : withRules([]);
        const syscalls = [...(other.syscalls ?? []), {names: [PERSONALITY], action}];
        expect(await probe(box, [call], {...other, syscalls}, privileges)).toEqual(lines);
      });
      test(`${action} as default${how}`, async ({box}) => {
        expect(await probe(box, [call], withDefault(action), privileges)).toEqual(lines);
      });
    }

    test('errnoRet is what a tracer gets', async ({box}) => {
      const rule = {names: [PERSONALITY], action: 'SCMP_ACT_TRACE', errnoRet: 4321};
      expect(await probe(box, [`T${CALL}`], withRules([rule]), privileges)).toEqual(['traced 4321', '= 0']);
    });
  });
}

const HIGH = 0x1_0000_0000n;
const operators: readonly (readonly [args: NonNullable<Rule['args']>, denied: readonly bigint[]])[] = [
  [[{index: 0, op: 'SCMP_CMP_EQ', value: 8}], [8n]],
  [[{index: 0, op: 'SCMP_CMP_NE', value: 8}], [0n, 7n, 9n, HIGH + 8n]],
  [[{index: 0, op: 'SCMP_CMP_LT', value: 8}], [0n, 7n]],
  [[{index: 0, op: 'SCMP_CMP_LE', value: 8}], [0n, 7n, 8n]],
  [[{index: 0, op: 'SCMP_CMP_GE', value: 8}], [8n, 9n, HIGH + 8n]],
  [[{index: 0, op: 'SCMP_CMP_GT', value: 8}], [9n, HIGH + 8n]],
  [[{index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 8, valueTwo: 8}], [8n, 9n, HIGH + 8n]],
  [[{index: 0, op: 'SCMP_CMP_MASKED_EQ', value: HIGH, valueTwo: HIGH}], [HIGH + 8n]],
  [[{index: 0, op: 'SCMP_CMP_EQ', value: HIGH + 8n}], [HIGH + 8n]],
  [[{index: 0, op: 'SCMP_CMP_GT', value: HIGH}], [HIGH + 8n]],
  // All of an entry hold together, unless it checks an argument twice.
  [
    [
      {index: 0, op: 'SCMP_CMP_GE', value: 8},
      {index: 5, op: 'SCMP_CMP_EQ', value: 0},
    ],
    [8n, 9n, HIGH + 8n],
  ],
  [
    [
      {index: 0, op: 'SCMP_CMP_GE', value: 8},
      {index: 5, op: 'SCMP_CMP_EQ', value: 1},
    ],
    [],
  ],
  [
    [
      {index: 0, op: 'SCMP_CMP_EQ', value: 7},
      {index: 0, op: 'SCMP_CMP_EQ', value: 9},
    ],
    [7n, 9n],
  ],
];

describe('seccomp operators', () => {
  const values = [0n, 7n, 8n, 9n, HIGH + 8n];
  for (const [args, denied] of operators) {
    const what = args.map(({index, op, value, valueTwo = ''}) => `${index} ${op} ${value} ${valueTwo}`).join(', ');
    test(what, async ({box}) => {
      const calls = values.map((value) => `${CALL}:${value}`);
      const lines = await probe(box, calls, withRules([{names: [PERSONALITY], action: 'SCMP_ACT_ERRNO', args}]));
      expect(values.filter((_, at) => lines[at] === 'errno 1')).toEqual(denied);
      expect(lines).toHaveLength(values.length);
    });
  }
});

describe('seccomp and the ABIs of x86', () => {
  const rules = [{names: [PERSONALITY], action: 'SCMP_ACT_ERRNO', errnoRet: 19}];
  const all = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];

  test('a rule holds in each that is listed', async ({box}) => {
    const lines = await probe(box, [CALL, CALL_32, CALL_X32], withRules(rules, {architectures: all}));
    expect(lines).toEqual(['errno 19', 'errno 19', 'errno 19']);
  });

  test('calls of one that is not listed are fatal', async ({box}) => {
    const lines = await probe(box, [CALL, CALL_32, CALL_X32], withRules(rules));
    expect(lines).toEqual(['errno 19', 'killed 31', 'killed 31']);
  });

  test('without a list only the native one works', async ({box}) => {
    const {architectures, ...rest} = withRules(rules);
    expect(await probe(box, [CALL, CALL_32], rest)).toEqual(['errno 19', 'killed 31']);
  });

  test('the native one is there when others are listed', async ({box}) => {
    const lines = await probe(box, [CALL, CALL_32], withRules(rules, {architectures: ['SCMP_ARCH_X86']}));
    expect(lines).toEqual(['errno 19', 'errno 19']);
  });

  test('calls newer than the profile fail with ENOSYS in each', async ({box}) => {
    const profile = withDefault('SCMP_ACT_ERRNO', {architectures: all});
    const lines = await probe(box, [CALL, 'n:1000', 'i:1000', 'x:1000'], profile);
    expect(lines).toEqual(['errno 1', 'errno 38', 'errno 38', 'errno 38']);
  });

  for (const [action, lines] of [
    ['SCMP_ACT_KILL', ['killed 31', 'errno 38']],
    ['SCMP_ACT_KILL_PROCESS', ['killed 31', 'errno 38']],
    ['SCMP_ACT_TRAP', ['trapped 135', 'errno 38']],
    ['SCMP_ACT_LOG', ['= 0', 'errno 38']],
    ['SCMP_ACT_ALLOW', ['= 0', 'errno 38']],
  ] as const) {
    test(`calls newer than the profile fail so too when the default is ${action}`, async ({box}) => {
      expect(await probe(box, [CALL, 'n:1000'], withDefault(action))).toEqual(lines);
    });
  }

  test('what the default lets happen is not answered for, however new', async ({box}) => {
    // A tracer sees it: no prologue has answered.
    expect(await probe(box, ['Tn:1000'], withDefault('SCMP_ACT_TRACE'))).toEqual(['traced 1', 'errno 38']);
  });
});

describe('seccomp architectures that this machine cannot have', () => {
  for (const [arch, reason] of [
    ['SCMP_ARCH_MIPS', /cannot have this architecture in one filter with the native one/],
    ['SCMP_ARCH_PPC64', /cannot have this architecture/],
    ['SCMP_ARCH_S390X', /cannot have this architecture/],
    ['SCMP_ARCH_PARISC64', /cannot have this architecture/],
  ] as const) {
    test(`${arch} is refused by name`, async ({box}) => {
      const {code, stderr} = await box.run(['/bin/true'], (spec) => {
        spec.linux.seccomp = withRules([], {architectures: ['SCMP_ARCH_X86_64', arch]});
      });
      expect(code).toBe(1);
      if (isRunc) return;
      expect(stderr).toContain('/linux/seccomp/architectures/1');
      expect(stderr).toMatch(reason);
    });
  }

  // Each by itself, so that none hides another.
  for (const arch of LITTLE_ENDIAN) {
    test(`${arch} does no harm`, async ({box}) => {
      const rules = [{names: [PERSONALITY], action: 'SCMP_ACT_ERRNO'}];
      expect(await probe(box, [CALL], withRules(rules, {architectures: ['SCMP_ARCH_X86_64', arch]}))).toEqual([
        'errno 1',
      ]);
    });
  }

  for (const arch of [
    'SCMP_ARCH_RISCV64',
    'SCMP_ARCH_LOONGARCH64',
    'SCMP_ARCH_M68K',
    'SCMP_ARCH_SH',
    'SCMP_ARCH_SHEB',
  ]) {
    runtsOnly('runc 1.1 has no such name', `${arch} works or is refused by name`, async (box) => {
      const {code, stderr} = await box.run(['/bin/true'], (spec) => {
        spec.linux.seccomp = withRules([], {architectures: [arch]});
      });
      if (code !== 0) expect(stderr).toMatch(/\/linux\/seccomp\/architectures\/0: libseccomp [\d.]+ (cannot|does not)/);
    });
  }
});

describe('seccomp flags', () => {
  const LOG = 2;
  const SPEC_ALLOW = 4;
  const cases: readonly (readonly [flags: string[] | undefined, bits: number])[] = [
    [undefined, SPEC_ALLOW],
    [[], 0],
    [['LOG'], LOG],
    [['SPEC_ALLOW'], SPEC_ALLOW],
    [['TSYNC'], 0],
    [['TSYNC', 'LOG', 'SPEC_ALLOW'], LOG | SPEC_ALLOW],
    // About notifications only.
    [['WAIT_KILLABLE_RECV'], 0],
  ];
  for (const noNewPrivileges of [true, false]) {
    for (const [names, bits] of cases) {
      const title = `${names?.join(' ') ?? 'unset'} ${noNewPrivileges ? 'with' : 'without'} noNewPrivileges`;
      runtsOnly('runc 1.1 cannot', `are those of the config: ${title}`, async (box) => {
        const rule = {names: [PERSONALITY], action: 'SCMP_ACT_ERRNO'};
        const flags = names?.map((name) => `SECCOMP_FILTER_FLAG_${name}`);
        const profile = withRules([rule], flags && {flags});
        const edit: Edit = (spec) => {
          spec.process.noNewPrivileges = noNewPrivileges;
        };
        const taking = (mask: number) => ({wrapper: [join(inject('shared'), 'filter-flags'), String(mask)]});
        expect(await probe(box, [CALL], profile, edit, taking(bits))).toEqual(['errno 1']);
        await expect(probe(box, [CALL], profile, edit, taking(bits ^ 1))).rejects.toThrow(
          /linux\/seccomp: load the seccomp filter: .*EINVAL/,
        );
      });
    }
  }
});

runtsOnly('runc 1.1 hangs', 'seccomp: a profile that ends runts-init itself is an error that says so', async (box) => {
  const {code, stderr} = await box.run(['/bin/true'], (spec) => {
    spec.process.noNewPrivileges = false;
    spec.linux.seccomp = {defaultAction: 'SCMP_ACT_KILL', architectures: ['SCMP_ARCH_X86_64'], syscalls: []};
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/killed by SIGSYS: its seccomp filter forbids/);
});

// What syscalls.c needs, and the runtimes on their way to it; personality is not in it.
const NEEDED =
  `read write open openat close stat fstat newfstatat lstat poll lseek mmap mprotect munmap brk rt_sigaction
rt_sigprocmask rt_sigreturn ioctl access pipe pipe2 dup dup2 dup3 getpid getppid clone clone3 fork vfork execve execveat exit
exit_group wait4 waitid kill uname fcntl getcwd chdir fchdir readlink readlinkat umask getuid getgid geteuid getegid
arch_prctl set_tid_address set_robust_list futex futex_waitv prlimit64 getrandom rseq prctl capget capset setuid setgid
setresuid setresgid getgroups setgroups close_range faccessat faccessat2 gettid tgkill tkill sigaltstack clock_gettime
nanosleep clock_nanosleep sched_yield getdents64 seccomp epoll_create1 epoll_ctl epoll_pwait madvise sched_getaffinity
ptrace openat2 sendmsg recvmsg sendto fstatfs statfs`.split(/\s+/);
