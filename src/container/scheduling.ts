// process.scheduler and process.ioPriority: set by the runtime on a process that waits to be let go, for in a user
// namespace root has no CAP_SYS_NICE over the host's CPUs, and what runs under SCHED_DEADLINE cannot fork on its way.
import {isSyscallError, RuntsError} from '../errors.ts';
import type {
  IoPriority,
  IoPriorityClass,
  Process,
  Scheduler,
  SchedulerFlag,
  SchedulerPolicy,
} from '../generated/config.ts';
import type {Native, SchedulerAttributes} from '../native.ts';
import {runtimeFailure} from './failure.ts';
import {errnoName} from './hints.ts';

type SchedulingNative = Pick<Native, 'setScheduler' | 'getScheduler' | 'setIoPriority' | 'getIoPriority'>;

/** linux/sched.h */
const policies: Readonly<Record<SchedulerPolicy, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};

/** linux/sched.h */
const flagBits: Readonly<Record<SchedulerFlag, number>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
};

/** What sched_getattr(2) tells of again. */
const LASTING_FLAGS = flagBits.SCHED_FLAG_RESET_ON_FORK | flagBits.SCHED_FLAG_RECLAIM | flagBits.SCHED_FLAG_DL_OVERRUN;

/** linux/ioprio.h */
const ioClasses: Readonly<Record<IoPriorityClass, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};
const IO_CLASS_SHIFT = 13;

/** What sets fail for, and what helps; by policy or flag, and errno (sched(7), kernel/sched/syscalls.c). */
const REALTIME =
  'it needs CAP_SYS_NICE or RLIMIT_RTPRIO, and on cgroup v1 a share of real-time for the cgroup: linux.resources.cpu.realtimeRuntime';
const NICE = 'a nice value below the present one needs CAP_SYS_NICE or RLIMIT_NICE';
const hints: Readonly<Record<string, string>> = {
  'SCHED_OTHER EPERM': NICE,
  'SCHED_BATCH EPERM': NICE,
  'SCHED_IDLE EPERM': 'it needs CAP_SYS_NICE over a process of another user',
  'SCHED_FIFO EPERM': REALTIME,
  'SCHED_RR EPERM': REALTIME,
  'SCHED_DEADLINE EPERM':
    "it needs CAP_SYS_NICE and all CPUs: the process scheduler can't be used together with AllowedCPUs (linux.resources.cpu.cpus, an affinity)",
  'SCHED_DEADLINE EBUSY': 'admission control: deadline processes have all the CPU time that they may have already',
  'SCHED_DEADLINE EINVAL':
    'runtime must be at least 1024 ns, and period be within the sysctls kernel.sched_deadline_period_min_us and _max_us',
  'SCHED_ISO EINVAL': 'Linux reserves this policy and does not implement it',
};

/** Gives the process `pid` the scheduler and the I/O priority that `process` asks for, and reads both back. `at` is where
 * that object stands, for errors. Throws RuntsError with the property, the errno and a remedy. */
export function applyScheduling(
  native: SchedulingNative,
  {scheduler, ioPriority}: Pick<Process, 'scheduler' | 'ioPriority'>,
  pid: number,
  at = 'config.json#/process',
): void {
  if (scheduler !== undefined) setScheduler(native, scheduler, pid, `${at}/scheduler`);
  if (ioPriority !== undefined) setIoPriority(native, ioPriority, pid, `${at}/ioPriority`);
}

function setScheduler(native: SchedulingNative, scheduler: Scheduler, pid: number, at: string): void {
  const what = `${at}: set the scheduling policy ${scheduler.policy}`;
  const asked = attributesOf(scheduler);
  try {
    native.setScheduler(pid, asked);
  } catch (error) {
    throw isSyscallError(error) ? runtimeFailure(what, error, hintFor(scheduler, error.errno)) : error;
  }
  const differences = differencesBetween(asked, native.getScheduler(pid));
  if (differences.length > 0) throw new RuntsError(`${what}: the kernel has it otherwise: ${differences.join(', ')}`);
}

function attributesOf(scheduler: Scheduler): SchedulerAttributes {
  const {policy, nice = 0, priority = 0, flags = [], runtime = 0n, deadline = 0n, period = 0n} = scheduler;
  const bits = flags.reduce((sum, flag) => sum | flagBits[flag], 0);
  return {policy: policies[policy], flags: bits, nice, priority, runtime, deadline, period};
}

function hintFor({policy, flags = []}: Scheduler, errno: number): string | undefined {
  const code = errnoName(errno);
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') {
    return 'this kernel is without utilization clamping (CONFIG_UCLAMP_TASK)';
  }
  if (code === 'EINVAL' && flags.includes('SCHED_FLAG_KEEP_POLICY')) {
    return 'with SCHED_FLAG_KEEP_POLICY the parameters must be those of the present policy';
  }
  return hints[`${policy} ${code}`];
}

/** Only of what the policy in force goes by, and less what the flags leave as it was. */
function differencesBetween(asked: SchedulerAttributes, got: SchedulerAttributes): string[] {
  const found: string[] = [];
  const compare = (name: string, wanted: number | bigint, present: number | bigint): void => {
    if (wanted !== present) found.push(`${name} ${present} instead of ${wanted}`);
  };
  if ((asked.flags & flagBits.SCHED_FLAG_KEEP_POLICY) === 0) compare('policy', asked.policy, got.policy);
  if ((asked.flags & flagBits.SCHED_FLAG_KEEP_PARAMS) !== 0) return found;
  compare('flags', asked.flags & LASTING_FLAGS, got.flags & LASTING_FLAGS);
  switch (got.policy) {
    case policies.SCHED_OTHER:
    case policies.SCHED_BATCH:
      compare('nice', asked.nice, got.nice);
      break;
    case policies.SCHED_FIFO:
    case policies.SCHED_RR:
      compare('priority', asked.priority, got.priority);
      break;
    case policies.SCHED_DEADLINE:
      compare('runtime', asked.runtime, got.runtime);
      compare('deadline', asked.deadline, got.deadline);
      compare('period', asked.period === 0n ? asked.deadline : asked.period, got.period);
      break;
  }
  return found;
}

function setIoPriority(native: SchedulingNative, ioPriority: IoPriority, pid: number, at: string): void {
  const {class: name, priority = 0} = ioPriority;
  const what = `${at}: set the I/O priority ${name} ${priority}`;
  const asked = (ioClasses[name] << IO_CLASS_SHIFT) | priority;
  try {
    native.setIoPriority(pid, asked);
  } catch (error) {
    throw isSyscallError(error) ? runtimeFailure(what, error, ioHints[errnoName(error.errno)]) : error;
  }
  const got = native.getIoPriority(pid);
  if (got === asked) return;
  const [present, level] = [got >> IO_CLASS_SHIFT, got & 7];
  throw new RuntsError(`${what}: the kernel has it otherwise: class ${present}, priority ${level}`);
}

const ioHints: Readonly<Record<string, string>> = {
  EPERM: 'IOPRIO_CLASS_RT, and processes of another user, need CAP_SYS_NICE',
  ENOSYS: 'this kernel is without block devices (CONFIG_BLOCK)',
};
