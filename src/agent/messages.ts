// The one table of messages between the launcher and the agent (docs/resident.md). TypeScript encodes and decodes by it; the C
// structs, readers and writers (addon/core/messages.gen.h) are generated from it by scripts/generate-operations.ts.
//
// A message is a header of three u32, its number in this table, the size of its body and how many file descriptors come
// with it (SCM_RIGHTS), and then the body: the fields in this order, as those of a plan (plan/encode.ts). It is little
// endian, or rather whatever this machine is.
//
// Numbers of fds: those below FIRST_AGENT_FD are the launcher's own, and mean the same here as there. All that the agent
// opens is above, and travels with the message; `numbers` tells which they are, in their order. runts-init gets each under
// the number that it has in the agent, which is the one that its plan names.
import type {FieldTypes} from '../plan/operations.ts';

/** Raised when `ask` changes, of which the first two fields never do. */
export const PROTOCOL_VERSION = 1;

/** Below RLIMIT_NOFILE, which is 1024 for most, and above what any caller hands over. */
export const FIRST_AGENT_FD = 256;

export const messages = {
  // ---- the launcher's
  /** A call. fds: the claim (see claim.ts), and the working directory. */
  ask: {
    version: 'u32',
    build: 'str',
    args: 'strs',
    env: 'strs',
    /** The text of RUNTS_LAUNCH. */
    facts: 'str',
    umask: 'u32',
    /** Whether stderr is a terminal. */
    terminal: 'flag',
  },
  /** fds, unless `error` (an errno of `syscall`): pidfd and sync socket. */
  spawned: {pid: 'i32', error: 'i32', syscall: 'str'},
  /** `code` is -1 when a signal has ended it. */
  reaped: {code: 'i32', signal: 'i32', error: 'i32'},
  ran: {
    code: 'i32',
    signal: 'i32',
    timedOut: 'flag',
    output: 'bytes',
    errors: 'bytes',
    error: 'i32',
    syscall: 'str',
  },
  sent: {error: 'i32', syscall: 'str'},

  // ---- the agent's. The first four are answered, the others are its last.
  /** fds: the sealed runts-init, then `numbers`. */
  spawn: {
    holdSignals: 'flag',
    subreaper: 'flag',
    cloneFlags: 'u64',
    cgroup: 'i32',
    stdio: 'u32s',
    keep: 'u32s',
    numbers: 'u32s',
    plan: 'bytes',
  },
  /** waitid(2). fds: the pidfd. */
  reap: {},
  /** A hook, or the like. */
  program: {path: 'str', args: 'strs', env: 'strs', cwd: 'str', input: 'bytes', timeoutMs: 'u32'},
  /** Send an fd to whoever listens at `path`. fds: that one, or none. */
  sendFd: {path: 'str', payload: 'bytes'},
  /** Not by this agent, and nothing has been done. */
  decline: {reason: 'str'},
  /** Supervise `pid`; then make the call `removal`, if it is one, with the exit code added to its last argument. fds: the
   * pidfd, then `numbers`. `errors` is for stderr. */
  stay: {
    pid: 'i32',
    master: 'i32',
    pipes: 'u32s',
    stdio: 'u32s',
    numbers: 'u32s',
    errors: 'bytes',
    removal: 'strs',
  },
  exit: {code: 'i32', output: 'bytes', errors: 'bytes'},
} as const satisfies Record<string, Record<string, keyof FieldTypes>>;

export type MessageName = keyof typeof messages;

/** The fields of a message. */
export type Fields<Name extends MessageName> = {
  readonly [Field in keyof (typeof messages)[Name]]: (typeof messages)[Name][Field] extends keyof FieldTypes
    ? FieldTypes[(typeof messages)[Name][Field]]
    : never;
};
