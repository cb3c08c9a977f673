// The whole contract with runts.node; no other file loads it. Arguments are objects, not positions; a failing call
// throws SyscallFacts (see errors.ts). All calls are synchronous. File descriptors are plain numbers, close-on-exec.
import {createRequire} from 'node:module';

export interface SpawnRequest {
  /** Path of the runts-init binary; it is run from a sealed memfd copy. */
  readonly init: string;
  /** An encoded plan (plan/encode.ts). */
  readonly plan: Uint8Array;
  /** CLONE_NEW* flags. */
  readonly cloneFlags: number;
  /** fd of a cgroup v2 directory to be born in, or -1. */
  readonly cgroupFd: number;
  /** What becomes fds 0, 1 and 2. */
  readonly stdio: readonly [number, number, number];
  /** fds that runts-init inherits under their own numbers: gates, namespaces, preserved fds. */
  readonly keepFds: readonly number[];
}

export interface Spawned {
  readonly pid: number;
  readonly pidfd: number;
  /** Our end of the sync socket; close it to make a waiting runts-init exit. */
  readonly sync: number;
}

/** What runts-init says. `hello` first, always; end of file is `undefined` from receive(). */
export type InitMessage =
  | {readonly type: 'hello'; readonly build: string}
  /** The process that goes on has another pid than the spawned one, which ends; waits for proceed(). */
  | {readonly type: 'pid'; readonly pid: number}
  /** In a new user namespace, whose id maps are to be written; waits for proceed(). */
  | {readonly type: 'userNamespace'}
  /** Its network namespace, as an fd; waits for proceed(). */
  | {readonly type: 'netDevices'; readonly namespace: number}
  | {readonly type: 'runtimeHooks'}
  | {readonly type: 'console'; readonly fd: number; readonly name: string}
  /** The listener of a seccomp filter; waits for proceed(). */
  | {readonly type: 'seccomp'; readonly fd: number}
  | {readonly type: 'ready'}
  | {
      readonly type: 'warning';
      readonly step: number;
      readonly errno: number;
      readonly syscall: string;
      readonly object: string;
      readonly detail: string;
    }
  | {
      readonly type: 'failed';
      /** Index into the plan's steps. */
      readonly step: number;
      readonly errno: number;
      /** The system call ("fsconfig", "openat2"), the object it was about, and the kernel's own sentence if any. */
      readonly syscall: string;
      readonly object: string;
      /** The kernel's own sentence where it has one; of a failed hook `exit 1|signal 9|timeout`, \x1f, stdout, \x1f, stderr; of a
       * failed execve the interpreter that the file names, or \x1f and what kind of file it is. */
      readonly detail: string;
    };

export interface ExitStatus {
  /** Exit code, or undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: number | undefined;
}

export interface ProgramRequest {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly stdin: string;
  /** 0: no limit. */
  readonly timeoutMs: number;
}

export interface ProgramResult extends ExitStatus {
  readonly timedOut: boolean;
  /** The first 4 KiB of each. */
  readonly stdout: string;
  readonly stderr: string;
}

/** struct sched_attr, without its size and clamps (linux/sched/types.h). */
export interface SchedulerAttributes {
  /** SCHED_*. */
  readonly policy: number;
  /** SCHED_FLAG_*. */
  readonly flags: number;
  readonly nice: number;
  readonly priority: number;
  /** Nanoseconds, like the next two. */
  readonly runtime: bigint;
  readonly deadline: bigint;
  readonly period: bigint;
}

export interface WorkerRequest {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** fd of a cgroup v2 directory to be born in, or -1. */
  readonly cgroupFd: number;
  /** What becomes fds 0, 1 and 2; empty: /dev/null, and a file for what it complains of. */
  readonly stdio: readonly number[];
  /** fds that it inherits under their own numbers. */
  readonly keepFds: readonly number[];
  /** Unless empty: it gets a mount namespace of its own, in which this directory, with all below, is bound at `rootTarget`. */
  readonly root: string;
  readonly rootTarget: string;
  /** At most four, which are opened there: their paths mean the same, but what is mounted is not. */
  readonly directories: readonly string[];
}

