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
import {apparmorSteps, selinuxLabel} from './labels.ts';
import {planMounts} from './mounts.ts';
import {loopbackSteps, netDeviceSteps, planNamespaces} from './namespaces.ts';
import type {Step} from './operations.ts';
import {containerPath, restrictedPathSteps} from './paths.ts';
import {propagationSteps, readonlyRootSteps, rootfsSteps, switchRootSteps} from './root.ts';
import {nameSteps, sysctlSteps} from './sysctl.ts';

export type {CompiledPlan, PlanInput, PlanOptions} from './input.ts';

/** Unset means unchanged (config.md, POSIX-platform User). */
const CALLERS_UMASK = -1;

/** The plan of a container's first process. Throws ConfigError for what only shows when config and facts come together. */
export function compilePlan(input: PlanInput): CompiledPlan {
  const warnings: string[] = [];
  const namespaces = planNamespaces(input);
  const mounts = planMounts(input, warnings);
  const steps: Step[] = [
    ...cgroupSteps(input),
    ...oomSteps(input),
    ...outsideSteps(input),
    ...mounts.sources,
    ...namespaces.steps,
    ...sessionSteps(input),
    ...loopbackSteps(input.config),
    ...netDeviceSteps(input.config),
    ...rootfsSteps(input),
    ...mounts.steps,
    ...deviceSteps(input.config, input.facts),
    ...runtimeHookSteps(input),
    ...createContainerSteps(input),
    ...switchRootSteps(input),
    ...directorySteps(input),
    ...consoleSteps(input),
    ...mounts.finish,
    ...readonlyRootSteps(input),
    {op: 'umask', at: '/process/user/umask', mask: input.config.process.user?.umask ?? CALLERS_UMASK},
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

// First of all: everything that follows is accounted to the container, and its cgroup namespace is rooted there.
function cgroupSteps({cgroup}: PlanInput): Step[] {
  const files = entranceFiles(cgroup);
  return files.length === 0 ? [] : [{op: 'joinCgroup', at: '/linux/cgroupsPath', files}];
}

// Through the host's /proc; children inherit it.
function oomSteps({config: {process}}: PlanInput): Step[] {
  const value = process.oomScoreAdj;
  return value === undefined ? [] : [{op: 'oomScoreAdj', at: '/process/oomScoreAdj', value}];
}

function sessionSteps({id, options, config, facts}: PlanInput): Step[] {
  const session: Step = {op: 'newSession', at: ''};
  if (options.noNewKeyring) return [session];
  const label = selinuxLabel(config.process, facts);
  const at = label === '' ? '' : '/process/selinuxLabel';
  return [session, {op: 'sessionKeyring', at, name: `_ses.${id}`, label}];
}

function directorySteps({config: {process}}: PlanInput): Step[] {
  const path = containerPath(process.cwd);
  return path === '/' ? [] : [{op: 'makeDirectory', at: '/process/cwd', path}];
}

function consoleSteps(input: PlanInput): Step[] {
  const {terminal, consoleSize} = input.config.process;
  if (terminal !== true) return [];
  const {height = 0, width = 0} = consoleSize ?? {};
  return [{op: 'console', at: '/process/terminal', height, width, bindConsole: true, uid: userOf(input).uid}];
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
