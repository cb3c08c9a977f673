// One write to one file of a cgroup. The writers of v1/ and v2/ are pure and return lists of these; apply.ts acts.

export interface CgroupWrite {
  /** Whose directory on v1; who must be enabled on v2. */
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** JSON pointer of the property that asks for it. */
  readonly pointer: string;
  /** What is asked for holds as well when there is no such file. */
  readonly optional?: boolean;
  /** Used when there is no `file`. */
  readonly fallback?: {readonly file: string; readonly value: string};
  /** The kernel refuses this value while others of the same family have their old ones: on EINVAL it is tried again
   * after the rest of its family. */
  readonly deferrable?: boolean;
  /** The kernel clamps in silence: the value is read back and must be the one written. */
  readonly verify?: boolean;
}

/** The writes of one family are in order; families do not depend on each other. `warnings` name what has no effect. */
export interface ResourceWrites {
  readonly families: readonly (readonly CgroupWrite[])[];
  readonly warnings: readonly string[];
}

/** "config.json#/linux/resources/memory/kernel: ...", for properties that tune but do not limit. */
export function warning(pointer: string, message: string): string {
  return `config.json#${pointer}: ${message}; ignoring it`;
}
