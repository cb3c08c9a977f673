// newuidmap and newgidmap: where they are, and whether they can do what they are for.
import {accessSync, constants, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {hasCode} from '../errors.ts';
import type {IdKind} from './id-kinds.ts';

/** What keeps a set-uid program from its rights. */
export interface HelperFacts {
  readonly path: string;
  /** Of root, with the set-uid bit. (Some distributions use file capabilities instead, which are not looked at.) */
  readonly setuid: boolean;
  /** It is on a mount that lets no file give rights. */
  readonly nosuid: boolean;
  /** prctl(2): nothing that we start gains rights. */
  readonly noNewPrivileges: boolean;
  /** The capabilities that even root can have here; bit n stands for capability n. */
  readonly boundingSet: bigint;
}

/** Its path: PATH is the caller's, but the usual places are looked at in any case. */
export function findHelper(
  {helper}: Pick<IdKind, 'helper'>,
  env: Readonly<Record<string, string>>,
): string | undefined {
  const directories = new Set([...(env['PATH'] ?? '').split(':'), '/usr/bin', '/bin']);
  return [...directories]
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, helper))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return false;
    throw error;
  }
}

export function readHelperFacts(path: string): HelperFacts {
  const {mode, uid} = statSync(path);
  const status = readFileSync('/proc/self/status', 'utf8');
  return {
    path,
    setuid: uid === 0 && (mode & 0o4000) !== 0,
    nosuid: isNosuid(readFileSync('/proc/self/mountinfo', 'utf8'), statSync(path).dev),
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status),
    boundingSet: BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? 'ffffffffffffffff'}`),
  };
}

/** Whether every mount of that device is nosuid (proc_pid_mountinfo(5)). */
function isNosuid(mountinfo: string, device: number): boolean {
  const [major, minor] = [(device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00)];
  const mounts = mountinfo
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , id]) => id === `${major}:${minor}`);
  return mounts.length > 0 && mounts.every(([, , , , , options]) => options?.split(',').includes('nosuid'));
}
