// The process: limits, capabilities, scheduling.
import {messageOf} from '../../errors.ts';
import type {Capabilities, Scheduler, SchedulerFlag} from '../../generated/config.ts';
import {capabilityBit, capabilityNames} from '../../plan/capabilities.ts';
import {cpuRanges} from '../cpu-list.ts';
import {quote} from '../schema-problems.ts';
import {didYouMean} from '../suggest.ts';
import {memoryPolicy} from './memory-policy.ts';
import {eachDuplicate, type Report, type Rule} from './rule.ts';

const program: Rule = {
  reads: ['/process/args'],
  check({process}, report) {
    if (process.args[0] === '') report.problem('/process/args/0', 'must not be empty: it names the program to run');
  },
};

const umask: Rule = {
  reads: ['/process/user'],
  check({process: {user}}, report) {
    if (user?.umask === undefined || user.umask <= 0o777) return;
    report.problem('/process/user/umask', `must be at most ${0o777} (octal 777), got ${user.umask}`);
  },
};

const rlimits: Rule = {
  reads: ['/process/rlimits'],
  check({process}, report) {
    const limits = process.rlimits ?? [];
    eachDuplicate(
      limits,
      ({type}) => type,
      ({type}, index, first) => {
        report.problem(`/process/rlimits/${index}`, `duplicate ${type}: /process/rlimits/${first} sets it already`);
      },
    );
    for (const [index, {soft, hard}] of limits.entries()) {
      if (soft <= hard) continue;
      report.problem(`/process/rlimits/${index}`, `the soft limit ${soft} is above the hard limit ${hard}`);
    }
  },
};

/** The kernel: effective within permitted (capset, EPERM), ambient within permitted and inheritable. */
const capabilities: Rule = {
  reads: ['/process/capabilities'],
  check({process}, report) {
    const {permitted = [], effective = [], inheritable = [], ambient = []} = process.capabilities ?? {};
    warnOfUnknown(process.capabilities ?? {}, report);
    for (const [index, name] of effective.entries()) {
      if (!isCapability(name) || permitted.includes(name)) continue;
      report.problem(`/process/capabilities/effective/${index}`, `${name} must be in permitted too`);
    }
    const known = ambient.filter(isCapability);
    const lost = known.filter((name) => !permitted.includes(name) || !inheritable.includes(name));
    if (lost.length === 0) return;
    const message = `ignored, as only what is in both permitted and inheritable can be ambient: ${lost.join(', ')}`;
    report.warning('/process/capabilities/ambient', message);
  },
};

const isCapability = (name: string): boolean => capabilityBit(name) !== undefined;

/** Each once. The spec wants a warning and no failure: engines know capabilities of newer kernels. */
function warnOfUnknown(sets: Capabilities, report: Report): void {
  const told = new Set<string>();
  for (const set of ['bounding', 'effective', 'inheritable', 'permitted', 'ambient'] as const) {
    for (const [index, name] of (sets[set] ?? []).entries()) {
      if (isCapability(name) || told.has(name)) continue;
      told.add(name);
      const message = `ignoring the unknown capability ${quote(name)}${didYouMean(name, capabilityNames)}`;
      report.warning(`/process/capabilities/${set}/${index}`, message);
    }
  }
}

const scheduler: Rule = {
  reads: ['/process/scheduler'],
  check({process}, report) {
    if (process.scheduler === undefined) return;
    checkPriorities(process.scheduler, report);
    checkFlags(process.scheduler, report);
    checkDeadline(process.scheduler, report);
  },
};

/** sched(7). */
function checkPriorities({policy, nice = 0, priority = 0}: Scheduler, report: Report): void {
  if (nice < -20 || nice > 19) report.problem('/process/scheduler/nice', `must be from -20 to 19, got ${nice}`);
  else if (nice !== 0 && policy !== 'SCHED_OTHER' && policy !== 'SCHED_BATCH') {
    report.warning('/process/scheduler/nice', `ignored, as it goes only with SCHED_OTHER and SCHED_BATCH`);
  }
  if (policy === 'SCHED_FIFO' || policy === 'SCHED_RR') {
    if (priority >= 1 && priority <= 99) return;
    report.problem('/process/scheduler/priority', `must be from 1 to 99 with ${policy}, got ${priority}`);
  } else if (priority !== 0) {
    report.problem('/process/scheduler/priority', `must be 0 with ${policy}, got ${priority}`);
  }
}

/** What the kernel would drop in silence. */
function checkFlags({policy, flags = []}: Scheduler, report: Report): void {
  for (const [index, flag] of flags.entries()) {
    const at = `/process/scheduler/flags/${index}`;
    if (policy !== 'SCHED_DEADLINE' && deadlineFlags.includes(flag)) {
      report.problem(at, `${flag} goes only with SCHED_DEADLINE, not with ${policy}`);
    }
    if (flag.startsWith('SCHED_FLAG_UTIL_CLAMP')) {
      report.warning(at, `the clamp is 0, as the specification has no property for its value`);
    }
  }
}

const deadlineFlags: readonly SchedulerFlag[] = ['SCHED_FLAG_RECLAIM', 'SCHED_FLAG_DL_OVERRUN'];

function checkDeadline({policy, runtime = 0n, deadline = 0n, period = 0n}: Scheduler, report: Report): void {
  if (policy !== 'SCHED_DEADLINE') {
    for (const [key, value] of Object.entries({runtime, deadline, period})) {
      if (value !== 0n)
        report.problem(`/process/scheduler/${key}`, `goes only with SCHED_DEADLINE, not with ${policy}`);
    }
  } else if (runtime === 0n || runtime > deadline || (period !== 0n && deadline > period)) {
    const got = `got ${runtime}, ${deadline} and ${period}`;
    report.problem('/process/scheduler', `must have 0 < runtime <= deadline <= period, ${got}`);
  }
}

const personality: Rule = {
  reads: ['/linux/personality'],
  check({linux}, report) {
    if ((linux?.personality?.flags ?? []).length === 0) return;
    report.warning('/linux/personality/flags', 'ignored, as the specification defines none yet');
  },
};

const execAffinity: Rule = {
  reads: ['/process/execCPUAffinity'],
  check({process: {execCPUAffinity = {}}}, report) {
    const {initial, final} = execCPUAffinity;
    for (const [stage, list] of Object.entries({initial, final})) {
      if (list === undefined) continue;
      try {
        cpuRanges(list);
      } catch (error) {
        report.problem(`/process/execCPUAffinity/${stage}`, messageOf(error));
      }
    }
  },
};

export const processRules: readonly Rule[] = [
  program,
  umask,
  rlimits,
  capabilities,
  scheduler,
  execAffinity,
  personality,
  memoryPolicy,
];
