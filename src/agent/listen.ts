// The agent's socket: handed over by a service manager (sd_listen_fds(3)), or made in the state root.
import {closeSync, constants, mkdirSync, openSync, rmSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';
import type {AgentNative} from '../native.ts';

/** No container can be called so: ids have no "@". */
export const SOCKET = 'agent@socket';

export interface Listening {
  readonly listener: number;
  /** Takes away what was made. */
  close(): void;
}

/** Listens at `path`, or on what was handed over. Throws RuntsError when another agent does. */
export function listen(ctx: Context, native: AgentNative, path: string | undefined): Listening {
  if (isHandedOver(ctx)) return {listener: 3, close: () => {}};
  const socket = path ?? join(ctx.root, SOCKET);
  const folder = dirname(socket);
  mkdirSync(folder, {recursive: true, mode: 0o700});
  refuseOpenFolder(folder);
  // One for each socket: there may be several in a directory.
  const lock = openSync(`${socket}.lock`, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  if (!native.flock(lock, 'exclusive')) {
    closeSync(lock);
    throw new RuntsError(`an agent listens on ${socket} already`);
  }
  // That of an agent that was killed.
  rmSync(socket, {force: true});
  const listener = native.agentListen(socket);
  return {
    listener,
    close() {
      rmSync(socket, {force: true});
      closeSync(listener);
      closeSync(lock);
    },
  };
}

function isHandedOver({env, pid}: Context): boolean {
  return pid !== undefined && env['LISTEN_PID'] === String(pid) && env['LISTEN_FDS'] === '1';
}

/** Launchers do not trust a socket that another user could have put there. */
function refuseOpenFolder(folder: string): void {
  const {uid, mode} = statSync(folder);
  if (uid === process.geteuid?.() && (mode & 0o022) === 0) return;
  throw new RuntsError(
    `the directory ${folder} of the agent's socket must belong to its user, and be writable by nobody else`,
  );
}
