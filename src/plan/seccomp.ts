// linux.seccomp -> a normalised profile, in the kernel's and libseccomp's numbers. Pure: host/seccomp-cache.ts has the
// profile compiled. Rules as in the runtime-spec 1.3 (config-linux.md#seccomp) and, where it is silent, as in runc.
import type {
  Seccomp,
  SeccompAction,
  SeccompArch,
  SeccompFlag,
  SeccompOperator,
  SyscallArg,
} from '../generated/config.ts';

export interface SeccompFacts {
  /** The kernel knows SECCOMP_FILTER_FLAG_SPEC_ALLOW (Linux 4.17). */
  readonly specAllow: boolean;
}

/** Compares one argument: `op` is libseccomp's enum scmp_compare; for MASKED_EQ `value` is the mask. */
export interface SeccompCondition {
  readonly index: number;
  readonly op: number;
  readonly value: bigint;
  readonly valueTwo: bigint;
}

/** All of `args` must hold (none: always) for `action`. */
export interface SeccompRule {
  /** Index into linux.seccomp.syscalls, for messages. */
  readonly entry: number;
  readonly names: readonly string[];
  readonly action: number;
  readonly args: readonly SeccompCondition[];
}

/** Action words are those of seccomp(2): SECCOMP_RET_* | data. */
export interface SeccompProfile {
  readonly defaultAction: number;
  /** For syscalls newer than every one that the profile names. Equal to `defaultAction`: nothing special for them. */
  readonly newerAction: number;
  /** libseccomp's names ("x86_64"), in the order of the config; the native one is always in, listed or not. */
  readonly architectures: readonly string[];
  readonly rules: readonly SeccompRule[];
  /** Named by the config, but with the default action: libseccomp refuses (EPERM) a rule that changes nothing. */
  readonly withoutRule: readonly string[];
}

const EPERM = 1;
const ENOSYS = 38;
const RET_ERRNO = 0x0005_0000;

/** SECCOMP_RET_* (linux/seccomp.h). SCMP_ACT_KILL is the older name of SCMP_ACT_KILL_THREAD. */
const actionWords: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL: 0x0000_0000,
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_KILL_THREAD: 0x0000_0000,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_ERRNO: RET_ERRNO,
  SCMP_ACT_TRACE: 0x7ff0_0000,
  SCMP_ACT_ALLOW: 0x7fff_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_NOTIFY: 0x7fc0_0000,
};

/** These take a SECCOMP_RET_DATA: the errno to return, or the value that a tracer gets. */
const actionsWithErrno: readonly SeccompAction[] = ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'];

/** Actions under which a new syscall works, or is decided by a tracer: these need no ENOSYS for newer ones. */
const permissiveActions: readonly SeccompAction[] = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'];

/** enum scmp_compare (seccomp.h). */
const operatorNumbers: Readonly<Record<SeccompOperator, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** SECCOMP_FILTER_FLAG_* (linux/seccomp.h). */
const flagBits: Readonly<Record<SeccompFlag, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1 << 0,
  SECCOMP_FILTER_FLAG_LOG: 1 << 1,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 1 << 2,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 1 << 5,
};
const NEW_LISTENER = 1 << 3;

export const seccompActions = Object.keys(actionWords) as readonly SeccompAction[];
export const seccompOperators = Object.keys(operatorNumbers) as readonly SeccompOperator[];
export const seccompFlags = Object.keys(flagBits) as readonly SeccompFlag[];
/** All of the spec; which of them can be used is up to the installed libseccomp (2.5.4 lacks the last four). */
export const seccompArchitectures: readonly SeccompArch[] = [
  'SCMP_ARCH_X86',
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_MIPS',
  'SCMP_ARCH_MIPS64',
  'SCMP_ARCH_MIPS64N32',
  'SCMP_ARCH_MIPSEL',
  'SCMP_ARCH_MIPSEL64',
  'SCMP_ARCH_MIPSEL64N32',
  'SCMP_ARCH_PPC',
  'SCMP_ARCH_PPC64',
  'SCMP_ARCH_PPC64LE',
  'SCMP_ARCH_S390',
  'SCMP_ARCH_S390X',
  'SCMP_ARCH_PARISC',
  'SCMP_ARCH_PARISC64',
  'SCMP_ARCH_RISCV64',
  'SCMP_ARCH_LOONGARCH64',
  'SCMP_ARCH_M68K',
  'SCMP_ARCH_SH',
  'SCMP_ARCH_SHEB',
];

