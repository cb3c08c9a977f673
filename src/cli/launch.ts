// What the launcher tells about the process as its caller started it. It comes in one environment variable,
// RUNTS_LAUNCH="1;nofile=SOFT:HARD;fds=3,4"; variables that would have steered Node come
// along renamed. Both are undone here, so that hooks get the caller's environment.
import {readFileSync} from 'node:fs';
import type {LaunchFacts} from '../context.ts';
import {RuntsError} from '../errors.ts';

const VARIABLE = 'RUNTS_LAUNCH';
/** A call that the launcher has had broken off: why, for it to be told as any error is. */
export const FAILURE = 'RUNTS_FAILURE';
const VERSION = '1';
const SCRUBBED = 'RUNTS_SCRUBBED_';

export interface Launch {
  readonly facts: LaunchFacts;
  /** The caller's whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Reads what the launcher left in the environment; without a launcher, what can still be seen of the process. */
export function readLaunch(environment: Readonly<Record<string, string | undefined>>): Launch {
  const text = environment[VARIABLE];
  if (text === undefined) return {facts: factsOfThisProcess(), env: definedOnly(environment)};
  return {facts: parseFacts(text), env: restoredEnvironment(environment)};
}

function restoredEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env = definedOnly(environment);
  delete env[VARIABLE];
  delete env[FAILURE];
  for (const name of Object.keys(env)) {
    if (!name.startsWith(SCRUBBED)) continue;
    env[name.slice(SCRUBBED.length)] = env[name] as string;
    delete env[name];
  }
  return env;
}

function definedOnly(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return {...environment} as Record<string, string>;
}

function parseFacts(text: string): LaunchFacts {
  const [versionField, ...fields] = text.split(';');
  if (versionField !== VERSION) throw mismatch(text);
  const values = new Map(
    fields.map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
  const [soft, hard] = matched(values.get('nofile'), /^(\d+):(\d+)$/, text);
  const [fds] = matched(values.get('fds'), /^((?:\d+(?:,\d+)*)?)$/, text);
  return {
    nofile: {soft: BigInt(soft as string), hard: BigInt(hard as string)},
    inheritedFds: fds === '' ? [] : (fds as string).split(',').map(Number),
  };
}

function matched(value: string | undefined, shape: RegExp, text: string): readonly (string | undefined)[] {
  const match = shape.exec(value ?? '');
  if (match === null) throw mismatch(text);
  return match.slice(1);
}

function mismatch(text: string): RuntsError {
  return new RuntsError(
    `${VARIABLE}=${text} is not what this runts understands: its launcher is of another version, install both anew`,
  );
}

// For development: Node has raised the soft limit by now, and holds fds of its own that look like inherited ones, so none
// is taken for inherited.
function factsOfThisProcess(): LaunchFacts {
  const limits = readProc('limits');
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  return {
    nofile: {soft: limit(soft), hard: limit(hard)},
    inheritedFds: [],
  };
}

function limit(text: string | undefined): bigint {
  return text === undefined || text === 'unlimited' ? 0xffff_ffff_ffff_ffffn : BigInt(text);
}

function readProc(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8');
  } catch {
    return '';
  }
}
