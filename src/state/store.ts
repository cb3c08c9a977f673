// The on-disk store: <root>/<id>/ with state.json, and the two fifos of the start gate while it is closed. Writers
// hold the directory's lock; readers need none, as state.json is replaced in one rename.
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';

import type {Context} from '../context.ts';
import {hasCode, RuntsError} from '../errors.ts';
import {namingFile} from '../write.ts';
import {isValidId, validateId} from './id.ts';
import {isLocked, lockDirectory} from './lock.ts';
import {BrokenRecordError, type ContainerRecord, parseRecord, serializeRecord} from './record.ts';
import {explainRoot, makeRoot, refuseForeign} from './root.ts';

type StoreContext = Pick<Context, 'root' | 'native'>;

/** A container's state directory, locked by us until release(). */
export interface LockedDirectory {
  readonly id: string;
  readonly path: string;
  readonly fd: number;
}

const RECORD = 'state.json';
const CONFIG = 'config.json';
const TEMPORARY = '.state.json.new';
const CLAIM_ATTEMPTS = 16;

export const DOES_NOT_EXIST = 'container does not exist';

export function directoryOf(ctx: Pick<Context, 'root'>, id: string): string {
  return join(ctx.root, id);
}

/** Makes the directory of a new container, locked. Only one of several claimants of an id gets it. */
export function claimDirectory(ctx: StoreContext, id: string): LockedDirectory {
  validateId(id);
  const path = directoryOf(ctx, id);
  makeRoot(ctx.root);
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    // Without a record, and with nobody at work on it, it is what a killed command has left.
    if (!makeDirectory(ctx.root, path) && (existsSync(join(path, RECORD)) || isBusy(ctx, id))) throw alreadyExists();
    // A `delete` may find the directory before we have locked it, and remove it as a left-over: then claim again.
    const claimed = lockPath(ctx, id, path);
    if (claimed === undefined) continue;
    if (!existsSync(join(path, RECORD))) return claimed;
    release(claimed);
    throw alreadyExists();
  }
  throw new RuntsError(`cannot claim ${path}: it is removed again and again by another process`);
}

const alreadyExists = (): RuntsError => new RuntsError('container with given ID already exists');

/** False when something of that name is there. */
function makeDirectory(root: string, path: string): boolean {
  try {
    mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw explainRoot(root, error);
  }
}

/** Locks the directory of a container that exists. Throws `container does not exist`. */
export function lockContainer(ctx: StoreContext, id: string): LockedDirectory {
  const locked = tryLockContainer(ctx, id);
  if (locked === undefined) throw new RuntsError(DOES_NOT_EXIST);
  return locked;
}

/** As lockContainer, but undefined when there is no directory. */
export function tryLockContainer(ctx: StoreContext, id: string): LockedDirectory | undefined {
  validateId(id);
  return lockPath(ctx, id, directoryOf(ctx, id));
}

/** Opens and locks; undefined when there is no directory, or was none any more once we had the lock. */
function lockPath(ctx: StoreContext, id: string, path: string): LockedDirectory | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    // Whoever owns it says what is in the record: the processes to be killed, and the hooks to be run.
    refuseForeign(path, fstatSync(fd).uid);
    lockDirectory(ctx.native, fd, id);
    if (isStill(path, fd)) return {id, path, fd};
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

/** Whether `path` is what `fd` was opened from: the lock of a removed directory protects nothing. */
function isStill(path: string, fd: number): boolean {
  const ours = fstatSync(fd);
  const now = statSync(path, {throwIfNoEntry: false});
  return now !== undefined && now.ino === ours.ino && now.dev === ours.dev;
}

/** Gives up the lock. */
export function release(directory: LockedDirectory): void {
  closeSync(directory.fd);
}

