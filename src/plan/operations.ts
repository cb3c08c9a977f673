// The one table of plan operations. The TypeScript union below is derived from it by the compiler; the C structs and
// the decoder (addon/core/operations.gen.h) are generated from it by scripts/generate-operations.ts. Order gives the
// opcode. runts-init refuses a plan whose build id, a hash over this table and the native sources, is not its own.
//
// Every operation is one step of runts-init, run in the listed order of the plan, in the container's first process.

/** Kinds of operands: how they look in TypeScript and in C. */
export interface FieldTypes {
  u32: number; // uint32_t
  i32: number; // int32_t
  u64: bigint; // uint64_t
  flag: boolean; // uint32_t, 0 or 1
  str: string; // const char *, UTF-8, NUL-terminated, without inner NUL
  strs: readonly string[]; // const char *const *, NULL-terminated, and its count
  u32s: readonly number[]; // const uint32_t * and its count
  bytes: Uint8Array; // const uint8_t * and its length
  fd: number; // int32_t: a file descriptor of the spawning process that runts-init inherits; -1 is none
}

export const operations = {
  // ---- the process and its namespaces
  /** Writes "0" to each of these `tasks` files of cgroup v1, which moves the writing thread, our only one. Unlike a pid in
   * cgroup.procs that takes no lock that waits for an RCU grace period (5 to 17 ms). v2: see SpawnRequest.cgroupFd. */
  joinCgroup: {files: 'strs'},
  /** sched_setaffinity(2): bit n%8 of byte n/8 stands for CPU n; the kernel leaves out what the cpuset of the cgroup does not
   * have. Without bytes: every CPU of the cpuset. */
  cpuAffinity: {mask: 'bytes'},
  oomScoreAdj: {value: 'i32'},
  /** Raises a limit to at least this, while we still are who may: in a user namespace nobody is, and the soft limits on
   * message queues, locked memory, processes and signals of whoever makes one hold for all in it, whatever theirs are. */
  rlimitCeiling: {resource: 'u32', soft: 'u64', hard: 'u64'},
  /** setns(2) into the namespace behind an inherited fd; `type` is its CLONE_NEW* flag. With `yield` an EPERM is passed over,
   * to be tried again from inside of the user namespace by a step without; that does nothing when the first has succeeded. */
  setns: {fd: 'fd', type: 'u32', yield: 'flag'},
  /** setns(2) into those namespaces (CLONE_NEW* flags) of the process behind an inherited pidfd, all or none, whatever user
   * namespaces they belong to. From then on paths are those of the container. */
  joinProcess: {pidfd: 'fd', types: 'u32'},
  /** unshare(2) CLONE_NEWUSER; then asks the runtime to write the id maps, and waits for its answer. */
  userNamespace: {},
  /** setgroups(2) to none, where that is allowed, setresgid(2) and setresuid(2): who init is inside its user namespace. */
  assumeIds: {uid: 'u32', gid: 'u32'},
  unshare: {flags: 'u32'},
  /** Opens /proc/self/timens_offsets for the timensOffsets step to come. In a user namespace it belongs to nobody who is in it, as
   * long as we cannot be traced; the kernel asks who has opened it, not who writes. */
  openTimensOffsets: {},
  /** Writes /proc/self/timens_offsets after unshare(CLONE_NEWTIME), before any process enters. */
  timensOffsets: {text: 'str'},
  /** Goes on in a child (clone3 CLONE_PARENT: still a child of the runtime) that is in the new or joined pid and time
   * namespace; reports its host pid as a `pid` message; the first process then exits. */
  fork: {},
  /** setsid(2). */
  newSession: {},
  /** Joins a new session keyring of this name; ENOSYS is reported as a warning. `label` is its SELinux context, or ''. */
  sessionKeyring: {name: 'str', label: 'str'},
  loopbackUp: {},
  /** Sends the runtime our network namespace, for it to move devices there, and waits for its answer. */
  netDevices: {},

  // ---- sources of mounts that have to be opened, or changed, before a user namespace is entered: in numbered slots
  /** Clones what is mounted at `path`, for the mountBind or rootfs step that names this slot. `propagation` (MS_*,
   * 0: none) cuts it off: what is mounted in it is not to reach the host. EPERM leaves the slot empty, which has the
   * later step open `path` by itself: who may not clone mounts yet is nobody whom a user namespace takes rights from. */
  openTree: {slot: 'u32', path: 'str', recursive: 'flag', nofollow: 'flag', propagation: 'u32'},
  /** A filesystem that is not mounted yet, for the mountBind step that names this slot. */
  openFilesystem: {slot: 'u32', type: 'str', source: 'str', options: 'strs'},
  /** mount_setattr(2) MOUNT_ATTR_IDMAP of what is in the slot: with the maps of the user namespace `userNamespace`, or, when that
   * is -1, with these (lines as in /proc/PID/uid_map). */
  idmapTree: {slot: 'u32', recursive: 'flag', userNamespace: 'fd', uidMap: 'str', gidMap: 'str'},

  // ---- the root filesystem, before pivot_root. Targets are paths inside the rootfs, resolved with RESOLVE_IN_ROOT.
  /** Sets the propagation of everything below / (MS_* flags) and makes the mount that holds `path` private. */
  rootPropagation: {flags: 'u32', path: 'str'},
  /** Binds `path`, or what is in `slot` when that is not -1, onto `path`, recursively, and makes it the root of all later
   * steps. Where `path` cannot be reached any more it goes onto "/". `onHost`: we are in the host's mount namespace, which is
   * to see nothing but this one mount change. */
  rootfs: {path: 'str', slot: 'i32', onHost: 'flag'},
  /** A new filesystem (fsopen .. fsmount, mount_setattr, move_mount). `options` are `key` or `key=value`; attr* are
   * MOUNT_ATTR_*; `propagation` are MS_SHARED and friends, MS_REC allowed, applied one after the other; `copyUp` fills
   * a tmpfs with what the rootfs has at `target`. `legacyFlags` (MS_*) serve mount(2), for options too long for fsconfig(2);
   * relative paths in them start at `directory`, if there is one. `label` is a SELinux label for a filesystem that takes none
   * as an option. With `yield` an EPERM or EBUSY is passed over: the next step, a mountBind with `instead`, stands in. */
  mountFilesystem: {
    type: 'str',
    source: 'str',
    target: 'str',
    options: 'strs',
    attrSet: 'u64',
    attrClear: 'u64',
    recursiveSet: 'u64',
    recursiveClear: 'u64',
    legacyFlags: 'u64',
    propagation: 'u32s',
    copyUp: 'flag',
    directory: 'str',
    label: 'str',
    yield: 'flag',
  },
  /** A bind mount of `source` (a path as seen by the runtime), or of what is in `slot` when that is not -1. The target is
   * created when missing, as a directory or as a file, whichever the source is. `nofollow*`: a symlink at the end of source
   * or target is itself what is meant; `copyLink`: a source that is a symlink is copied, not mounted. `instead`: does
   * nothing unless the step before has yielded. */
  mountBind: {
    source: 'str',
    slot: 'i32',
    target: 'str',
    nofollowSource: 'flag',
    nofollowTarget: 'flag',
    copyLink: 'flag',
    instead: 'flag',
    recursive: 'flag',
    attrSet: 'u64',
    attrClear: 'u64',
    recursiveSet: 'u64',
    recursiveClear: 'u64',
    propagation: 'u32s',
  },
  /** mount(2) MS_REMOUNT of what is mounted at `target`, keeping the flags that are locked. */
  remount: {target: 'str', flags: 'u64', clearFlags: 'u64', data: 'str'},
  /** Makes the mount at `target` read-only, once all is in place; the target must be a mount point. */
  remountReadonly: {target: 'str'},
  makeDirectory: {path: 'str'},
  /** Replaces a symlink or file at `path`; leaves an equal symlink alone. `replace` false: an existing entry stays. */
  symlink: {target: 'str', path: 'str', replace: 'flag'},
  /** mknod with exact mode and owner. What is there already is left as it is (it may be a bind mount of the host's): a node
   * of same type and number is fine, anything else an error unless `yield` is set. EPERM falls back to a bind mount of the
   * host's node at `path`. `type` is S_IFCHR, S_IFBLK or S_IFIFO. */
  device: {path: 'str', type: 'u32', major: 'u32', minor: 'u32', mode: 'u32', uid: 'u32', gid: 'u32', yield: 'flag'},

  // ---- hooks
  /** Asks the runtime to run the prestart and createRuntime hooks, and waits for its answer. */
  runtimeHooks: {},
  /** A hook in the container's namespaces. stdin is stateHead + own pid + stateTail. `kind` and `index` name it. */
  hook: {
    kind: 'str',
    index: 'u32',
    path: 'str',
    args: 'strs',
    env: 'strs',
    timeoutMs: 'u32', // 0: none
    stateHead: 'str',
    stateTail: 'str',
  },

  // ---- the switch of roots and what comes after it. Paths are now those of the container.
  pivotRoot: {},
  /** --no-pivot: masks other proc and sysfs mounts, MS_MOVE, chroot. */
  moveRoot: {},
  /** chroot(2) into the rootfs, or, when that is not -1, into the directory behind an inherited fd: for a container without a
   * mount namespace. */
  changeRoot: {root: 'fd'},
  /** Propagation of the container's / after the switch (MS_SHARED, MS_UNBINDABLE .., with MS_REC). */
  propagation: {flags: 'u32'},
  /** Opens a pty in the container's devpts, makes it stdin, stdout, stderr and the controlling terminal, binds it on
   * /dev/console when asked, and sends its master to the runtime in a `console` message. height 0: size left alone. */
  console: {height: 'u32', width: 'u32', bindConsole: 'flag', uid: 'u32'},
  /** -1: the caller's. Until here it is 0, so that modes are exact. */
  umask: {mask: 'i32'},
  hostname: {name: 'str'},
  domainname: {name: 'str'},
  /** The AppArmor profile that execve changes to. */
  apparmorProfile: {name: 'str'},
  /** `path` below /proc/sys, slash form; written through a private procfs. */
  sysctl: {path: 'str', value: 'str'},
  readonlyPath: {path: 'str'},
  /** `label`: SELinux label of the empty directory that covers a directory. */
  maskPath: {path: 'str', label: 'str'},

  // ---- credentials and limits
  noNewPrivileges: {},
  /** personality(2). */
  personality: {persona: 'u32'},
  /** set_mempolicy(2). `mode` is a MPOL_*, with MPOL_F_*; `nodes` is the kernel's mask, whole longs. With `exact` nodes
   * that the kernel drops are an error. */
  memoryPolicy: {mode: 'u32', nodes: 'bytes', exact: 'flag'},
  rlimit: {resource: 'u32', soft: 'u64', hard: 'u64'},
  /** All signals get their default disposition, and none is blocked. */
  signals: {},
  /** Gives fds 0-2 to `uid`, unless they are /dev/null or the filesystem refuses (EROFS, EPERM are left). */
  stdioOwner: {uid: 'u32'},
  /** The SELinux context that execve changes to. */
  selinuxLabel: {label: 'str'},
  /** Drops from the bounding set all but `bounding`; must come before `user`. */
  boundingSet: {bounding: 'u64'},
  /** Keeps capabilities over the change, then setgroups (where a user namespace forbids it: only if there are some to set),
   * setresgid, setresuid. */
  user: {uid: 'u32', gid: 'u32', groups: 'u32s'},
  capabilities: {effective: 'u64', permitted: 'u64', inheritable: 'u64', ambient: 'u64'},
  /** chdir; the result must be inside the root. With `retry` false an EACCES or EPERM is passed over, to be tried again
   * after `user` by a step with `retry`, which does nothing when the first has succeeded. */
  chdir: {path: 'str', retry: 'flag'},
  /** seccomp(2) SECCOMP_SET_MODE_FILTER of an array of struct sock_filter. With SECCOMP_FILTER_FLAG_NEW_LISTENER the listener
   * goes to the runtime in a `seccomp` message, and its answer is waited for. */
  seccomp: {flags: 'u32', program: 'bytes'},
  /** Finds args[0] as execvp(3) would, with the PATH of `env`; the `exec` step runs what was found. */
  findExecutable: {name: 'str', path: 'str'},

  // ---- the last steps
  /** Tells the runtime that all is set up, waits for its answer, and from then on outlives it. */
  ready: {},
  /** Waits for a byte on `read`; later failures, and success as end of file, are told on `report`. */
  gate: {read: 'fd', report: 'fd'},
  /** execve(2). HOME is added from the container's /etc/passwd when `env` has none or an empty one. fds 3 to
   * 3+preserve-1 stay open, all others close. */
  exec: {args: 'strs', env: 'strs', uid: 'u32', preserve: 'u32'},
} as const satisfies Record<string, Record<string, keyof FieldTypes>>;

export type OperationName = keyof typeof operations;

/** `{op: 'umask', mask: 0o22}`: one variant for each row of the table. */
export type Operation = {
  [Name in OperationName]: {readonly op: Name} & {
    readonly [Field in keyof (typeof operations)[Name]]: (typeof operations)[Name][Field] extends keyof FieldTypes
      ? FieldTypes[(typeof operations)[Name][Field]]
      : never;
  };
}[OperationName];

/** One step of a plan; `at` is the JSON pointer of the config property it came from (`/mounts/3`; `` for none). */
export type Step = Operation & {readonly at: string};

/** Everything runts-init does, in order. */
export interface InitPlan {
  /** CLONE_NEW* flags of the clone3 that makes runts-init itself. */
  readonly cloneFlags: number;
  readonly steps: readonly Step[];
}