export interface Worker {
  readonly pid: number;
  readonly pidfd: number;
  readonly socket: number;
  /** The file with what it has written to its standard error, if that was it. */
  readonly stderr: number;
  readonly directories: readonly number[];
}

export interface Native {
  /** Build id of the addon: equals that of runts-init and of the plan encoder, or nothing runs. */
  readonly buildId: string;
  /** Starts runts-init: sealed memfd, clone3 with CLONE_VFORK, execveat. It then waits for proceed(). `meanwhile` is done before
   * this returns: while another process does the work, if one does. When it throws, there is no runts-init. */
  spawn(request: SpawnRequest, meanwhile?: () => void): Spawned;
  /** Next message on a sync socket; undefined at end of file; throws ETIMEDOUT. timeoutMs -1: no limit. */
  receive(sync: number, timeoutMs: number): InitMessage | undefined;
  /** Lets runts-init go on: after `hello`, `pid`, `userNamespace`, `netDevices`, `runtimeHooks`, `seccomp` and `ready`.
   * False when it is gone. */
  proceed(sync: number): boolean;

  /** Runs a hook: own process group, output captured, killed at its deadline with everything in its group. */
  runProgram(request: ProgramRequest): ProgramResult;

  /** pidfd_open(2), ESRCH when there is no such process. */
  pidfdOpen(pid: number): number;
  /** pidfd_send_signal(2). */
  pidfdSendSignal(pidfd: number, signal: number): void;
  /** True when the process behind the pidfd has ended within timeoutMs (0: just look; -1: no limit). */
  pidfdWait(pidfd: number, timeoutMs: number): boolean;
  /** waitid(2) on our own child: its exit status; blocks. */
  reap(pidfd: number): ExitStatus;
  /** kill(2). */
  kill(pid: number, signal: number): void;

  /** sched_setattr(2); utilization clamps, if `flags` ask for them, are 0. */
  setScheduler(pid: number, attributes: SchedulerAttributes): void;
  /** sched_getattr(2). */
  getScheduler(pid: number): SchedulerAttributes;
  /** ioprio_set(2) of one process; `value` is the class << 13 | the priority. */
  setIoPriority(pid: number, value: number): void;
  /** ioprio_get(2). */
  getIoPriority(pid: number): number;

  /** Foreground run: forwards every catchable signal to the container's first process, relays between our stdio and
   * `master` in raw mode (-1: no terminal), or our ends of the container's three `pipes` (which it closes), copies the window
   * size, passes on to the `manager` that the program is ready, when it says so to the `listener` (which is closed), reaps every child;
   * returns when it has ended. */
  supervise(request: {
    pidfd: number;
    pid: number;
    master: number;
    pipes: readonly number[];
    stdio: readonly [number, number, number];
    notify?: {readonly listener: number; readonly manager: string};
  }): ExitStatus;
  /** A unix datagram socket that everybody may send to, at a path of any length. */
  notifyListen(path: string): number;
  /** Waits for READY=1 (sd_notify(3)); false when the process behind the pidfd has ended without it. */
  notifyWait(request: {listener: number; pidfd: number}): boolean;
  /** Tells the service manager (`/path` or `@abstract`) READY=1 and MAINPID, and waits until it has taken both: ETIMEDOUT. */
  notifyManager(request: {manager: string; pid: number; barrierMs: number}): void;
  /** Has the pty behind `master`, which is relayed to a terminal, leave newlines as they are: that terminal sees to them. */
  leaveNewlines(master: number): void;
  /** Starts queueing signals for supervise(); call before spawn. */
  holdSignals(): void;
  /** prctl PR_SET_CHILD_SUBREAPER. */
  setSubreaper(on: boolean): void;
  /** flock(2); false when it would block (nonblocking) */
  flock(fd: number, mode: 'shared' | 'exclusive' | 'unlock'): boolean;
  /** pipe2(2). */
  makePipe(): {read: number; write: number};
  mkfifo(path: string, mode: number): void;
  /** umount2(2) MNT_DETACH of the topmost mount there, and what is mounted below it. */
  detachMount(path: string): void;
  /** eventfd(2): a read waits, and gives 8 bytes. */
  eventfd(): number;
  /** An rtnetlink(7) socket in the network namespace behind an fd, or in ours when that is -1; connected to the kernel, with
   * extended and capped acks and strict checks. Answers are there once a request has been written: read(2) never waits. */
  netlinkSocket(namespace: number): number;
  /** The CLONE_NEW* type of a namespace fd (ioctl NS_GET_NSTYPE). */
  namespaceType(fd: number): number;
  /** Connects to a unix stream socket and sends `payload`, which must not be empty, with one fd. EAGAIN when the other side has
   * not taken it within 10 s. */
  sendFd(request: {path: string; payload: string; fd: number}): void;
  /** Starts a program that works for us and answers over a socket (SOCK_SEQPACKET); it dies with us. An argument `@` stands for
   * the number of its end. */
  startWorker(request: WorkerRequest): Worker;
  /** One packet; EPIPE when the other side is gone. */
  sendPacket(socket: number, data: Uint8Array): void;
  /** The next packet, of 64 KiB at most, and the fds that came with it; waits. Undefined at end of file. */
  receivePacket(socket: number): {readonly data: Uint8Array; readonly fds: readonly number[]} | undefined;
  /** The SECCOMP_FILTER_FLAG_* bits that this kernel knows; 0 when it has no seccomp filters. */
  seccompFlags(): number;
  /** _exit(2): no teardown. */
  exit(code: number): never;

