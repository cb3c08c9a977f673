// Which process is meant: a pid alone may have been given to another one since. The start time (field 22 of
// /proc/PID/stat, in clock ticks since boot) and the id of the boot make it certain; signals go through a pidfd.
import {closeSync, readFileSync} from 'node:fs';

import {hasCode} from '../errors.ts';
import type {Native} from '../native.ts';

export interface ProcessIdentity {
  /** Pid as the runtime sees it. */
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
  /** /proc/sys/kernel/random/boot_id: pids and start times of a state that survived a reboot mean nothing. */
  readonly bootId: string;
}

interface ProcessStat {
  /** One letter: R, S, D, Z, ... (proc_pid_stat(5)). */
  readonly state: string;
  readonly startTime: number;
}

/** State and start time of a process, or undefined when there is none. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    // As UTF-8, which the name need not be, since Node reads such a file in one go: `list` has many.
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    // ESRCH: it ended between open and read.
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
  // The name in parentheses may hold blanks and parentheses of its own; what follows the last one is regular.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {state: fields[0] ?? '?', startTime: Number(fields[19])};
}

/** Identity of a process that is there now (a child of ours: it stays, at least as a zombie, until it is reaped). */
export function identify(pid: number): ProcessIdentity {
  return {pid, startTime: readProcessStat(pid)?.startTime ?? 0, bootId: readBootId()};
}

/** Whether the very process is there and has not ended: neither gone, nor recycled, nor a zombie. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = readProcessStat(identity.pid);
  if (stat === undefined || stat.startTime !== identity.startTime) return false;
  if (stat.state === 'Z' || stat.state === 'X') return false;
  return identity.bootId === readBootId();
}

/** A pidfd of the very process (it may be a zombie), or undefined when it is gone. The caller closes it. */
export function openProcess(native: Pick<Native, 'pidfdOpen'>, identity: ProcessIdentity): number | undefined {
  let pidfd: number;
  try {
    pidfd = native.pidfdOpen(identity.pid);
  } catch (error) {
    if (hasCode(error, 'ESRCH', 'EINVAL')) return undefined;
    throw error;
  }
  // In this order: what the pidfd refers to cannot change any more, so a matching start time is that of the pidfd.
  const stat = readProcessStat(identity.pid);
  if (stat?.startTime === identity.startTime && identity.bootId === readBootId()) return pidfd;
  closeSync(pidfd);
  return undefined;
}

let bootId: string | undefined;

function readBootId(): string {
  try {
    // It outlives this process.
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return bootId;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return '';
    throw error;
  }
}
