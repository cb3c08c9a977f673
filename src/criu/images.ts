// The directories of a checkpoint: images, and criu's logs.
import {closeSync, constants, existsSync, mkdirSync, openSync, statSync} from 'node:fs';
import {isAbsolute, join} from 'node:path';

import {errnoText, isSyscallError, RuntsError} from '../errors.ts';

export interface Directories {
  readonly images: string;
  readonly imagesFd: number;
  /** Undefined: criu writes its log beside the images. */
  readonly work: string | undefined;
  readonly workFd: number | undefined;
  readonly logs: string;
}

/** Opens them; the directory for logs is made when missing, that of the images only for a dump. The caller closes them. */
export function openDirectories(images: string, work: string | undefined, mode: 'dump' | 'restore'): Directories {
  if (mode === 'dump') makeDirectory(images, '--image-path');
  const imagesFd = openDirectory(images, '--image-path');
  try {
    if (work === undefined) return {images, imagesFd, work, workFd: undefined, logs: images};
    makeDirectory(work, '--work-path');
    return {images, imagesFd, work, workFd: openDirectory(work, '--work-path'), logs: work};
  } catch (error) {
    closeSync(imagesFd);
    throw error;
  }
}

function makeDirectory(path: string, option: string): void {
  telling(path, option, () => {
    if (!existsSync(path)) mkdirSync(path, {recursive: true, mode: 0o700});
  });
}

function openDirectory(path: string, option: string): number {
  return telling(path, option, () => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
}

function telling<Result>(path: string, option: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw new RuntsError(`${option}: ${error.syscall} ${path}: ${errnoText(error.errno)}`, {cause: error});
  }
}

/** Refuses a --parent-path that criu would take for none: it looks for one below the images. */
export function checkParent(images: string, parent: string): void {
  if (isAbsolute(parent)) throw new RuntsError('--parent-path must be relative');
  const path = join(images, parent);
  const stat = statSync(path, {throwIfNoEntry: false});
  if (stat === undefined) throw new RuntsError(`invalid --parent-path: stat ${path}: no such file or directory`);
  if (!stat.isDirectory()) throw new RuntsError(`invalid --parent-path: stat ${path}: not a directory`);
}