/** Runs `body` with the container locked. */
export function withContainer<Result>(
  ctx: StoreContext,
  id: string,
  body: (directory: LockedDirectory) => Result,
): Result {
  const directory = lockContainer(ctx, id);
  try {
    return body(directory);
  } finally {
    release(directory);
  }
}

/** Whether another command is at work on the container: a `creating` record then is one in the making. */
export function isBusy(ctx: StoreContext, id: string): boolean {
  let fd: number;
  try {
    fd = openSync(directoryOf(ctx, id), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
  try {
    return isLocked(ctx.native, fd);
  } finally {
    closeSync(fd);
  }
}

/** Replaces the record. Only for the holder of the lock. */
export function writeRecord(directory: LockedDirectory, record: ContainerRecord): void {
  const temporary = join(directory.path, TEMPORARY);
  namingFile(temporary, () => writeFileSync(temporary, serializeRecord(record), {mode: 0o600}));
  renameSync(temporary, join(directory.path, RECORD));
}

/** Keeps the config that a container is made from, as `exec` goes by it when the bundle has changed. Only for the holder of
 * the lock. */
export function writeConfigCopy(directory: LockedDirectory, text: string): void {
  const path = join(directory.path, CONFIG);
  namingFile(path, () => writeFileSync(path, text, {mode: 0o600}));
}

/** The text of that copy, and its path for messages. Throws `container does not exist`. */
export function readConfigCopy(ctx: Pick<Context, 'root'>, id: string): {readonly text: string; readonly path: string} {
  const path = join(directoryOf(ctx, id), CONFIG);
  try {
    return {text: readRegularFile(path), path};
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) throw new RuntsError(DOES_NOT_EXIST, {cause: error});
    throw error;
  }
}

/** The record of a container. Takes no lock. Throws `container does not exist` when there is none, and says what is
 * wrong with a state.json that cannot be read. */
export function readRecord(ctx: Pick<Context, 'root'>, id: string): ContainerRecord {
  const record = readRecordIfAny(ctx, id);
  if (record === undefined) throw new RuntsError(DOES_NOT_EXIST);
  return record;
}

/** As readRecord, but undefined when there is no state.json. */
export function readRecordIfAny(ctx: Pick<Context, 'root'>, id: string): ContainerRecord | undefined {
  validateId(id);
  const path = join(directoryOf(ctx, id), RECORD);
  let text: string;
  try {
    text = readRegularFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  return parseRecord(text, path, id);
}

/** A fifo or the like in its place would keep us waiting. */
function readRegularFile(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(fd).isFile()) throw new BrokenRecordError(`${path} is not a regular file`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Removes a container's directory and frees its id. Only for the holder of the lock. Absent is fine. */
export function removeDirectory(directory: LockedDirectory): void {
  // The record goes last: when we are killed half-way, `delete --force` still knows what to clean.
  for (const entry of entriesOf(directory.path)) {
    if (entry !== RECORD) ignoringAbsence(() => removeTree(join(directory.path, entry)));
  }
  ignoringAbsence(() => unlinkSync(join(directory.path, RECORD)));
  ignoringAbsence(() => rmdirSync(directory.path));
}

// fs.rmSync, when recursive, tells no errno but ENOENT and EACCES.
function removeTree(path: string): void {
  if (!lstatSync(path).isDirectory()) {
    unlinkSync(path);
    return;
  }
  for (const entry of readdirSync(path)) removeTree(join(path, entry));
  rmdirSync(path);
}

function entriesOf(path: string): readonly string[] {
  return ignoringAbsence(() => readdirSync(path)) ?? [];
}

function ignoringAbsence<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The ids that have a directory, sorted. A root that does not exist holds none. */
export function listIds(ctx: Pick<Context, 'root'>): readonly string[] {
  const entries = ignoringAbsence(() => readdirSync(ctx.root, {withFileTypes: true})) ?? [];
  return entries
    .filter((entry) => entry.isDirectory() && isValidId(entry.name))
    .map((entry) => entry.name)
    .sort();
}