  /** Loads a BPF_PROG_TYPE_CGROUP_DEVICE program (array of struct bpf_insn); throws with the verifier's log as path. */
  bpfLoadDevice(instructions: Uint8Array): number;
  /** BPF_PROG_ATTACH to a cgroup directory with BPF_F_ALLOW_MULTI; replaces `replace` (a program fd) unless -1. */
  bpfAttachDevice(cgroupFd: number, program: number, replace: number): void;
  bpfDetachDevice(cgroupFd: number, program: number): void;
  /** fds of the device programs attached to a cgroup (BPF_PROG_QUERY, BPF_PROG_GET_FD_BY_ID). */
  bpfQueryDevice(cgroupFd: number): number[];
}

/** A launcher that has connected to the agent. */
export interface Peer {
  readonly connection: number;
  /** Of whoever has connected; what it stands for is the process behind the pidfd. */
  readonly pid: number;
  readonly pidfd: number;
}

/** What tells two processes apart, as /proc has it. */
export interface ProcessMarks {
  /** `device:inode` of its program. */
  readonly exe: string;
  /** proc_pid_status(5). */
  readonly status: string;
  /** The links of /proc/PID/ns, but for those for children: "" for kinds that the kernel lacks. */
  readonly namespaces: string;
  /** Its root directory, as seen from here: "/" unless it is in another one. */
  readonly root: string;
  /** Of the security module: "" without one. */
  readonly label: string;
}

/** A message between launcher and agent (src/agent/messages.ts). */
export interface ChannelMessage {
  readonly type: number;
  readonly body: Buffer;
  readonly fds: readonly number[];
}

/** What only the agent needs. */
export interface AgentNative extends Native {
  /** A listening unix stream socket at `path`, of mode 0600. */
  agentListen(path: string): number;
  /** The next launcher; undefined after `timeoutMs` (-1: never), or once isTerminated(). */
  agentAccept(listener: number, timeoutMs: number): Peer | undefined;
  /** From now on SIGTERM, SIGINT and SIGHUP only make isTerminated() true. */
  holdTermination(): void;
  isTerminated(): boolean;
  /** Throws when there is no such process, or its program may not be looked at. */
  processMarks(pid: number | 'self'): ProcessMarks;
  /** All fds that are opened from now on are at least `minimum`. */
  raiseDescriptors(minimum: number): void;
  channelSend(connection: number, type: number, body: Uint8Array, fds: readonly number[]): void;
  /** Waits for a message; undefined at the end of the connection; throws ETIMEDOUT. */
  channelReceive(connection: number, timeoutMs: number): ChannelMessage | undefined;
  /** A sealed memfd copy of the program at `path`. */
  sealProgram(path: string): number;
}

/** Loads the addon from `path`; says what to do when it cannot. */
export function loadNative(path: string): Native {
  const addon = createRequire(path)(path) as Native;
  return {
    ...addon,
    spawn(request, meanwhile) {
      meanwhile?.();
      return addon.spawn(request);
    },
  };
}
