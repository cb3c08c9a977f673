// What an agent is made of, and whether it is still the one that belongs to this installation.
import {statSync} from 'node:fs';
import {join} from 'node:path';
import type {AgentNative} from '../native.ts';
import {ownTrust, type Trust} from './trust.ts';

export interface Agent {
  readonly native: AgentNative;
  readonly libexec: string;
  readonly trust: Trust;
  /** runts-init, sealed: the containers of all calls are made with this one copy. */
  readonly program: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the files that it was started from. */
  readonly version: string;
}

export function createAgent(native: AgentNative, libexec: string, {uid, gid}: {uid: number; gid: number}): Agent {
  const program = native.sealProgram(join(libexec, 'runts-init'));
  return {native, libexec, trust: ownTrust(native, libexec), program, uid, gid, version: versionOf(libexec)};
}

/** Whether other files have been installed since it was started. */
export function isOutdated(agent: Pick<Agent, 'libexec' | 'version'>): boolean {
  return versionOf(agent.libexec) !== agent.version;
}

/** Installing renames the files into place, this one last; it names all others. */
function versionOf(libexec: string): string {
  const status = statSync(join(libexec, 'runts.cjs'), {throwIfNoEntry: false});
  return `${status?.dev}:${status?.ino}:${status?.mtimeMs}`;
}
