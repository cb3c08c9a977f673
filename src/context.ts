// What a command may know about the world. Commands are functions over this context: none of them reads process.env,
// process.argv or the streams of process, exits or keeps global state, so the CLI, tests, library users and a resident
// process all call the same.
import type {Logger} from './log.ts';
import type {Native} from './native.ts';

/** What the launcher saw of its caller before Node changed it. */
export interface LaunchFacts {
  /** RLIMIT_NOFILE as the caller had it; Node raises the soft limit. */
  readonly nofile: {readonly soft: bigint; readonly hard: bigint};
  /** The fds >= 3 that the caller handed over, ascending. */
  readonly inheritedFds: readonly number[];
}

export interface Context {
  /** File descriptors of the caller's standard streams. */
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  /** Process id of the caller's own process, which LISTEN_PID is compared with; without it LISTEN_FDS is not obeyed. */
  readonly pid?: number;
  /** Absolute. */
  readonly cwd: string;
  /** The caller's whole environment, as it was before the launcher scrubbed it for Node. */
  readonly env: Readonly<Record<string, string>>;
  /** The state root (--root), absolute. */
  readonly root: string;
  readonly rootless: boolean;
  readonly log: Logger;
  readonly now: () => Date;
  readonly launch: LaunchFacts;
  readonly native: Native;
  /** Folder that holds runts-init and the addon. */
  readonly libexec: string;
}
