// SCMP_ACT_NOTIFY: the listener of a seccomp filter goes to the agent at listenerPath. Runtime specification 1.3,
// config-linux.md#seccomp and #containerprocessstate.
import type {Context} from '../context.ts';
import {ConfigError, isSyscallError} from '../errors.ts';
import type {Seccomp, State} from '../generated/config.ts';
import {OCI_VERSION} from '../state/record.ts';
import {errnoName, errnoWords, hintFor} from './hints.ts';

/** The process that the filter is for. */
export interface Listened {
  /** As seen by the runtime; for `exec` not that of the container's first process. */
  readonly pid: number;
  /** Of its container; "creating" for the first process, "running" for `exec`. */
  readonly state: State;
}

/** One connection, one container process state, one fd. Throws when the agent does not take it. The fd stays open. */
export function sendListener(
  {native}: Pick<Context, 'native'>,
  {listenerPath = '', listenerMetadata}: Pick<Seccomp, 'listenerPath' | 'listenerMetadata'>,
  {pid, state}: Listened,
  listener: number,
): void {
  const metadata = listenerMetadata === undefined ? {} : {metadata: listenerMetadata};
  const payload = JSON.stringify({ociVersion: OCI_VERSION, fds: ['seccompFd'], pid, ...metadata, state});
  try {
    native.sendFd({path: listenerPath, payload, fd: listener});
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    const {syscall, errno} = error;
    const hint = hintFor(errno, 'listener');
    const message =
      `failed to connect with seccomp agent at ${listenerPath}: ${syscall}: ${errnoName(errno)} (${errnoWords(errno)})` +
      (hint === undefined ? '' : `: ${hint}`);
    throw new ConfigError([{pointer: '/linux/seccomp/listenerPath', message}]);
  }
}
