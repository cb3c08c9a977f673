// Why the kernel makes no user namespace, or one that is worth nothing: switches and limits that administrators set.
import {readFileSync} from 'node:fs';
import {hasCode} from '../errors.ts';

export interface UserNamespaceFacts {
  /** user.max_user_namespaces, namespaces(7). */
  readonly max: number | undefined;
  /** Debian's kernel.unprivileged_userns_clone is there, and 0. */
  readonly switchedOff: boolean;
  /** Ubuntu's kernel.apparmor_restrict_unprivileged_userns is there, and not 0. */
  readonly restricted: boolean;
  /** This process is in one itself. */
  readonly nested: boolean;
  /** Its root is not that of its mount namespace. */
  readonly chroot: boolean;
  /** It is under a seccomp filter. */
  readonly filtered: boolean;
}

export function readUserNamespaceFacts(): UserNamespaceFacts {
  const max = read('/proc/sys/user/max_user_namespaces');
  return {
    max: max === '' ? undefined : Number(max),
    switchedOff: read('/proc/sys/kernel/unprivileged_userns_clone') === '0',
    restricted: !['', '0'].includes(read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns')),
    nested: !/^0\s+0\s+4294967295$/.test(read('/proc/self/uid_map')),
    chroot: !/^\d+ \d+ \S+ \S+ \/ /m.test(read('/proc/self/mountinfo')),
    filtered: /^Seccomp:\s*2$/m.test(read('/proc/self/status')),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EPERM')) return '';
    throw error;
  }
}

/** unshare(2) with CLONE_NEWUSER said ENOSPC. */
export function whyNoMoreUserNamespaces({max, nested}: UserNamespaceFacts): string {
  if (max === 0)
    return `user.max_user_namespaces is 0, which forbids them: ${setting('user.max_user_namespaces', 15_000)}`;
  const raise =
    max === undefined
      ? ''
      : `: end some, or raise it: ${setting('user.max_user_namespaces', max < 2 ** 30 ? 2 * max : max)}`;
  const limit = `the user has as many of them as user.max_user_namespaces (${max ?? 'unknown'}) allows`;
  if (!nested) return `${limit}${raise}`;
  return `${limit} here or in a user namespace around this one, or they are nested too deep (the kernel allows some 32 levels)`;
}

/** It said EPERM or EACCES, or what it made gave no rights. */
export function whyNoUserNamespace({switchedOff, restricted, chroot, filtered}: UserNamespaceFacts): string {
  if (switchedOff) return `kernel.unprivileged_userns_clone is 0: ${setting('kernel.unprivileged_userns_clone', 1)}`;
  if (restricted)
    return `kernel.apparmor_restrict_unprivileged_userns lets only programs with an AppArmor profile of their own have them: load one for runts with "userns," (docs/rootless.md has it), or ${setting('kernel.apparmor_restrict_unprivileged_userns', 0)}`;
  if (chroot)
    return 'the runtime is in a chroot, where the kernel makes none: enter that root with pivot_root(2) instead';
  if (filtered)
    return 'a seccomp filter that the runtime is under forbids it, most likely that of a container around it: start that one with a profile that allows unshare and clone (--security-opt seccomp=...)';
  return 'the runtime is in a chroot, where the kernel makes none, or a security module keeps the user from it (its log is in dmesg)';
}

/** In force at once, and after the next boot. */
function setting(name: string, value: number): string {
  return `sysctl -w ${name}=${value} (as root; to keep it: echo ${name}=${value} >/etc/sysctl.d/90-user-namespaces.conf)`;
}
