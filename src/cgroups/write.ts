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
  /** The kernel clamps in silence: this file is read back. `file` itself must hold the value that was written, any other
   * file the same as `file`, in the kernel's own spelling of it. */
  readonly readBack?: string;
}

/** What has no effect on this host and is passed over: a knob that engines set whether there is one or not. */
export type Warn = (pointer: string, message: string) => void;
