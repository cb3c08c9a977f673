// The plan of a process that joins a container: exec. Pure, as compile.ts; the order follows from the same reasons.
import {CLONE_NEW} from './constants.ts';
import {cpuMask} from '../config/cpu-list.ts';
import {credentialSteps, lateSeccompSteps, listenedSeccompSteps, outsideSteps, userOf} from './credentials.ts';
import {lastOfEach, searchPath} from './environment.ts';
import type {CompiledPlan, ProcessInput} from './input.ts';
import {apparmorSteps} from './labels.ts';
import {idsInside} from './namespaces.ts';
import type {Step} from './operations.ts';
import {consoleSteps, oomSteps, sessionSteps, umaskStep} from './process.ts';

export interface ExecPlanInput extends ProcessInput {
  /** The container's. */
  readonly id: string;
  /** Files that take the process into the container's cgroups, where it is not born in them. */
  readonly cgroupFiles: readonly string[];
  /** A pidfd of the container's first process, and those of its namespaces (CLONE_NEW*) that are not the runtime's. */
  readonly join: {readonly pidfd: number; readonly types: number};
  /** An fd of the container's root, where no mount namespace has it for its root. */
  readonly root?: number;
  readonly noNewKeyring: boolean;
  /** fds from 3 on that the program inherits. */
  readonly preserveFds: number;
}

/** `input.config` is that of the container, with the process to be run for its own. */
export function compileExecPlan(input: ExecPlanInput): CompiledPlan {
  const warnings: string[] = [];
  const {config, join, cgroupFiles} = input;
  const {process} = config;
  const affinity = process.execCPUAffinity;
  const env = lastOfEach(process.env ?? []);
  const at = '/process/execCPUAffinity';
  const steps: Step[] = [
    ...affinitySteps(`${at}/initial`, affinity?.initial),
    ...(cgroupFiles.length === 0 ? [] : [{op: 'joinCgroup', at: '', files: cgroupFiles} as const]),
    // Since Linux 6.2 the affinity of the runtime would otherwise go before the cpuset of the container.
    ...affinitySteps(`${at}/final`, affinity?.final ?? ''),
    ...oomSteps(config),
    ...outsideSteps(input),
    {op: 'joinProcess', at: '', pidfd: join.pidfd, types: join.types},
    ...(input.root === undefined ? [] : [{op: 'changeRoot', at: '', root: input.root} as const]),
    ...(includes(join.types, CLONE_NEW.user) ? [{op: 'assumeIds', at: '', ...idsInside(config)} as const] : []),
    ...(includes(join.types, CLONE_NEW.pid) ? [{op: 'fork', at: ''} as const] : []),
    ...sessionSteps(input, input.noNewKeyring),
    ...consoleSteps(input, false),
    umaskStep(config, 'exec'),
    ...apparmorSteps(process, input.facts),
    ...credentialSteps(input, warnings),
    {op: 'findExecutable', at: '/process/args/0', name: process.args[0] ?? '', path: searchPath(env)},
    ...listenedSeccompSteps(input),
    {op: 'ready', at: ''},
    ...lateSeccompSteps(input),
    {op: 'exec', at: '/process/args', args: process.args, env, uid: userOf(input).uid, preserve: input.preserveFds},
  ];
  return {cloneFlags: 0, steps, warnings};
}

function affinitySteps(at: string, list: string | undefined): Step[] {
  return list === undefined ? [] : [{op: 'cpuAffinity', at, mask: cpuMask(list)}];
}

const includes = (flags: number, flag: number): boolean => (flags & flag) !== 0;
