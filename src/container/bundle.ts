// The bundle as a command gets it: config.json loaded and checked, the rootfs found.
import {lstatSync, realpathSync} from 'node:fs';
import {isAbsolute, resolve} from 'node:path';

import {loadConfig} from '../config/load.ts';
import type {Context} from '../context.ts';
import {ConfigError, errnoText, isSyscallError} from '../errors.ts';
import type {Config} from '../generated/config.ts';
import {withOwnUserNamespace} from './own-user-namespace.ts';

export interface Bundle {
  /** Absolute. */
  readonly path: string;
  readonly config: Config;
  /** Name of the config as the caller gave it, for messages. */
  readonly file: string;
  /** The file as it was read, or completed. */
  readonly text: string;
  /** Absolute, free of symlinks. */
  readonly rootfs: string;
}

/** Asks for the working directory, which may have been removed, only when the path is relative to it. */
export function absolutePath(ctx: Pick<Context, 'cwd'>, path: string): string {
  return isAbsolute(path) ? resolve(path) : resolve(ctx.cwd, path);
}

/** Loads a bundle; unknown keys of its config become warnings in the log. An ordinary user gets a user namespace with it. */
export function openBundle(ctx: Context, options: {readonly bundle: string; readonly config?: string}): Bundle {
  const path = absolutePath(ctx, options.bundle);
  const {config: file = 'config.json'} = options;
  const {config, warnings, text} = loadConfig(path, file, (given) => withOwnUserNamespace(ctx, given));
  for (const warning of warnings) ctx.log.warn(warning);
  return {path, config, file, text, rootfs: findRootfs(path, config.root.path)};
}

/** A warning about config.json, told of the file that stands in for it. */
export function inFile({file}: Pick<Bundle, 'file'>, warning: string): string {
  return warning.replace(/^config\.json#/, () => `${file}#`);
}

/** The absolute path of the rootfs. A symlink in its place is refused, as whoever may replace it would choose what
 * gets mounted; symlinks above it belong to the host and are resolved here, once. */
export function findRootfs(bundle: string, path: string): string {
  if (path === '') throw rootfsError('is empty: it names the directory of the root filesystem');
  const absolute = resolve(bundle, path);
  try {
    const stat = lstatSync(absolute);
    if (stat.isSymbolicLink()) throw rootfsError(`invalid rootfs: ${absolute} is a symlink; name what it points to`);
    if (!stat.isDirectory()) throw rootfsError(`the rootfs ${absolute} is not a directory`);
    return realpathSync.native(absolute);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    if (error.code === 'ENOENT') throw rootfsError(`the rootfs ${absolute} does not exist: no such file or directory`);
    throw rootfsError(`cannot look at the rootfs ${absolute}: ${errnoText(error.errno)}`);
  }
}

function rootfsError(message: string): ConfigError {
  return new ConfigError([{pointer: '/root/path', message}]);
}
