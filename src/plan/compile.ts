// Config + facts -> InitPlan: everything that runts-init does, in order. Pure: no I/O, no clock, no globals, so that a
// plan can be tested by comparing, and printed without being run.
//
// The order is the contract of this file. What makes it so: namespaces before anything is done in them; all mounts before
// the hooks that may change them; hooks before the switch of roots, as they are looked up on the host; what is written to
// before it becomes read-only; what takes privileges before they are dropped; nothing that can fail after `ready` that
// could have failed before.
import {entranceFiles} from '../cgroups/entrance.ts';
import {credentialSteps, lateSeccompSteps, listenedSeccompSteps, outsideSteps, userOf} from './credentials.ts';
import {deviceSteps} from './devices.ts';
import {containerEnvironment, searchPath} from './environment.ts';
import {createContainerSteps, runtimeHookSteps, startContainerSteps} from './hooks.ts';
import type {CompiledPlan, PlanInput} from './input.ts';
import {apparmorSteps} from './labels.ts';
import {planMounts} from './mounts.ts';
import {loopbackSteps, netDeviceSteps, planNamespaces} from './namespaces.ts';
import type {Step} from './operations.ts';
import {containerPath, restrictedPathSteps} from './paths.ts';
import {consoleSteps, oomSteps, sessionSteps, umaskStep} from './process.ts';
import {propagationSteps, readonlyRootSteps, rootfsSteps, switchRootSteps} from './root.ts';
import {nameSteps, sysctlSteps} from './sysctl.ts';

export type {CompiledPlan, PlanInput, PlanOptions} from './input.ts';

const ALL_CPUS = new Uint8Array();

/** The plan of a container's first process. Throws ConfigError for what only shows when config and facts come together. */
export function compilePlan(input: PlanInput): CompiledPlan {
  const warnings: string[] = [];
  const namespaces = planNamespaces(input);
  const mounts = planMounts(input, warnings);
  const steps: Step[] = [
    ...cgroupSteps(input),
    ...oomSteps(input.config),
    ...outsideSteps(input),
    ...mounts.sources,
    ...namespaces.steps,
    ...sessionSteps(input, input.options.noNewKeyring),
    ...loopbackSteps(input.config),
    ...netDeviceSteps(input.config),
    ...rootfsSteps(input),
    ...mounts.steps,
    ...deviceSteps(input.config, input.facts),
    ...runtimeHookSteps(input),
    ...createContainerSteps(input),
    ...switchRootSteps(input),
    ...directorySteps(input),
    ...consoleSteps(input, true),
    ...mounts.finish,
    ...readonlyRootSteps(input),
    umaskStep(input.config, 'container'),
    ...nameSteps(input.config),
    ...apparmorSteps(input.config.process, input.facts),
    ...sysctlSteps(input.config),
    ...restrictedPathSteps(input),
    ...propagationSteps(input),
    ...credentialSteps(input, warnings),
    ...programSteps(input),
  ];
  return {cloneFlags: namespaces.cloneFlags, steps, warnings: warnings.map((text) => `config.json#${text}`)};
}

/** A plan that goes no further than to the mounts, for the mount points that they leave in the root filesystem. */
export function compileMountPlan(input: PlanInput): CompiledPlan {
  const warnings: string[] = [];
  const namespaces = planNamespaces(input);
  const mounts = planMounts(input, warnings);
  const steps: Step[] = [
    ...mounts.sources,
    ...namespaces.steps,
    ...rootfsSteps(input),
    ...mounts.steps,
    ...deviceSteps(input.config, input.facts),
    {op: 'ready', at: ''},
    // Every plan has one; nobody lets it come to this.
    {op: 'exec', at: '', args: ['/'], env: [], uid: 0, preserve: 0},
  ];
  return {cloneFlags: namespaces.cloneFlags, steps, warnings: []};
}

// First of all: everything that follows is accounted to the container, and its cgroup namespace is rooted there. Its CPUs
// are those of its cpuset: since Linux 6.2 an affinity that the caller was given by systemd, say, would go before these.
function cgroupSteps({cgroup}: PlanInput): Step[] {
  const files = entranceFiles(cgroup);
  const affinity: Step = {op: 'cpuAffinity', at: '', mask: ALL_CPUS};
  return files.length === 0 ? [affinity] : [{op: 'joinCgroup', at: '/linux/cgroupsPath', files}, affinity];
}

function directorySteps({config: {process}}: PlanInput): Step[] {
  const path = containerPath(process.cwd);
  return path === '/' ? [] : [{op: 'makeDirectory', at: '/process/cwd', path}];
}

function programSteps(input: PlanInput): Step[] {
  const {config, options} = input;
  const {args} = config.process;
  const env = containerEnvironment(input);
  const preserve = options.preserveFds + (options.listenFds ?? 0);
  return [
    {op: 'findExecutable', at: '/process/args/0', name: args[0] ?? '', path: searchPath(env)},
    ...listenedSeccompSteps(input),
    {op: 'ready', at: ''},
    ...(options.gate === undefined ? [] : [{op: 'gate', at: '', ...options.gate} as const]),
    ...startContainerSteps(input, env),
    ...lateSeccompSteps(input),
    {op: 'exec', at: '/process/args', args, env, uid: userOf(input).uid, preserve},
  ];
}
