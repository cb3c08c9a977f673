// What compiled programs answer: libseccomp's part and ours, seen as the kernel sees it.
import {describe, expect, it} from 'vitest';
import type {Seccomp, SyscallArg} from '../../../src/generated/config.ts';
import {compileSeccomp, loadSeccompAddon} from '../../../src/host/seccomp-addon.ts';
import {normaliseSeccomp} from '../../../src/plan/seccomp.ts';
import {builtLibexec} from './addon.ts';
import {run} from './interpreter.ts';

const X86_64 = 0xc000_003e;
const I386 = 0x4000_0003;
const AARCH64 = 0xc000_00b7;
const ARM = 0x4000_0028;
const X32_BIT = 0x4000_0000;

const KILL = 0;
const TRAP = 0x0003_0000;
const LOG = 0x7ffc_0000;
const ALLOW = 0x7fff_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
const NOTIFY = 0x7fc0_0000;

const addon = loadSeccompAddon(builtLibexec());
const native = process.arch === 'arm64' ? {arch: AARCH64, read: 63, write: 64} : {arch: X86_64, read: 0, write: 1};

function compile(seccomp: Seccomp): Uint8Array {
  return compileSeccomp(addon, normaliseSeccomp(seccomp)).program;
}

/** x86_64 in the list, so that the numbers below hold on every machine. */
const base: Seccomp = {defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64']};

/** Whether personality(2) with these arguments is allowed by a rule with `args`. */
function allows(args: readonly SyscallArg[], ...values: bigint[]): boolean {
  const syscalls = [{names: ['personality'], action: 'SCMP_ACT_ALLOW', args}] as const;
  const answer = run(compile({...base, syscalls}), {arch: X86_64, number: 135, args: values});
  expect([ALLOW, EPERM]).toContain(answer);
  return answer === ALLOW;
}

describe('seccomp actions', () => {
  it('are those of the entry, else the default', () => {
    const program = compile({
      ...base,
      syscalls: [
        {names: ['read', 'write'], action: 'SCMP_ACT_ALLOW'},
        {names: ['open'], action: 'SCMP_ACT_KILL'},
        {names: ['close'], action: 'SCMP_ACT_KILL_PROCESS'},
        {names: ['stat'], action: 'SCMP_ACT_TRAP'},
        {names: ['fstat'], action: 'SCMP_ACT_LOG'},
        {names: ['lstat'], action: 'SCMP_ACT_ERRNO', errnoRet: 38},
        {names: ['poll'], action: 'SCMP_ACT_TRACE', errnoRet: 7},
        {names: ['lseek'], action: 'SCMP_ACT_ERRNO', errnoRet: 0},
        {names: ['mkdir'], action: 'SCMP_ACT_NOTIFY'},
        {names: ['openat2'], action: 'SCMP_ACT_ALLOW'},
      ],
    });
    const answers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 83].map((number) => run(program, {arch: X86_64, number}));
    const lseek = 0x0005_0000;
    expect(answers).toEqual([ALLOW, ALLOW, KILL, 0x8000_0000, TRAP, LOG, ENOSYS, 0x7ff0_0007, lseek, EPERM, NOTIFY]);
  });

  it('are the default action alone when there are no rules', () => {
    expect(run(compile({defaultAction: 'SCMP_ACT_ALLOW'}), {arch: native.arch, number: 5})).toBe(ALLOW);
    expect(run(compile({defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 5}), {arch: native.arch, number: 5})).toBe(
      0x0005_0005,
    );
  });

  it('bear entries that change nothing', () => {
    const program = compile({
      ...base,
      syscalls: [{names: ['mount', 'openat2'], action: 'SCMP_ACT_ERRNO', errnoRet: 1}],
    });
    expect(run(program, {arch: X86_64, number: 165})).toBe(EPERM);
    expect(run(program, {arch: X86_64, number: 437})).toBe(EPERM);
  });

  it('bear the same rule twice', () => {
    const names = ['read', 'read'];
    const program = compile({
      ...base,
      syscalls: [
        {names, action: 'SCMP_ACT_ALLOW'},
        {names, action: 'SCMP_ACT_ALLOW'},
      ],
    });
    expect(run(program, {arch: X86_64, number: 0})).toBe(ALLOW);
  });

  it('hold for more system calls than a plain list is made for', () => {
    const allowed = ['read', 'write', 'open', 'close', 'stat', 'fstat', 'lstat', 'poll', 'lseek', 'mmap', 'mprotect'];
    allowed.push('munmap', 'brk', 'rt_sigaction', 'rt_sigprocmask', 'rt_sigreturn', 'ioctl', 'pread64', 'pwrite64');
    allowed.push('readv', 'writev', 'access', 'pipe', 'select', 'sched_yield', 'mremap', 'msync', 'mincore', 'madvise');
    allowed.push('shmget', 'shmat', 'shmctl', 'dup', 'dup2', 'pause', 'nanosleep', 'getitimer', 'alarm', 'setitimer');
    const program = compile({...base, syscalls: [{names: [...allowed, 'openat2'], action: 'SCMP_ACT_ALLOW'}]});
    for (let number = 0; number < allowed.length; number++) expect(run(program, {arch: X86_64, number})).toBe(ALLOW);
    expect(run(program, {arch: X86_64, number: allowed.length})).toBe(EPERM);
    expect(run(program, {arch: X86_64, number: 437})).toBe(ALLOW);
    expect(run(program, {arch: X86_64, number: 436})).toBe(EPERM);
    expect(run(program, {arch: X86_64, number: 438})).toBe(ENOSYS);
  });

  it('skip names that libseccomp does not know, and names that only begin like a known one', () => {
    const profile = normaliseSeccomp({
      ...base,
      syscalls: [{names: ['read', 'no_such_call', 'write\0x', 'openat2'], action: 'SCMP_ACT_ALLOW'}],
    });
    const {program, unknown} = compileSeccomp(addon, profile);
    expect(unknown).toEqual(['no_such_call', 'write\0x']);
    expect(run(program, {arch: X86_64, number: 0})).toBe(ALLOW);
    expect(run(program, {arch: X86_64, number: 1})).toBe(EPERM);
  });
});

