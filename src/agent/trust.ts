// Whom the agent works for: a launcher of its own installation, of a process that could do by itself all that the agent
// will do for it, and that sees the same machine. Everything that both must have in common is read of either from /proc, and
// compared; whoever differs in anything goes to Node, where it costs time and nothing else.
import {statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {hasCode} from '../errors.ts';
import type {AgentNative, ProcessMarks} from '../native.ts';

type TrustNative = Pick<AgentNative, 'pidfdWait' | 'processMarks'>;

export interface Trust {
  readonly marks: ProcessMarks;
  /** Lines of `marks.status`. */
  readonly credentials: string;
  /** `device:inode` of every file that is our launcher. */
  readonly launchers: readonly string[];
}

/** What this agent, whose files lie in `libexec`, asks of its callers. */
export function ownTrust(native: TrustNative, libexec: string): Trust {
  const places = [join(libexec, 'runts'), join(dirname(dirname(libexec)), 'bin', 'runts')];
  const marks = native.processMarks('self');
  return {marks, credentials: credentialsOf(marks), launchers: places.flatMap((path) => identityOf(path) ?? [])};
}

/** Why the agent may not work for process `pid`, whose pidfd tells that it is still that process; undefined when it may.
 * Being our launcher, it does what it is told, and tells what is true: whoever has connected before he became one could as
 * well have started it. */
export function reasonAgainst(native: TrustNative, trust: Trust, pid: number, pidfd: number): string | undefined {
  try {
    const reason = differenceOf(trust, native.processMarks(pid));
    // All that was read is of the process that has connected, if that still lives.
    return reason ?? (native.pidfdWait(pidfd, 0) ? 'its caller has ended' : undefined);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EBADF')) throw error;
    return 'it cannot look at its caller';
  }
}

function differenceOf({marks: own, credentials, launchers}: Trust, marks: ProcessMarks): string | undefined {
  if (!launchers.includes(marks.exe)) return 'it belongs to another installation';
  const theirs = credentialsOf(marks);
  // Two seccomp filters cannot be compared.
  if (!theirs.includes('\nSeccomp:\t0')) return 'there is a seccomp filter on its caller';
  if (theirs !== credentials) return 'its credentials are not those of its caller';
  if (marks.namespaces !== own.namespaces) return 'its namespaces are not those of its caller';
  if (marks.root !== own.root) return 'its root directory is not that of its caller';
  return marks.label === own.label ? undefined : 'its security label is not that of its caller';
}

/** Ids, groups, capabilities, no_new_privs and seccomp. */
function credentialsOf({status}: ProcessMarks): string {
  return (status.match(/^(?:[UG]id|Groups|Cap\w+|NoNewPrivs|Seccomp\w*):.*$/gm) ?? []).join('\n');
}

function identityOf(path: string): string | undefined {
  const status = statSync(path, {throwIfNoEntry: false});
  return status === undefined ? undefined : `${status.dev}:${status.ino}`;
}
