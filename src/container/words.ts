// Steps of a plan in words, for messages: "mount tmpfs on /dev/shm".
import {CLONE_NEW} from '../plan/constants.ts';
import type {Operation, OperationName, Step} from '../plan/operations.ts';
import type {StepSummary} from '../state/record.ts';

type Words = {readonly [Name in OperationName]: (step: Extract<Operation, {readonly op: Name}>) => string};

const words: Words = {
  joinCgroup: () => "join the container's cgroup",
  cpuAffinity: ({mask}) => (mask.length === 0 ? 'reset the CPU affinity' : 'set the CPU affinity'),
  oomScoreAdj: ({value}) => `set the OOM score adjustment to ${value}`,
  rlimitCeiling: ({resource, soft, hard}) => `raise ${limitName(resource)} to ${soft} (hard: ${hard})`,
  setns: ({type}) => `join the ${namespaceNames(type)} namespace`,
  joinProcess: () => "join the container's namespaces",
  userNamespace: () => 'create a new user namespace',
  assumeIds: ({uid, gid}) => `become uid ${uid} and gid ${gid} of the user namespace`,
  unshare: ({flags}) => `create a new ${namespaceNames(flags)} namespace`,
  openTimensOffsets: () => 'open the clock offsets of the time namespace',
  timensOffsets: () => 'set the clock offsets of the time namespace',
  fork: () => 'go on in a new process',
  newSession: () => 'start a new session',
  sessionKeyring: ({name}) => `join the session keyring ${name}`,
  loopbackUp: () => 'bring up the loopback interface',
  netDevices: () => 'have network devices moved into the container',
  openTree: ({path}) => `open the source ${path}`,
  openFilesystem: ({type}) => `create a filesystem of type ${type}`,
  idmapTree: () => 'map the ids of the mount (idmap)',
  rootPropagation: () => 'set the mount propagation of the root',
  rootfs: ({path}) => `mount the root filesystem ${path}`,
  mountFilesystem: ({type, target}) => `mount ${type} on ${target}`,
  mountBind: ({source, target}) => `bind ${source} on ${target}`,
  remount: ({target}) => `remount ${target}`,
  remountReadonly: ({target}) => `make ${target} read-only`,
  makeDirectory: ({path}) => `create the directory ${path}`,
  symlink: ({target, path}) => `create the symlink ${path} to ${target}`,
  device: ({path}) => `create the device ${path}`,
  runtimeHooks: () => 'have the runtime hooks run',
  hook: ({kind, index}) => `run ${kind} hook #${index}`,
  pivotRoot: () => 'change to the new root (pivot_root)',
  moveRoot: () => 'change to the new root (without pivot_root)',
  changeRoot: () => 'change to the new root (chroot)',
  propagation: () => 'set the mount propagation of /',
  console: () => 'set up the terminal',
  umask: ({mask}) => (mask < 0 ? 'restore the umask' : `set the umask to ${mask.toString(8).padStart(4, '0')}`),
  hostname: ({name}) => `set the hostname to ${name}`,
  domainname: ({name}) => `set the domain name to ${name}`,
  apparmorProfile: ({name}) => `set the AppArmor profile ${name}`,
  sysctl: ({path, value}) => `set the sysctl ${path.replaceAll('/', '.')} to "${value}"`,
  readonlyPath: ({path}) => `make ${path} read-only`,
  maskPath: ({path}) => `mask ${path}`,
  noNewPrivileges: () => 'set no_new_privs',
  personality: () => 'set the personality',
  memoryPolicy: () => 'set the memory policy',
  rlimit: ({resource, soft, hard}) => `set ${limitName(resource)} to ${soft} (hard: ${hard})`,
  signals: () => 'restore the signal dispositions',
  stdioOwner: ({uid}) => `give the standard streams to uid ${uid}`,
  selinuxLabel: ({label}) => `set the SELinux label ${label}`,
  boundingSet: () => 'set the bounding capabilities',
  user: ({uid, gid}) => `become uid ${uid}, gid ${gid}`,
  capabilities: () => 'set the capabilities',
  chdir: ({path}) => `change to the working directory ${path}`,
  seccomp: () => 'load the seccomp filter',
  findExecutable: ({name}) => `find ${name}`,
  ready: () => 'report to the runtime',
  gate: () => 'wait for start',
  exec: ({args}) => `exec ${args[0] ?? ''}`,
};

/** RLIMIT_* by number (asm-generic/resource.h). */
const rlimits: readonly string[] = [
  'RLIMIT_CPU',
  'RLIMIT_FSIZE',
  'RLIMIT_DATA',
  'RLIMIT_STACK',
  'RLIMIT_CORE',
  'RLIMIT_RSS',
  'RLIMIT_NPROC',
  'RLIMIT_NOFILE',
  'RLIMIT_MEMLOCK',
  'RLIMIT_AS',
  'RLIMIT_LOCKS',
  'RLIMIT_SIGPENDING',
  'RLIMIT_MSGQUEUE',
  'RLIMIT_NICE',
  'RLIMIT_RTPRIO',
  'RLIMIT_RTTIME',
];

const limitName = (resource: number): string => rlimits[resource] ?? `limit ${resource}`;

function namespaceNames(flags: number): string {
  const names = Object.entries(CLONE_NEW).filter(([, flag]) => (flags & flag) !== 0);
  return names.length === 0 ? `0x${flags.toString(16)}` : names.map(([name]) => name).join(' and ');
}

/** What a message needs to know about a step. */
export function summarizeStep(step: Step): StepSummary {
  const inWords = words[step.op] as (step: Step) => string;
  const summary = {op: step.op, at: step.at, what: inWords(step)};
  switch (step.op) {
    case 'exec':
      return {...summary, name: step.args[0] ?? ''};
    case 'findExecutable':
      return {...summary, name: step.name};
    case 'hook':
      return {...summary, name: step.path, timeoutMs: step.timeoutMs};
    default:
      return summary;
  }
}
