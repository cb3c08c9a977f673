// Reading and writing the control files of cgroups.
import {closeSync, constants, openSync, readFileSync, writeSync} from 'node:fs';
import {errnoText, hasCode, isSyscallError, RuntsError} from '../errors.ts';

/** Writes to an existing file, in one write(2), so that the kernel's refusal surfaces. Throws SyscallFacts. */
export function writeControl(path: string, value: string): void {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

/** A control file's text without its last newline, or undefined when it, or its cgroup, is not there. */
export function readControl(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    // ENODEV: the cgroup was removed while we held it open; EOPNOTSUPP: not for this type of cgroup.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENODEV', 'EOPNOTSUPP', 'ENOTSUP')) return undefined;
    throw error;
  }
}

/** A cgroup's directory as an fd, close-on-exec; the caller closes it. Throws RuntsError. */
export function openDirectory(directory: string): number {
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw isSyscallError(error) ? new RuntsError(`open cgroup ${directory}: ${errnoText(error.errno)}`) : error;
  }
}

/** Atomics.wait: the thread sleeps, without a timer or an event loop. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
