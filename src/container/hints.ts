// Remedies where the kernel's own wording sends people the wrong way. Keyed by operation or system call, and errno.
import {getSystemErrorMap} from 'node:util';
import {readUserNamespaceFacts, whyNoMoreUserNamespaces, whyNoUserNamespace} from '../host/user-namespaces.ts';

/** What depends on the host is looked up there. */
type Hint = string | (() => string);

const noUserNamespace = (): string => whyNoUserNamespace(readUserNamespaceFacts());
/** A user namespace of AppArmor's "unprivileged_userns" can be made, but gives no capabilities. */
const perhapsWithoutRights =
  (usual: string): Hint =>
  () =>
    readUserNamespaceFacts().restricted ? noUserNamespace() : usual;

const hints: Readonly<Record<string, Hint>> = {
  'clone3 EACCES':
    'this user may not move processes between those cgroups: start it in one that is delegated to the user (systemd-run --user --scope --property=Delegate=yes runts ..)',
  'clone3 EAGAIN': 'the pids limit of a cgroup, or RLIMIT_NPROC, is reached',
  'clone3 EBUSY': 'the cgroup has controllers enabled for its children, so it may hold no process itself (cgroup v2)',
  'clone3 EINVAL': 'the kernel lacks one of the kinds of namespaces',
  'clone3 ENOSPC': 'user.max_*_namespaces or the nesting limit of namespaces is reached; the disk is not full',
  'clone3 EOPNOTSUPP': 'the cgroup is threaded or of an invalid domain (cgroup.type)',
  'clone3 EPERM':
    'new namespaces need CAP_SYS_ADMIN, or a user namespace of the container’s own (`runts spec --rootless` writes a config that has one)',
  'unshare ENOSPC': 'user.max_*_namespaces or the nesting limit of namespaces is reached; the disk is not full',
  'userNamespace ENOSPC': () => whyNoMoreUserNamespaces(readUserNamespaceFacts()),
  'userNamespace EPERM': noUserNamespace,
  'userNamespace EACCES': noUserNamespace,
  'assumeIds EPERM': perhapsWithoutRights('the ids can only be changed by whoever has CAP_SETUID and CAP_SETGID'),
  'assumeIds EACCES': perhapsWithoutRights('a security module forbids it'),
  'userNamespace EINVAL': 'the kernel lacks user namespaces (CONFIG_USER_NS)',
  'assumeIds EINVAL': 'the id is not mapped in the user namespace',
  'setns EPERM': 'joining it needs CAP_SYS_ADMIN in the user namespace that owns it',
  'cpuAffinity EINVAL': 'none of these CPUs is online and in the cpuset of the cgroup',
  'joinProcess EPERM':
    'it needs CAP_SYS_ADMIN in the user namespaces that own them, and the right to trace the container',
  'joinProcess ESRCH': "the container's first process has ended",
  'joinCgroup EACCES': 'this user may not move processes between those cgroups',
  'joinCgroup ENOENT': 'somebody removed the cgroup',
  'joinCgroup ENOSPC': 'its cpuset has no CPUs or no memory nodes',
  'joinCgroup EPERM': 'this user may not move processes between those cgroups',
  'oomScoreAdj EACCES': 'going below the current value needs CAP_SYS_RESOURCE',
  'oomScoreAdj EPERM': 'going below the current value needs CAP_SYS_RESOURCE',
  'sessionKeyring EDQUOT': 'the key quota (/proc/sys/kernel/keys/maxkeys) is used up; --no-new-keyring does without',
  'mountFilesystem ENODEV': 'the kernel does not know this filesystem; its module may not be loaded',
  'mountFilesystem ENOSPC': 'the mount limit (/proc/sys/fs/mount-max) is reached; the disk is not full',
  'mountFilesystem ENOTBLK': 'this filesystem is mounted from a block device, and the source is none',
  'mountFilesystem EPERM':
    'proc, sysfs and mqueue belong to the pid, network and ipc namespace: that one must be new, too; and in a user namespace none may show what the host has covered of its own',
  'mountBind EACCES': 'the source, or a directory above it, cannot be reached',
  'mountBind ENOENT': 'the source does not exist',
  'mountBind ENOTDIR': 'one of source and target is a directory and the other a file',
  'mountBind ENOSPC': 'the mount limit (/proc/sys/fs/mount-max) is reached; the disk is not full',
  'openTree EACCES': 'the source, or a directory above it, cannot be reached',
  'openTree ENOENT': 'the source does not exist',
  'idmapTree EINVAL': 'this filesystem cannot be idmapped, or the maps are not valid',
  'idmapTree EPERM':
    'idmapped mounts need CAP_SYS_ADMIN in the user namespace that the filesystem belongs to: that of the host, mostly',
  'mount_setattr EPERM':
    'in a user namespace, flags that the host gave a mount (ro, nosuid, nodev, noexec, noatime) cannot be cleared',
  'pivotRoot EINVAL':
    'the host runs from an initramfs (--no-pivot does without pivot_root), or the mount below the rootfs is shared',
  'device EPERM': 'making device nodes needs CAP_MKNOD in the initial user namespace',
  'apparmorProfile ENOENT': 'the profile is not loaded: load it with apparmor_parser',
  'apparmorProfile EACCES': 'the AppArmor profile of the runtime itself does not let it change to this one',
  'sysctl ENOENT': 'this kernel has no such sysctl; its module may not be loaded',
  'sysctl EINVAL': 'the kernel refuses the value',
  'hostname EPERM': 'it needs a uts namespace of the container’s own',
  'domainname EPERM': 'it needs a uts namespace of the container’s own',
  'personality EINVAL': 'this kernel does not run 32-bit programs',
  'memoryPolicy EINVAL':
    'no node of them is online with memory and in the cpuset (linux.resources.cpu.mems), or the kernel is too old for the mode or a flag',
  'memoryPolicy ENODEV':
    'not all nodes are online with memory and in the cpuset (linux.resources.cpu.mems): the kernel would drop the others',
  'memoryPolicy ENOSYS': 'this kernel is without NUMA (CONFIG_NUMA)',
  'rlimit EPERM': 'raising a hard limit needs CAP_SYS_RESOURCE',
  'selinuxLabel EACCES': 'the SELinux policy does not let the runtime set it (setexec)',
  'selinuxLabel EINVAL': 'the SELinux policy does not know this context',
  'sessionKeyring EINVAL': 'the SELinux policy does not know this context',
  'user EAGAIN': 'RLIMIT_NPROC of that uid is reached',
  'user EPERM':
    'this user namespace was mapped without privileges, and so has no additional groups; /etc/subgid and newgidmap allow them',
  'user EINVAL': 'the id is not mapped in the container’s user namespace',
  'seccomp EACCES': 'without CAP_SYS_ADMIN it needs process.noNewPrivileges',
  'seccomp EBUSY': 'a filter that runts itself is under has a listener, and the kernel allows one only',
  'seccomp EINVAL': 'the kernel does not know a flag, or refuses the filter',
  'listener EAGAIN': 'the agent has not accepted the connection, or not read, within 10 s',
  'listener ECONNREFUSED': 'no agent listens there any more',
  'listener ENOENT': 'no agent has made this socket',
  'listener EPIPE': 'the agent has closed the connection',
  'listener EPROTOTYPE': 'it must be a stream socket',
  'exec E2BIG': 'process.args and process.env together are too long',
  'exec EPERM':
    'the seccomp profile does not allow execve, the file has capabilities that the container lacks, or a security module forbids the change of label under no_new_privs',
  'exec ENOEXEC': 'it is built for another architecture, or is a script without a #! line',
};

