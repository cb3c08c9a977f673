// The id maps of a new user namespace, written from outside of it: only there are the rights to do so. user_namespaces(7).
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {mappingText} from '../config/id-mappings.ts';
import type {Context} from '../context.ts';
import {ConfigError, errnoText, hasCode, isSyscallError} from '../errors.ts';
import type {IdMapping, Linux} from '../generated/config.ts';
import type {ProgramResult} from '../native.ts';
import {signalName} from './failure.ts';

/** The kernel takes a map in one write, of less than a page (kernel/user_namespace.c). */
const MAP_BYTES = 4095;
const HELPER_DEADLINE_MS = 10_000;

interface Kind {
  readonly key: 'uidMappings' | 'gidMappings';
  readonly file: 'uid_map' | 'gid_map';
  /** Set-uid programs of shadow-utils, which map what /etc/subuid and /etc/subgid grant to the caller. */
  readonly helper: 'newuidmap' | 'newgidmap';
  readonly grants: '/etc/subuid' | '/etc/subgid';
  /** What the kernel asks of whoever maps more than his own id. */
  readonly capability: 'CAP_SETUID' | 'CAP_SETGID';
}

const uids: Kind = {
  key: 'uidMappings',
  file: 'uid_map',
  helper: 'newuidmap',
  grants: '/etc/subuid',
  capability: 'CAP_SETUID',
};
const gids: Kind = {
  key: 'gidMappings',
  file: 'gid_map',
  helper: 'newgidmap',
  grants: '/etc/subgid',
  capability: 'CAP_SETGID',
};

/** Writes both maps of the user namespace that process `pid`, a child of ours, is in. Whoever may, writes them himself; an
 * ordinary user may map his own id, and has newuidmap and newgidmap for more. Throws ConfigError. */
export function writeIdMaps(
  ctx: Pick<Context, 'native' | 'env'>,
  pid: number,
  {uidMappings = [], gidMappings = []}: Pick<Linux, 'uidMappings' | 'gidMappings'>,
): void {
  if (!tryWrite(uids, pid, uidMappings)) runHelper(ctx, uids, pid, uidMappings);
  if (tryWrite(gids, pid, gidMappings)) return;
  // Without this, leaving a group would be a way past the files that it is kept from (CVE-2014-8989). It cannot be taken
  // back, so other mappings, which newgidmap may allow with groups, are left without it.
  const [only, ...others] = gidMappings;
  if (only?.size === 1 && only.hostID === process.getegid?.() && others.length === 0) {
    writeProc(gids, pid, 'setgroups', 'deny');
    if (tryWrite(gids, pid, gidMappings)) return;
  }
  runHelper(ctx, gids, pid, gidMappings);
}

/** False when it takes privileges that we do not have. */
function tryWrite(kind: Kind, pid: number, mappings: readonly IdMapping[]): boolean {
  const text = mappingText(mappings);
  if (text.length > MAP_BYTES) {
    throw problem(kind, `too long for the kernel, which takes ${MAP_BYTES} bytes of ${kind.file} (${text.length})`);
  }
  try {
    writeFileSync(`/proc/${pid}/${kind.file}`, text);
    return true;
  } catch (error) {
    if (!hasCode(error, 'EPERM')) throw refusal(kind, kind.file, error);
    refuseUnknown(kind, mappings);
    return false;
  }
}

/** In a user namespace of ours, nobody can map what is not mapped to us: the kernel says EPERM to that, too. */
function refuseUnknown(kind: Kind, mappings: readonly IdMapping[]): void {
  const own = readFileSync(`/proc/self/${kind.file}`, 'utf8');
  const ours = [...own.matchAll(/(\d+) +\d+ +(\d+)/g)].map(([, first, size]) => ({
    first: Number(first),
    size: Number(size),
  }));
  for (const [index, {hostID, size}] of mappings.entries()) {
    if (ours.some((range) => hostID >= range.first && hostID + size <= range.first + range.size)) continue;
    const message = `the user namespace that the runtime is in has no ids ${hostID} to ${hostID + size - 1} (in one range of /proc/self/${kind.file})`;
    throw new ConfigError([{pointer: `/linux/${kind.key}/${index}`, message}]);
  }
}

function writeProc(kind: Kind, pid: number, file: string, text: string): void {
  try {
    writeFileSync(`/proc/${pid}/${file}`, text);
  } catch (error) {
    throw refusal(kind, file, error);
  }
}

function refusal(kind: Kind, file: string, error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  return problem(kind, `write ${file} of the user namespace: ${errnoText(error.errno)}`);
}

function runHelper(
  ctx: Pick<Context, 'native' | 'env'>,
  kind: Kind,
  pid: number,
  mappings: readonly IdMapping[],
): void {
  const ids = mappings.flatMap(({containerID, hostID, size}) => [containerID, hostID, size]);
  const result = runProgram(ctx, kind, [pid, ...ids].map(String));
  if (result.code === 0) return;
  const remedy = `${kind.grants} must give these ids to the user, in a line as "user:100000:65536", or the runtime needs ${kind.capability} (and CAP_SETFCAP to map id 0)`;
  throw problem(kind, `${kind.helper} failed: ${outcome(result)}: ${remedy}`);
}

function outcome({timedOut, code, signal, stderr}: ProgramResult): string {
  if (timedOut) return `no end after ${HELPER_DEADLINE_MS / 1000} s`;
  const end = signal === undefined ? `exit status ${code}` : signalName(signal);
  return stderr.trim() === '' ? end : stderr.trim();
}

function runProgram(
  {native, env}: Pick<Context, 'native' | 'env'>,
  kind: Kind,
  args: readonly string[],
): ProgramResult {
  const directories = new Set([...(env['PATH'] ?? '').split(':'), '/usr/bin', '/bin']);
  for (const directory of directories) {
    if (!directory.startsWith('/')) continue;
    const path = join(directory, kind.helper);
    try {
      return native.runProgram({
        path,
        args: [kind.helper, ...args],
        env: [],
        cwd: '/',
        stdin: '',
        timeoutMs: HELPER_DEADLINE_MS,
      });
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
    }
  }
  const remedy = `install it (Debian: package uidmap), or map no more than the caller's own id to one id`;
  throw problem(
    kind,
    `without privileges these ids can only be mapped by ${kind.helper}, which was not found: ${remedy}`,
  );
}

const problem = ({key}: Kind, message: string): ConfigError => new ConfigError([{pointer: `/linux/${key}`, message}]);
