// What is kept on disk about a container: state.json in its directory. It holds all that later commands need, so the
// bundle may change or go away after `create`.
import type {CgroupRecord} from '../cgroups/record.ts';
import {RuntsError} from '../errors.ts';
import type {Hook} from '../generated/config.ts';
import type {ProcessIdentity} from './process.ts';

/** Raised when a field changes its meaning. A record of another version is refused, never guessed at. */
export const RECORD_VERSION = 1;

/** Version of the runtime specification that containers made by this runts follow. */
export const OCI_VERSION = '1.3.0';

/** A step of the plan that `start` may hear of, in words, because only `create` has the plan. */
export interface StepSummary {
  readonly op: string;
  /** JSON pointer into `file`. */
  readonly at: string;
  /** config.json, unless it is the process file of an exec. */
  readonly file?: string;
  /** "mount tmpfs on /dev/shm" */
  readonly what: string;
  /** What the step is about, as the config spells it: the program of an exec. */
  readonly name?: string;
  /** Of a hook, in milliseconds; 0: none. */
  readonly timeoutMs?: number;
}

export interface ContainerRecord {
  readonly version: typeof RECORD_VERSION;
  readonly ociVersion: string;
  readonly id: string;
  /** Absolute. */
  readonly bundle: string;
  /** Absolute, free of symlinks. */
  readonly rootfs: string;
  /** RFC 3339, UTC. */
  readonly created: string;
  /** uid that created the container. */
  readonly owner: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** `creating` until the container's first process has said that it is ready. */
  readonly status: 'creating' | 'created';
  /** The container's first process; absent until it has been started. */
  readonly init?: ProcessIdentity;
  readonly cgroup: CgroupRecord;
  /** Directories of resctrl, absolute: `groups` are those that the container's processes belong to, `made` those that runts
   * has made, in this order, and removes with the container. Absent without linux.intelRdt. */
  readonly intelRdt?: {readonly groups: readonly string[]; readonly made: readonly string[]};
  /** How many mounts lay on `rootfs` before the container's. Absent when it has a mount namespace, with which all of them go. */
  readonly mountsBelow?: number;
  /** The container has no pid namespace of its own: its processes do not end with the first one. */
  readonly sharesPidNamespace: boolean;
  /** Its processes stay in the session keyring of their caller. */
  readonly noNewKeyring?: boolean;
  /** What its standard streams were when it was started, as /proc/PID/fd has it: `pipe:[123]`. */
  readonly stdio?: readonly string[];
  /** Steps that run after the gate; the first has this index in the plan. */
  readonly afterGate: {readonly index: number; readonly steps: readonly StepSummary[]};
  readonly hooks: {readonly poststart: readonly Hook[]; readonly poststop: readonly Hook[]};
}

export function serializeRecord(record: ContainerRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** The text of state.json was cut short or is none of ours: nothing in it can be relied on. */
export class BrokenRecordError extends RuntsError {}

/** Reads the text of a state.json. `path` is for messages, `id` the container's. Throws BrokenRecordError on a torn or foreign file, and a
 * plain RuntsError on one of another version of runts. */
export function parseRecord(text: string, path: string, id: string): ContainerRecord {
  if (text.trim() === '') throw new BrokenRecordError(`${path} is empty`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BrokenRecordError(`${path} is damaged: ${(error as Error).message}`, {cause: error});
  }
  if (typeof value !== 'object' || value === null || !('version' in value)) {
    throw new BrokenRecordError(`${path} is not a state of runts: it has no version`);
  }
  if (value.version !== RECORD_VERSION) {
    throw new RuntsError(
      `${path} has version ${JSON.stringify(value.version)}, this runts reads version ${RECORD_VERSION}: ` +
        'use the runts that created the container',
    );
  }
  const record = value as Readonly<Record<string, unknown>>;
  const wrong = Object.entries(checks).filter(([key, isRight]) => !isRight(record[key]));
  if (wrong.length > 0) {
    throw new BrokenRecordError(`${path} is damaged: look at ${wrong.map(([key]) => key).join(', ')}`);
  }
  if (record['id'] !== id) throw new BrokenRecordError(`${path} is damaged: it is that of another container`);
  return value as ContainerRecord;
}

type Check = (value: unknown) => boolean;

const isString: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const mapOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value as object).every(check);
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const fields =
  (parts: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) &&
    Object.entries(parts).every(([key, isRight]) => isRight((value as Readonly<Record<string, unknown>>)[key]));
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

/** What the commands rely on. */
const checks: Readonly<Partial<Record<keyof ContainerRecord, Check>>> = {
  ociVersion: isString,
  bundle: isString,
  rootfs: isString,
  created: isString,
  owner: isNumber,
  status: isString,
  annotations: optional(mapOf(isString)),
  init: optional(fields({pid: isNumber})),
  cgroup: fields({
    version: isNumber,
    paths: mapOf(isString),
    ancestors: listOf(isString),
    systemd: optional(fields({unit: isString, slice: isString, address: isString})),
  }),
  intelRdt: optional(fields({groups: listOf(isString), made: listOf(isString)})),
  mountsBelow: optional(isNumber),
  sharesPidNamespace: (value) => typeof value === 'boolean',
  noNewKeyring: optional((value) => typeof value === 'boolean'),
  stdio: optional(listOf(isString)),
  afterGate: fields({index: isNumber, steps: listOf(isObject)}),
  hooks: fields({poststart: listOf(isObject), poststop: listOf(isObject)}),
};
