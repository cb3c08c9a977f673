// What a valid config may ask for and runts cannot do yet. It is refused by name: a container that runs without what its
// config asks for would be worse than none.
import {ConfigError, type Problem} from '../errors.ts';
import type {Config, Mount} from '../generated/config.ts';
import type {PlanInput} from './input.ts';

/** Throws ConfigError with everything that cannot be done, of the properties that a plan is made of. */
export function refuseUnsupported({config, options}: PlanInput): void {
  const problems: Problem[] = [
    ...processProblems(config),
    ...linuxProblems(config),
    ...(config.mounts ?? []).flatMap(mountProblems),
    ...mountNamespaceProblems(config),
    ...noPivotProblems(config, options.noPivot),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

function processProblems({process}: Config): Problem[] {
  return [
    ...notYet('/process/apparmorProfile', 'AppArmor profiles are', isGiven(process.apparmorProfile)),
    ...notYet('/process/selinuxLabel', 'SELinux labels are', isGiven(process.selinuxLabel)),
    ...notYet('/process/scheduler', 'scheduling policies are', process.scheduler !== undefined),
    ...notYet('/process/ioPriority', 'I/O priorities are', process.ioPriority !== undefined),
  ];
}

function linuxProblems({linux = {}}: Config): Problem[] {
  const userNamespace = (linux.namespaces ?? []).findIndex(({type}) => type === 'user');
  return [
    ...notYet(`/linux/namespaces/${userNamespace}`, 'user namespaces are', userNamespace >= 0),
    ...notYet('/linux/uidMappings', 'user namespaces are', isGiven(linux.uidMappings)),
    ...notYet('/linux/gidMappings', 'user namespaces are', isGiven(linux.gidMappings)),
    ...notYet('/linux/netDevices', 'network devices of the host are', isGiven(Object.keys(linux.netDevices ?? {}))),
    ...notYet('/linux/mountLabel', 'SELinux labels are', isGiven(linux.mountLabel)),
    ...notYet('/linux/personality', 'execution domains are', linux.personality !== undefined),
    ...notYet('/linux/memoryPolicy', 'NUMA memory policies are', linux.memoryPolicy !== undefined),
    ...notYet('/linux/intelRdt', 'resctrl groups are', linux.intelRdt !== undefined),
  ];
}

function mountProblems({uidMappings, gidMappings, options = []}: Mount, index: number): Problem[] {
  const option = options.findIndex((name) => /^r?idmap(=|$)/.test(name));
  return [
    ...notYet(`/mounts/${index}/uidMappings`, 'id-mapped mounts are', isGiven(uidMappings)),
    ...notYet(`/mounts/${index}/gidMappings`, 'id-mapped mounts are', isGiven(gidMappings)),
    ...notYet(`/mounts/${index}/options/${option}`, 'id-mapped mounts are', option >= 0),
  ];
}

// In the host's mount namespace every mount of the container would be one of the host, and stay when the container is
// gone; and pivot_root(2) would change the root of the host's own processes. There is no safe meaning to give it.
function mountNamespaceProblems({linux}: Config): Problem[] {
  const namespaces = linux?.namespaces ?? [];
  if (namespaces.some(({type}) => type === 'mount')) return [];
  const message = 'must have {"type": "mount"}: without it the mounts of the container would be made on the host';
  return [{pointer: '/linux/namespaces', message}];
}

// Without pivot_root the host's mounts stay in the container's namespace. Private ones would keep what the host unmounts
// in use; with shared ones the unmounting of the host's /proc and /sys, which shuts the container in, would reach the host.
function noPivotProblems({linux}: Config, noPivot: boolean): Problem[] {
  const propagation = linux?.rootfsPropagation ?? '';
  if (!noPivot || !/^r?(private|shared)$/.test(propagation)) return [];
  return [{pointer: '/linux/rootfsPropagation', message: `"${propagation}" is not safe with --no-pivot`}];
}

function notYet(pointer: string, what: string, asked: boolean): Problem[] {
  return asked ? [{pointer, message: `${what} not supported yet`}] : [];
}

function isGiven(value: string | readonly unknown[] | undefined): boolean {
  return value !== undefined && value.length > 0;
}
