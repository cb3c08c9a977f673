// --pid-file: engines read it as soon as it is there, so it appears whole: decimal, without a newline.
import {closeSync, constants, openSync, renameSync, rmSync, writeSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';

import type {Context} from '../context.ts';
import {errnoText, isSyscallError, RuntsError} from '../errors.ts';
import {absolutePath} from './bundle.ts';

/** Writes a pid file and returns its absolute path. */
export function writePidFile(ctx: Pick<Context, 'cwd'>, file: string, pid: number): string {
  const path = absolutePath(ctx, file);
  const temporary = join(dirname(path), `.${basename(path)}`);
  try {
    writeNew(temporary, String(pid));
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, {force: true});
    if (!isSyscallError(error)) throw error;
    throw new RuntsError(`cannot write the pid file ${path}: ${error.syscall}: ${errnoText(error.errno)}`, {
      cause: error,
    });
  }
  return path;
}

/** O_EXCL: neither a symlink planted there nor another command's half-written file is written to. A temporary that
 * was left behind by a command that was killed goes away first. */
function writeNew(path: string, text: string): void {
  rmSync(path, {force: true});
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

export function removePidFile(path: string): void {
  rmSync(path, {force: true});
}
