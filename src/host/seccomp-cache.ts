// linux.seccomp -> the program for seccomp(2). It is compiled once, then read from a folder in the state root: libseccomp
// takes 10 ms and more for an engine's default profile, the file a fraction of one. Whatever is wrong with the cache is
// no error: the profile is then compiled.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import type {Context} from '../context.ts';
import {hasCode, messageOf} from '../errors.ts';
import type {Seccomp} from '../generated/config.ts';
import {filterFlags, normaliseSeccomp} from '../plan/seccomp.ts';
import {compileSeccomp, loadSeccompAddon, SECCOMP_ADDON} from './seccomp-addon.ts';
import {decodeEntry, encodeEntry, entryName} from './seccomp-entry.ts';

/** The cache's folder in the state root. No container can be called so: ids have no "@". */
export const SECCOMP_CACHE = 'seccomp@cache';

/** What compilePlan gets: an array of struct sock_filter, and SECCOMP_FILTER_FLAG_* bits. */
export interface SeccompProgram {
  readonly program: Uint8Array;
  readonly flags: number;
}

type CacheContext = Pick<Context, 'root' | 'libexec' | 'log'> & {readonly native: Pick<Context['native'], 'buildId'>};

const MAX_ENTRIES = 64;
const MAX_FILE = 1 << 20;
/** SPEC_ALLOW came with Linux 4.17, and runts asks for 5.12. */
const FACTS = {specAllow: true};
/** Which libseccomp.so.2 the dynamic linker finds changes with it, also when the old file stays in place. */
const LINKER_CACHE = '/etc/ld.so.cache';

/** The compiled filter of a config's linux.seccomp. The state root must exist, or nothing is kept. Throws a ConfigError for
 * a profile that is wrong or that the installed libseccomp cannot do. */
export function seccompProgram(ctx: CacheContext, seccomp: Seccomp): SeccompProgram {
  const flags = filterFlags(seccomp, FACTS);
  const key = cacheKey(seccomp, ctx.native.buildId);
  const directory = join(ctx.root, SECCOMP_CACHE);
  const usable = prepareDirectory(directory, ctx);
  const file = join(directory, entryName(key));
  const cached = usable ? readProgram(file, key, ctx) : undefined;
  if (cached !== undefined) return {program: cached, flags};

  const addon = loadSeccompAddon(ctx.libexec);
  const {program, unknown} = compileSeccomp(addon, normaliseSeccomp(seccomp));
  if (unknown.length > 0) ctx.log.debug(`seccomp: unknown system calls ignored: ${quoted(unknown)}`);
  const library = addon.libseccompPath();
  if (usable && library !== undefined) {
    const inputs = identities([...makers(ctx.libexec), library, LINKER_CACHE]);
    writeEntry(directory, file, encodeEntry({key, inputs, program}), ctx);
  }
  return {program, flags};
}

/** What of the property makes the program, which `flags` do not, and the CPU. As JSON, so that no name in it can
 * pass for a piece of another profile. A profile in the cache has been found valid, so this comes before any other work. */
function cacheKey(seccomp: Seccomp, buildId: string): string {
  const {defaultAction, defaultErrnoRet, architectures, syscalls} = seccomp;
  const entries = syscalls?.map(({names, action, errnoRet, args}) => [
    names,
    action,
    errnoRet,
    args?.map(({index, op, value, valueTwo = 0n}) => [index, op, String(value), String(valueTwo)]),
  ]);
  return JSON.stringify([buildId, process.arch, defaultAction, defaultErrnoRet, architectures, entries]);
}

function quoted(names: readonly string[]): string {
  return [...new Set(names)].map((name) => JSON.stringify(name)).join(', ');
}

/** Our own files that have a part in the program. */
function makers(libexec: string): string[] {
  return [join(libexec, 'runts.cjs'), join(libexec, SECCOMP_ADDON)];
}

/** Makes the folder when it is missing; false when others than its owner, the caller, could have written to it. */
function prepareDirectory(directory: string, ctx: CacheContext): boolean {
  try {
    const status = lstatSync(directory, {throwIfNoEntry: false});
    if (status === undefined) mkdirSync(directory, 0o700);
    else if (!status.isDirectory() || !isOurs(status)) {
      ctx.log.debug(`seccomp: ${directory} is not a directory that only its owner, the caller, can write to: not used`);
      return false;
    }
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return prepareDirectory(directory, ctx);
    ctx.log.debug(`seccomp: programs are not kept: ${messageOf(error)}`);
    return false;
  }
}

function isOurs(status: Stats): boolean {
  return status.uid === process.geteuid?.() && (status.mode & 0o022) === 0;
}

/** The program in `file` when the file is ours, whole, of this key, and what made it has not changed since. */
function readProgram(file: string, key: string, ctx: CacheContext): Uint8Array | undefined {
  try {
    const bytes = readOurs(file);
    const entry = bytes && decodeEntry(bytes, key);
    if (entry !== undefined && entry.inputs === identities(paths(entry.inputs))) return entry.program;
    ctx.log.debug(`seccomp: ${file} is damaged, out of date or of another profile`);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) ctx.log.debug(`seccomp: ${messageOf(error)}`);
  }
  return undefined;
}

/** The content of a regular file that only we can write to. Does not wait on a FIFO, nor follow a symlink (ELOOP). */
function readOurs(file: string): Buffer | undefined {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = fstatSync(fd);
    if (!status.isFile() || !isOurs(status) || status.size > MAX_FILE) return undefined;
    const bytes = Buffer.allocUnsafe(status.size);
    return bytes.subarray(0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

/** One line a file: its path and what changes with its content, as make and others have it, but with the change time,
 * which nobody can set. */
function identities(files: readonly string[]): string {
  return files.map((file) => `${file}\t${identity(file)}\n`).join('');
}

function identity(file: string): string {
  const status = statSync(file, {throwIfNoEntry: false});
  return status === undefined ? 'absent' : `${status.dev}:${status.ino}:${status.size}:${status.ctimeMs}`;
}

function paths(inputs: string): string[] {
  return inputs
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(0, line.lastIndexOf('\t')));
}

/** Under a name of its own first, then renamed: readers and other writers see the old file or the new, never half of one. */
function writeEntry(directory: string, file: string, bytes: Uint8Array, ctx: CacheContext): void {
  const temporary = `${file}.${process.pid}`;
  try {
    writeFileSync(temporary, bytes, {flag: 'wx', mode: 0o600});
    renameSync(temporary, file);
    evict(directory);
  } catch (error) {
    ctx.log.debug(`seccomp: the program is not kept: ${messageOf(error)}`);
    removeQuietly(temporary);
  }
}

/** Removes the oldest files (left-overs of killed writers too) beyond the limit: engines use few profiles, so that a full
 * cache means profiles made for one container each. */
function evict(directory: string): void {
  const names = readdirSync(directory);
  if (names.length <= MAX_ENTRIES) return;
  const files = names.map((name) => join(directory, name));
  const aged = files.map((file) => ({file, changed: lstatSync(file, {throwIfNoEntry: false})?.ctimeMs ?? 0}));
  aged.sort((a, b) => b.changed - a.changed);
  for (const {file} of aged.slice(MAX_ENTRIES)) removeQuietly(file);
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Another process was faster, or the file was never made; a file that stays is evicted later.
  }
}
