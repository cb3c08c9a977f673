// The directory that all state directories are in: made when the first container is, with what is missing above it.
import {existsSync, mkdirSync, statSync} from 'node:fs';
import {dirname} from 'node:path';
import {errnoText, hasCode, isSyscallError, RuntsError} from '../errors.ts';

/** The sticky bit keeps what cleans up $XDG_RUNTIME_DIR from time to time away from it (XDG Base Directory Specification). */
const MODE = 0o1700;
const PARENT_MODE = 0o700;

/** Makes the state root, or finds it in order. Throws RuntsError. */
export function makeRoot(root: string): void {
  makePath(root, MODE, root);
  const {uid} = statSync(root);
  const own = process.geteuid?.() ?? 0;
  // Whoever owns it could replace what is in it, hooks included.
  if (own !== 0 && uid !== own && uid !== 0)
    throw refusal(root, `it belongs to uid ${uid}, and this user is uid ${own}`);
}

/** mkdir -p. Node's own goes round in circles where mkdir(2) answers ENOENT below a directory that exists, as in /proc. */
function makePath(path: string, mode: number, root: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makePath(dirname(path), PARENT_MODE, root);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    throw explainRoot(root, error);
  }
}

/** What is wrong when nothing can be made in it. */
export function explainRoot(root: string, error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  return refusal(root, `${error.syscall} ${error.path ?? ''}: ${errnoText(error.errno)}${ownerOf(error.path)}`);
}

/** A directory that somebody else has put there before us. */
export function refuseForeign(path: string, uid: number): void {
  if (uid !== (process.geteuid?.() ?? 0))
    throw new RuntsError(
      `${path} belongs to uid ${uid}, who could change the state of the container: go on as that user, or use another id or --root`,
    );
}

const REMEDY =
  'set XDG_RUNTIME_DIR to a directory of the user (at login systemd makes /run/user/UID; su and sudo leave that of another user: use `machinectl shell USER@`, or `loginctl enable-linger USER` and XDG_RUNTIME_DIR=/run/user/UID), or use --root';

function refusal(root: string, why: string): RuntsError {
  const remedy = process.geteuid?.() === 0 ? 'use another --root' : REMEDY;
  return new RuntsError(`${root} cannot hold the state of containers: ${why}: ${remedy}`);
}

/** Of the directory that nothing could be made in. */
function ownerOf(path = '/'): string {
  const above = dirname(path);
  const {uid} = statSync(above, {throwIfNoEntry: false}) ?? {};
  return uid === undefined || uid === process.geteuid?.() ? '' : `: ${above} belongs to uid ${uid}`;
}
