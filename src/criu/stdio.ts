// Standard streams that reach out of the container. descriptors.json, beside the images, says what they were, as runc has
// it: a restore puts others in their place.
import {closeSync, constants, openSync, readFileSync, readlinkSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {hasCode, messageOf, RuntsError} from '../errors.ts';

const FILE = 'descriptors.json';
const STREAMS = [0, 1, 2] as const;

/** What criu finds in a container by itself has no need of a name: pipes have one, other things of the host get one. */
const HANDED_OVER = /^(pipe:|socket:|file)\[/;

/** What fds are, each in a directory like /proc/PID/fd: `pipe:[123]`, `/dev/null`. */
export function describeStdio(fds: readonly number[], directoryOf: (fd: number) => string): string[] {
  return fds.map((fd) => {
    try {
      return readlinkSync(`${directoryOf(fd)}/${fd}`);
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'EACCES')) return '';
      throw error;
    }
  });
}

export interface DumpedStdio {
  /** For descriptors.json. */
  readonly descriptors: readonly string[];
  /** What criu is to take as external. */
  readonly external: readonly string[];
}

/** `known`: what the streams were when the container was started; `mounts`: ids of the mounts that it has. A regular file or a
 * socket of the host is nothing that criu could find again. */
export function dumpedStdio(
  pid: number,
  known: readonly string[] | undefined,
  mounts: ReadonlySet<number>,
): DumpedStdio {
  const now = describeStdio(STREAMS, () => `/proc/${pid}/fd`);
  const external: string[] = [];
  const descriptors = STREAMS.map((fd) => {
    const described = known?.[fd] ?? now[fd] ?? '';
    const name = now[fd] === described ? externalName(pid, fd, described, mounts) : undefined;
    if (name === undefined) return described;
    external.push(name.external);
    return name.key;
  });
  return {descriptors, external: [...new Set(external)]};
}

function externalName(
  pid: number,
  fd: number,
  described: string,
  mounts: ReadonlySet<number>,
): {readonly external: string; readonly key: string} | undefined {
  const socket = /^socket:\[([0-9]+)\]$/.exec(described)?.[1];
  if (socket !== undefined) return {external: `unix[${socket}]`, key: described};
  if (!described.startsWith('/')) return undefined;
  const mount = /^mnt_id:\s*([0-9]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))?.[1];
  if (mount === undefined || mounts.has(Number(mount))) return undefined;
  const {ino} = statSync(`/proc/${pid}/fd/${fd}`, {bigint: true});
  const name = `file[${Number(mount).toString(16)}:${ino.toString(16)}]`;
  return {external: name, key: name};
}

/** Whoever may write to the directory of the images must not choose which file it becomes. */
export function writeDescriptors(directory: string, descriptors: readonly string[]): void {
  const {O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW} = constants;
  const fd = openSync(join(directory, FILE), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(fd, JSON.stringify(descriptors));
  } finally {
    closeSync(fd);
  }
}

const NAMES = ['input', 'output', 'error'] as const;

/** Which of fds 0-2 stands for what of the images; `fds` are what they are going to be. criu sets the position of what stands for a
 * file. */
export function inheritedStdio(
  directory: string,
  fds: readonly number[],
): {readonly key: string; readonly fd: number}[] {
  return readDescriptors(directory).flatMap((key, fd) => {
    if (fd >= NAMES.length || !HANDED_OVER.test(key)) return [];
    if (key.startsWith('file') && !isFile(fds[fd] ?? -1)) {
      throw new RuntsError(
        `standard ${NAMES[fd]} of the container was a file: a restore needs one there again, and --detach`,
      );
    }
    return [{key, fd}];
  });
}

function isFile(fd: number): boolean {
  return statSync(`/proc/self/fd/${fd}`).isFile();
}

function readDescriptors(directory: string): readonly string[] {
  const path = join(directory, FILE);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new RuntsError(`${directory} holds no checkpoint of a container: ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value as string[];
  throw new RuntsError(`${path} is not a list of what the standard streams were`);
}
