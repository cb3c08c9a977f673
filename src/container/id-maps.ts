// The id maps of a new user namespace, written from outside of it: only there are the rights to do so. user_namespaces(7).
import {writeFileSync} from 'node:fs';

import {mappingText} from '../config/id-mappings.ts';
import type {Context} from '../context.ts';
import {ConfigError, errnoText, hasCode, isSyscallError} from '../errors.ts';
import type {IdMapping, Linux} from '../generated/config.ts';
import {gidKind, type IdKind, uidKind} from '../host/id-kinds.ts';
import {contains, readMappedRanges} from '../host/subordinate-ids.ts';
import {runIdHelper} from './id-map-program.ts';

/** The kernel takes a map in one write, of less than a page (kernel/user_namespace.c). */
const MAP_BYTES = 4095;
const ROOT_WITHOUT_SETFCAP =
  'mapping the root that runts itself is takes CAP_SETFCAP, which it lacks: give the container around it that capability (and CAP_SETUID and CAP_SETGID to map more ids), or start runts as another user';

/** Writes both maps of the user namespace that process `pid`, a child of ours, is in. Whoever may, writes them himself; an
 * ordinary user may map his own id, and has newuidmap and newgidmap for more. Throws ConfigError. */
export function writeIdMaps(
  ctx: Pick<Context, 'native' | 'env'>,
  pid: number,
  {uidMappings = [], gidMappings = []}: Pick<Linux, 'uidMappings' | 'gidMappings'>,
): void {
  if (!tryWrite(uidKind, pid, uidMappings)) runIdHelper(ctx, uidKind, pid, uidMappings);
  if (tryWrite(gidKind, pid, gidMappings)) return;
  // Without this, leaving a group would be a way past the files that it is kept from (CVE-2014-8989). It cannot be taken
  // back, so other mappings, which newgidmap may allow with groups, are left without it.
  const [only, ...others] = gidMappings;
  if (only?.size === 1 && only.hostID === process.getegid?.() && others.length === 0) {
    writeProc(gidKind, pid, 'setgroups', 'deny');
    if (tryWrite(gidKind, pid, gidMappings)) return;
  }
  runIdHelper(ctx, gidKind, pid, gidMappings);
}

/** False when it takes privileges that we do not have. */
function tryWrite(kind: IdKind, pid: number, mappings: readonly IdMapping[]): boolean {
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
    // Linux 5.12: without CAP_SETFCAP files could be given the capabilities of the root outside.
    if (mappings.length === 1 && mappings[0]?.hostID === 0 && mappings[0].size === 1 && process.geteuid?.() === 0)
      throw problem(kind, ROOT_WITHOUT_SETFCAP);
    return false;
  }
}

/** In a user namespace of ours, nobody can map what is not mapped to us: the kernel says EPERM to that, too. */
function refuseUnknown(kind: IdKind, mappings: readonly IdMapping[]): void {
  const ours = readMappedRanges(kind);
  for (const [index, {hostID, size}] of mappings.entries()) {
    if (ours.some((range) => contains(range, {first: hostID, count: size}))) continue;
    const message = `the user namespace that the runtime is in has no ids ${hostID} to ${hostID + size - 1} (in one range of /proc/self/${kind.file}): map ids that are in it, or give it more where it is made`;
    throw new ConfigError([{pointer: `/linux/${kind.key}/${index}`, message}]);
  }
}

function writeProc(kind: IdKind, pid: number, file: string, text: string): void {
  try {
    writeFileSync(`/proc/${pid}/${file}`, text);
  } catch (error) {
    throw refusal(kind, file, error);
  }
}

function refusal(kind: IdKind, file: string, error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  return problem(kind, `write ${file} of the user namespace: ${errnoText(error.errno)}`);
}

const problem = ({key}: IdKind, message: string): ConfigError => new ConfigError([{pointer: `/linux/${key}`, message}]);
