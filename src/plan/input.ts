// What a plan is compiled from. All of it is data: the compiler asks nobody.
import type {CgroupLayout} from '../cgroups/layout.ts';
import type {CgroupRecord} from '../cgroups/record.ts';
import type {LaunchFacts} from '../context.ts';
import type {Config} from '../generated/config.ts';
import type {HostFacts} from '../host/facts.ts';
import type {InitPlan, Step} from './operations.ts';

export interface PlanInput {
  /** Validated: types and cross-property rules hold (config/load.ts). */
  readonly config: Config;
  /** Absolute. */
  readonly bundle: string;
  readonly id: string;
  /** ociVersion of the state that hooks read on their stdin. */
  readonly ociVersion: string;
  readonly facts: HostFacts;
  readonly launch: LaunchFacts;
  readonly cgroup: CgroupRecord;
  readonly layout: CgroupLayout;
  readonly options: PlanOptions;
  /** The namespaces that the config joins: the spec's type ("network") -> fd. */
  readonly namespaceFds: ReadonlyMap<string, number>;
  /** The compiled profile of linux.seccomp; `flags` are SECCOMP_FILTER_FLAG_*. */
  readonly seccomp?: {readonly program: Uint8Array; readonly flags: number};
}

/** What is about one process, not about the container that it is in. `config` holds that process. */
export type ProcessInput = Pick<PlanInput, 'config' | 'facts' | 'launch' | 'seccomp'>;

export interface PlanOptions {
  readonly noPivot: boolean;
  readonly noNewKeyring: boolean;
  /** fds from 3 on that the container inherits, beside those of socket activation. */
  readonly preserveFds: number;
  /** Sockets of systemd's socket activation, from fd 3 on (LISTEN_FDS). */
  readonly listenFds?: number;
  /** The directory for the socket that the program tells of its readiness, on the host. */
  readonly notifyDirectory?: string;
  /** create: where init waits for start, and reports what fails then. */
  readonly gate?: {readonly read: number; readonly report: number};
}

/** A plan, and what the user is told of values that the spec has us pass over. */
export interface CompiledPlan extends InitPlan {
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
}