/** The hint for the first of `subjects` (an operation, a system call) that has one for this errno. */
export function hintFor(errno: number, ...subjects: readonly string[]): string | undefined {
  const code = errnoName(errno);
  const hint = subjects.map((subject) => hints[`${subject} ${code}`]).find((found) => found !== undefined);
  return typeof hint === 'function' ? hint() : hint;
}

/** Where the kernel's own sentence needs another one. */
const explanations: readonly (readonly [RegExp, string])[] = [
  [
    /mount too revealing/i,
    'parts of /proc (or /sys) are covered here, as in most containers, and then the kernel gives a user namespace no new one that would show them: ' +
      'bind the one that is here ({"type": "bind", "source": "/proc", "options": ["rbind"]}; `runts spec --rootless` does so), ' +
      'or start the container around runts without masked paths (Podman: --security-opt unmask=ALL, Docker: --security-opt systempaths=unconfined, Kubernetes: procMount: Unmasked)',
  ],
];

/** The kernel's sentence, with what it means where that is hard to tell. */
export function explained(sentence: string): string {
  const [, explanation] = explanations.find(([pattern]) => pattern.test(sentence)) ?? [];
  return explanation === undefined ? sentence : `${sentence}: ${explanation}`;
}

/** Kernel errors that Node's own table lacks (asm-generic/errno.h). */
const others: Readonly<Record<number, readonly [string, string]>> = {
  10: ['ECHILD', 'no child processes'],
  15: ['ENOTBLK', 'block device required'],
  35: ['EDEADLK', 'resource deadlock avoided'],
  62: ['ETIME', 'timer expired'],
  116: ['ESTALE', 'stale file handle'],
  117: ['EUCLEAN', 'structure needs cleaning'],
  122: ['EDQUOT', 'disk quota exceeded'],
  123: ['ENOMEDIUM', 'no medium found'],
  124: ['EMEDIUMTYPE', 'wrong medium type'],
  126: ['ENOKEY', 'required key not available'],
};

/** strerror(3)'s own words where engines look for them and those of Node differ. */
const kernelWords: Readonly<Record<string, string>> = {
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  ETXTBSY: 'text file busy',
  E2BIG: 'argument list too long',
  ENAMETOOLONG: 'file name too long',
  ENOMEM: 'cannot allocate memory',
};

let table: Map<number, [string, string]> | undefined;

function lookUp(errno: number): readonly [string, string] {
  table ??= getSystemErrorMap();
  const number = Math.abs(errno);
  const [name, text] = table.get(-number) ?? others[number] ?? [`errno ${number}`, 'unknown error'];
  return [name, kernelWords[name] ?? text];
}

/** 2 → "ENOENT"; either sign. */
export function errnoName(errno: number): string {
  return lookUp(errno)[0];
}

/** 2 → "no such file or directory", in the words that engines match on. */
export function errnoWords(errno: number): string {
  return lookUp(errno)[1];
}
