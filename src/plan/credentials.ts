// Who the container's program is, and what it may do: process.user, capabilities, noNewPrivileges, limits, seccomp.
import {toHostId} from '../config/id-mappings.ts';
import {type CapabilitySets, grantableCapabilities} from './capabilities.ts';
import type {PlanInput, ProcessInput} from './input.ts';
import {selinuxSteps} from './labels.ts';
import {memoryPolicySteps} from './memory-policy.ts';
import {hasUserNamespace} from './namespaces.ts';
import type {Step} from './operations.ts';
import {containerPath} from './paths.ts';
import {personalitySteps} from './personality.ts';
import {rlimitCeilingSteps, rlimitSteps} from './rlimits.ts';
import {hasListener} from './seccomp.ts';

const AT_CAPABILITIES = '/process/capabilities';

/** What takes rights over the host's own objects, before a user namespace is entered, where we have them no more. */
export function outsideSteps(input: ProcessInput): Step[] {
  if (!hasUserNamespace(input.config)) return [];
  const owner = hostUid(input);
  return [...rlimitCeilingSteps(input), ...(owner === undefined ? [] : stdioSteps(input, owner))];
}

/** In the order that works: what takes privileges first, the change of user, and what that change would have undone. */
export function credentialSteps(input: ProcessInput, warnings: string[]): Step[] {
  const {process} = input.config;
  const {facts} = input;
  const available = hasUserNamespace(input.config) ? facts.allCapabilities : facts.boundingSet;
  const sets = grantableCapabilities(process.capabilities, available, warnings);
  const cwd = containerPath(process.cwd);
  return [
    ...(process.noNewPrivileges === true ? [{op: 'noNewPrivileges', at: '/process/noNewPrivileges'} as const] : []),
    ...personalitySteps(input.config),
    ...memoryPolicySteps(input.config),
    ...rlimitSteps(input),
    {op: 'signals', at: ''},
    ...(hasUserNamespace(input.config) && hostUid(input) !== undefined ? [] : stdioSteps(input, userOf(input).uid)),
    ...selinuxSteps(process, input.facts),
    // As root first, who is kept out nowhere; but a network filesystem may know the user and not root.
    {op: 'chdir', at: '/process/cwd', path: cwd, retry: false},
    ...earlySeccompSteps(input),
    {op: 'boundingSet', at: `${AT_CAPABILITIES}/bounding`, bounding: sets.bounding},
    userStep(input),
    {op: 'chdir', at: '/process/cwd', path: cwd, retry: true},
    capabilityStep(sets),
  ];
}

/** Without no_new_privs a filter takes CAP_SYS_ADMIN, so it is set while init has it, and init goes on under it. */
function earlySeccompSteps(input: ProcessInput): Step[] {
  return isLate(input) ? [] : seccompSteps(input);
}

/** With no_new_privs anybody may set a filter. One with a listener is set while the runtime is there to hand that over. */
export function listenedSeccompSteps(input: ProcessInput): Step[] {
  return isLate(input) && notifies(input) ? seccompSteps(input) : [];
}

/** The others are set last of all, and see the program's calls only. */
export function lateSeccompSteps(input: ProcessInput): Step[] {
  return isLate(input) && !notifies(input) ? seccompSteps(input) : [];
}

const isLate = ({config}: ProcessInput): boolean => config.process.noNewPrivileges === true;
const notifies = ({seccomp}: ProcessInput): boolean => seccomp !== undefined && hasListener(seccomp.flags);

/** ids of the container's program, root when the config has none. */
export function userOf({config}: Pick<PlanInput, 'config'>): {uid: number; gid: number; groups: readonly number[]} {
  const {user} = config.process;
  return {uid: user?.uid ?? 0, gid: user?.gid ?? 0, groups: user?.additionalGids ?? []};
}

function seccompSteps({seccomp}: ProcessInput): Step[] {
  if (seccomp === undefined) return [];
  return [{op: 'seccomp', at: '/linux/seccomp', flags: seccomp.flags, program: seccomp.program}];
}

// A terminal is given to its user when it is opened.
function stdioSteps(input: ProcessInput, uid: number): Step[] {
  return input.config.process.terminal === true ? [] : [{op: 'stdioOwner', at: '/process/user/uid', uid}];
}

/** Unknown for a joined user namespace that comes without its mappings. */
function hostUid(input: ProcessInput): number | undefined {
  return toHostId(input.config.linux?.uidMappings ?? [], userOf(input).uid);
}

function userStep(input: ProcessInput): Step {
  return {op: 'user', at: '/process/user', ...userOf(input)};
}

function capabilityStep({effective, permitted, inheritable, ambient}: CapabilitySets): Step {
  return {op: 'capabilities', at: AT_CAPABILITIES, effective, permitted, inheritable, ambient};
}