describe('seccomp arguments', () => {
  const big = 0x1_0000_0002n;

  it('SCMP_CMP_NE', () => {
    const args = [{index: 0, value: big, op: 'SCMP_CMP_NE'}] as const;
    expect([2n, big, big + 1n].map((value) => allows(args, value))).toEqual([true, false, true]);
  });

  it('SCMP_CMP_LT', () => {
    const args = [{index: 0, value: big, op: 'SCMP_CMP_LT'}] as const;
    expect([0xffff_ffffn, big - 1n, big, big + 1n].map((value) => allows(args, value))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('SCMP_CMP_LE', () => {
    const args = [{index: 0, value: big, op: 'SCMP_CMP_LE'}] as const;
    expect([big - 1n, big, big + 1n, 2n ** 63n].map((value) => allows(args, value))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('SCMP_CMP_EQ', () => {
    const args = [{index: 0, value: big, op: 'SCMP_CMP_EQ'}] as const;
    expect([2n, big, big + 1n].map((value) => allows(args, value))).toEqual([false, true, false]);
  });

  it('SCMP_CMP_GE', () => {
    const args = [{index: 0, value: big, op: 'SCMP_CMP_GE'}] as const;
    expect([5n, big - 1n, big, 2n ** 64n - 1n].map((value) => allows(args, value))).toEqual([false, false, true, true]);
  });

  it('SCMP_CMP_GT', () => {
    const args = [{index: 0, value: big, op: 'SCMP_CMP_GT'}] as const;
    expect([5n, big, big + 1n, 2n ** 63n].map((value) => allows(args, value))).toEqual([false, false, true, true]);
  });

  it('SCMP_CMP_MASKED_EQ: value is the mask, valueTwo what must be left', () => {
    const namespaces = [{index: 0, value: 0x7e02_0000n, valueTwo: 0n, op: 'SCMP_CMP_MASKED_EQ'}] as const;
    expect([0x11n, 0x0002_0011n, 0x4000_0000n].map((value) => allows(namespaces, value))).toEqual([true, false, false]);
    const second = [{index: 0, value: 0xff00n, valueTwo: 0x1200n, op: 'SCMP_CMP_MASKED_EQ'}] as const;
    expect([0x12ffn, 0x13ffn, 0n].map((value) => allows(second, value))).toEqual([true, false, false]);
  });

  it('takes the largest 64-bit value', () => {
    const args = [{index: 5, value: 0xffff_ffff_ffff_ffffn, op: 'SCMP_CMP_EQ'}] as const;
    expect(allows(args, 0n, 0n, 0n, 0n, 0n, 0xffff_ffff_ffff_ffffn)).toBe(true);
    expect(allows(args, 0n, 0n, 0n, 0n, 0n, 0xffff_ffff_ffff_fffen)).toBe(false);
  });

  it('must all hold', () => {
    const args = [
      {index: 0, value: 1n, op: 'SCMP_CMP_EQ'},
      {index: 1, value: 2n, op: 'SCMP_CMP_EQ'},
    ] as const;
    expect([allows(args, 1n, 2n), allows(args, 1n, 3n), allows(args, 0n, 2n)]).toEqual([true, false, false]);
  });

  it('are alternatives when one is checked twice', () => {
    const args = [
      {index: 0, value: 0n, op: 'SCMP_CMP_EQ'},
      {index: 0, value: 8n, op: 'SCMP_CMP_EQ'},
    ] as const;
    expect([allows(args, 0n), allows(args, 8n), allows(args, 4n)]).toEqual([true, true, false]);
  });
});

describe('seccomp architectures', () => {
  const syscalls = [{names: ['read', 'openat2'], action: 'SCMP_ACT_ALLOW'}] as const;

  it('always have the native one', () => {
    for (const architectures of [undefined, [], ['SCMP_ARCH_X86'], ['SCMP_ARCH_AARCH64']] as const) {
      const program = compile({defaultAction: 'SCMP_ACT_ERRNO', syscalls, ...(architectures && {architectures})});
      expect(run(program, {arch: native.arch, number: native.read})).toBe(ALLOW);
      expect(run(program, {arch: native.arch, number: native.write})).toBe(EPERM);
    }
  });

  it('are killed when they are not in the profile', () => {
    const program = compile({defaultAction: 'SCMP_ACT_ERRNO', syscalls});
    expect(run(program, {arch: I386, number: 3})).toBe(KILL);
    expect(run(program, {arch: ARM, number: 3})).toBe(KILL);
  });

  it('have their own numbers: x86, ARM, AArch64', () => {
    const architectures = ['SCMP_ARCH_X86', 'SCMP_ARCH_ARM', 'SCMP_ARCH_AARCH64'] as const;
    const program = compile({defaultAction: 'SCMP_ACT_ERRNO', architectures, syscalls});
    for (const [arch, read, write] of [
      [I386, 3, 4],
      [ARM, 3, 4],
      [AARCH64, 63, 64],
    ] as const) {
      expect(run(program, {arch, number: read})).toBe(ALLOW);
      expect(run(program, {arch, number: write})).toBe(EPERM);
      expect(run(program, {arch, number: 437})).toBe(ALLOW);
      expect(run(program, {arch, number: 438})).toBe(ENOSYS);
    }
  });

  it('x32 is x86_64 with a bit, and killed when only x86_64 is there', () => {
    const both = compile({...base, architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'], syscalls});
    expect(run(both, {arch: X86_64, number: X32_BIT})).toBe(ALLOW);
    expect(run(both, {arch: X86_64, number: X32_BIT + 1})).toBe(EPERM);
    expect(run(both, {arch: X86_64, number: X32_BIT + 1000})).toBe(ENOSYS);
    const one = compile({...base, syscalls});
    expect(run(one, {arch: X86_64, number: X32_BIT})).toBe(KILL);
    expect(run(one, {arch: X86_64, number: X32_BIT + 1000})).toBe(KILL);
  });

  it('are refused by name when libseccomp cannot do them', () => {
    const architectures = ['SCMP_ARCH_X86', 'SCMP_ARCH_MIPS'] as const;
    expect(() => compile({defaultAction: 'SCMP_ACT_ALLOW', architectures})).toThrow(
      `config.json#/linux/seccomp/architectures/1: libseccomp ${addon.version()} cannot have this architecture in one ` +
        'filter with the native one (EDOM)',
    );
    const profile = {...normaliseSeccomp({defaultAction: 'SCMP_ACT_ALLOW'}), architectures: ['vax']};
    expect(() => compileSeccomp(addon, profile)).toThrow(
      `config.json#/linux/seccomp/architectures/0: libseccomp ${addon.version()} does not know this architecture`,
    );
  });
});

describe('system calls newer than the profile', () => {
  const syscalls = [{names: ['read', 'openat2'], action: 'SCMP_ACT_ALLOW'}] as const;
  const newer = {arch: X86_64, number: 438};

  it('do not exist, as far as the program can tell', () => {
    for (const defaultAction of ['SCMP_ACT_ERRNO', 'SCMP_ACT_KILL', 'SCMP_ACT_TRAP'] as const) {
      expect(run(compile({...base, defaultAction, syscalls}), newer)).toBe(ENOSYS);
    }
  });

  it('get the default action when that is not a refusal', () => {
    expect(run(compile({...base, defaultAction: 'SCMP_ACT_LOG', syscalls}), newer)).toBe(LOG);
    expect(run(compile({...base, defaultAction: 'SCMP_ACT_TRACE', syscalls}), newer)).toBe(0x7ff0_0001);
  });

  it('are not those that the profile names only to refuse', () => {
    const refused = [...syscalls, {names: ['clone3', 'faccessat2'], action: 'SCMP_ACT_ERRNO'}] as const;
    const program = compile({...base, syscalls: refused});
    expect([438, 439, 440].map((number) => run(program, {arch: X86_64, number}))).toEqual([EPERM, EPERM, ENOSYS]);
  });

  it('are not the private calls of ARM', () => {
    const architectures = ['SCMP_ARCH_ARM'] as const;
    const names = ['openat2', 'set_tls'];
    const program = compile({...base, architectures, syscalls: [{names, action: 'SCMP_ACT_ALLOW'}]});
    expect([438, 0x0f0005, 0x0f0001].map((number) => run(program, {arch: ARM, number}))).toEqual([
      ENOSYS,
      ALLOW,
      EPERM,
    ]);
  });
});

describe('seccomp errors', () => {
  it('name the entry whose rule contradicts another', () => {
    const syscalls = [
      {names: ['read'], action: 'SCMP_ACT_LOG', args: [{index: 0, op: 'SCMP_CMP_EQ', value: 8n}]},
      {names: ['write'], action: 'SCMP_ACT_ERRNO'},
      {names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{index: 0, op: 'SCMP_CMP_EQ', value: 8n}]},
    ] as const;
    expect(() => compile({...base, syscalls})).toThrow(
      `config.json#/linux/seccomp/syscalls/2: libseccomp ${addon.version()} refuses the rule for read: another entry has ` +
        'the same conditions and a different action',
    );
  });

  it('say when the program is longer than the kernel takes', () => {
    const args = Array.from({length: 5000}, (_, i) => ({index: 0, op: 'SCMP_CMP_EQ', value: BigInt(i)}) as const);
    expect(() => compile({...base, syscalls: [{names: ['read'], action: 'SCMP_ACT_ALLOW', args}]})).toThrow(
      /^config\.json#\/linux\/seccomp: the profile needs a program of \d+ instructions, the kernel takes at most 4096/,
    );
  });

  it('say what to install when the addon cannot be loaded', () => {
    expect(() => loadSeccompAddon('/nowhere')).toThrow(
      /^cannot load \/nowhere\/runts_seccomp\.node, which linux\.seccomp needs: .*is libseccomp .*installed\?$/,
    );
  });
});

describe('the addon', () => {
  it('tells version and file of libseccomp', () => {
    expect(addon.version()).toMatch(/^2\.\d+\.\d+$/);
    expect(addon.libseccompPath()).toMatch(/libseccomp\.so/);
  });
});
