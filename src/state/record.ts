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
  /** JSON pointer into config.json. */
  readonly at: string;
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
  /** The container has no pid namespace of its own: its processes do not end with the first one. */
  readonly sharesPidNamespace: boolean;
  /** Steps that run after the gate; the first has this index in the plan. */
  readonly afterGate: {readonly index: number; readonly steps: readonly StepSummary[]};
  readonly hooks: {readonly poststart: readonly Hook[]; readonly poststop: readonly Hook[]};
}

export function serializeRecord(record: ContainerRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** The text of state.json was cut short or is none of ours: nothing in it can be relied on. */
export class BrokenRecordError extends RuntsError {}

/** Reads the text of a state.json. `path` is for messages. Throws BrokenRecordError on a torn or foreign file, and a
 * plain RuntsError on one of another version of runts. */
export function parseRecord(text: string, path: string): ContainerRecord {
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
  const missing = required.filter((key) => !(key in value));
  if (missing.length > 0) throw new BrokenRecordError(`${path} is damaged: it lacks ${missing.join(', ')}`);
  return value as ContainerRecord;
}

const required = [
  'ociVersion',
  'id',
  'bundle',
  'rootfs',
  'created',
  'owner',
  'status',
  'cgroup',
  'sharesPidNamespace',
  'afterGate',
  'hooks',
] as const satisfies readonly (keyof ContainerRecord)[];
