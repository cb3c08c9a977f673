// Seccomp profiles.
import type {Seccomp} from '../../generated/config.ts';
import type {Report, Rule} from './rule.ts';

const AT = '/linux/seccomp';
/** SECCOMP_RET_DATA is cut to MAX_ERRNO by the kernel for errors, and has 16 bits for tracers. */
const LARGEST: Readonly<Record<string, number>> = {SCMP_ACT_ERRNO: 4095, SCMP_ACT_TRACE: 65535};

const about = (check: (seccomp: Seccomp, report: Report) => void): Rule => ({
  reads: [AT],
  check({linux}, report) {
    if (linux?.seccomp !== undefined) check(linux.seccomp, report);
  },
});

const errnos = about(({defaultAction, defaultErrnoRet, syscalls = []}, report) => {
  checkErrno(defaultErrnoRet, defaultAction, `${AT}/defaultErrnoRet`, report);
  for (const [index, {action, errnoRet}] of syscalls.entries()) {
    checkErrno(errnoRet, action, `${AT}/syscalls/${index}/errnoRet`, report);
  }
});

function checkErrno(errno: number | undefined, action: string, pointer: string, report: Report): void {
  if (errno === undefined) return;
  const largest = LARGEST[action];
  if (largest === undefined)
    report.problem(pointer, `goes only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not with ${action}`);
  else if (errno > largest) report.problem(pointer, `must be at most ${largest} with ${action}, got ${errno}`);
}

const names = about(({syscalls = []}, report) => {
  for (const [index, {names}] of syscalls.entries()) {
    const at = names.indexOf('');
    if (at >= 0) report.problem(`${AT}/syscalls/${index}/names/${at}`, 'must not be empty');
  }
});

/** With `write`, and so all system calls, waiting for an agent, runts-init could not tell of the listener that the agent
 * needs (addon/init/seccomp.c). runc refuses both for the same reason, in the same words. */
const notify = about(({defaultAction, listenerPath, listenerMetadata, syscalls = []}, report) => {
  if (defaultAction === 'SCMP_ACT_NOTIFY') {
    report.problem(`${AT}/defaultAction`, 'SCMP_ACT_NOTIFY cannot be used as default action');
  }
  for (const [index, {action, names}] of syscalls.entries()) {
    if (action !== 'SCMP_ACT_NOTIFY') continue;
    if (listenerPath === undefined) report.problem(`${AT}/syscalls/${index}`, 'SCMP_ACT_NOTIFY needs a listenerPath');
    if (names.includes('write')) {
      report.problem(`${AT}/syscalls/${index}`, 'SCMP_ACT_NOTIFY cannot be used for the write syscall');
    }
  }
  if (listenerMetadata !== undefined && listenerPath === undefined) {
    report.problem(`${AT}/listenerMetadata`, 'goes only with a listenerPath');
  }
});

export const seccompRules: readonly Rule[] = [errnos, names, notify];
