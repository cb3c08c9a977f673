// Writing to descriptors that the caller shares with us. process.stdout and process.stderr are never touched: Node
// makes pipes and terminals behind them non-blocking, on the open file description that the caller uses too.
import {fstatSync, writeSync} from 'node:fs';
import {hasCode, isSyscallError} from './errors.ts';

/** How text gets to the caller's streams: by this process, or by another one that has them. */
export interface Output {
  /** All of `text`. Throws what write(2) fails with. */
  write(fd: number, text: string): void;
  isTerminal(fd: number): boolean;
}

/** By this process. */
export const ownOutput: Output = {write: writeFully, isTerminal};

/** Major number of /dev/null and its kin. */
const MEMORY_DEVICES = 1;

// node:tty pulls in the network stack, for 5 ms: so it is asked only about what may be a terminal.
function isTerminal(fd: number): boolean {
  const status = fstatSync(fd);
  if (!status.isCharacterDevice() || status.rdev >> 8 === MEMORY_DEVICES) return false;
  return process.getBuiltinModule('node:tty').isatty(fd);
}

/** Writes all of `text`, also to a descriptor that somebody else made non-blocking. Throws what write(2) fails with. */
export function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  let written = 0;
  let pause = 1;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written);
      pause = 1;
    } catch (error) {
      if (!hasCode(error, 'EAGAIN')) throw error;
      sleep(pause);
      pause = Math.min(pause * 2, 16);
    }
  }
}

/** What `action` does to a file through its descriptor: an error, of a full disk say, names the file. */
export function namingFile<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (isSyscallError(error) && error.path === undefined) Object.assign(error, {path});
    throw error;
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