const UNCONDITIONAL = [[]];

/** Normalises a linux.seccomp that config/load.ts has checked. */
export function normaliseSeccomp(config: Seccomp): SeccompProfile {
  const defaultAction = actionWord(config.defaultAction, config.defaultErrnoRet);
  const rules: SeccompRule[] = [];
  const withoutRule: string[] = [];
  for (const [entry, {names, action, errnoRet, args = []}] of (config.syscalls ?? []).entries()) {
    const word = actionWord(action, errnoRet);
    if (word === defaultAction) withoutRule.push(...names);
    else for (const alternative of alternatives(args)) rules.push({entry, names, action: word, args: alternative});
  }
  return {
    defaultAction,
    newerAction: permissiveActions.includes(config.defaultAction) ? defaultAction : RET_ERRNO | ENOSYS,
    architectures: (config.architectures ?? []).map((name) => name.slice('SCMP_ARCH_'.length).toLowerCase()),
    rules,
    withoutRule,
  };
}

/** The SECCOMP_RET_* word of an action; for one that takes an errno, with it or else EPERM. */
function actionWord(action: SeccompAction, errno: number | undefined): number {
  const word = actionWords[action];
  // Only there: `|` would make KILL_PROCESS negative.
  return actionsWithErrno.includes(action) ? word | (errno ?? EPERM) : word;
}

/** The conditions of one entry hold together, but when an argument occurs twice each stands alone, any of them being
 * enough: libseccomp cannot have two checks of one argument in a rule, and profiles of old rely on runc's reading. */
function alternatives(args: readonly SyscallArg[]): readonly (readonly SeccompCondition[])[] {
  if (args.length === 0) return UNCONDITIONAL;
  const conditions = args.map(condition);
  const indices = args.map(({index}) => index);
  const twice = indices.some((index, at) => indices.indexOf(index) !== at);
  return twice ? conditions.map((single) => [single]) : [conditions];
}

function condition({index, op, value, valueTwo = 0n}: SyscallArg): SeccompCondition {
  return {index, op: operatorNumbers[op], value, valueTwo};
}

/** SECCOMP_FILTER_FLAG_* bits for seccomp(2), NEW_LISTENER when the profile notifies. Without `flags`, SPEC_ALLOW as in runc:
 * the Spectre v4 mitigation that a filter brings otherwise slows all code. */
export function filterFlags({flags, syscalls = []}: Pick<Seccomp, 'flags' | 'syscalls'>, facts: SeccompFacts): number {
  if (flags === undefined && facts.specAllow)
    return filterFlags({flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'], syscalls}, facts);
  const bits = (flags ?? []).reduce((sum, flag) => sum | flagBits[flag], 0);
  // TSYNC is for other threads, and runts-init has none that the filter is for.
  const wanted = bits & ~flagBits.SECCOMP_FILTER_FLAG_TSYNC;
  if (syscalls.some(({action}) => action === 'SCMP_ACT_NOTIFY')) return wanted | NEW_LISTENER;
  // It is about notifications, and the kernel refuses it (EINVAL) where there are none.
  return wanted & ~flagBits.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

/** Whether the filter that is loaded with these bits has a listener. */
export const hasListener = (bits: number): boolean => (bits & NEW_LISTENER) !== 0;

/** Those of the specification's flags that are in `bits`. */
export function flagNames(bits: number): SeccompFlag[] {
  return seccompFlags.filter((flag) => (bits & flagBits[flag]) !== 0);
}
