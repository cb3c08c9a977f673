// config.json as the tests write it: a loose type of what they touch, and the container that `runc spec` describes,
// without its terminal and with a writable root. 64-bit numbers that a double cannot hold are bigint.

export interface Hook {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

export interface MountSpec {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
  uidMappings?: {containerID: number; hostID: number; size: number}[];
  gidMappings?: {containerID: number; hostID: number; size: number}[];
}

export interface CapabilitySets {
  bounding?: string[];
  effective?: string[];
  inheritable?: string[];
  permitted?: string[];
  ambient?: string[];
}

export interface ProcessSpec {
  terminal?: boolean;
  consoleSize?: {height: number; width: number};
  user: {uid: number; gid: number; umask?: number; additionalGids?: number[]};
  args: string[];
  env: string[];
  cwd: string;
  capabilities?: CapabilitySets;
  rlimits?: {type: string; soft: number | bigint; hard: number | bigint}[];
  noNewPrivileges?: boolean;
  oomScoreAdj?: number;
  execCPUAffinity?: {initial?: string; final?: string};
  scheduler?: {policy: string; flags?: string[]; [more: string]: unknown};
  ioPriority?: {class: string; priority?: number};
  apparmorProfile?: string;
  selinuxLabel?: string;
}

export interface DeviceSpec {
  type: string;
  path: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

export interface SeccompSpec {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: {
    names: string[];
    action: string;
    errnoRet?: number;
    args?: {index: number; value: number | bigint; valueTwo?: number | bigint; op: string}[];
  }[];
}

export interface ResourcesSpec {
  devices?: {allow: boolean; type?: string; major?: number; minor?: number; access?: string}[];
  memory?: Record<string, number | bigint | boolean>;
  cpu?: Record<string, number | bigint | string>;
  pids?: {limit: number};
  blockIO?: Record<string, unknown>;
  [more: string]: unknown;
}

export interface LinuxSpec {
  namespaces: {type: string; path?: string}[];
  resources?: ResourcesSpec;
  cgroupsPath?: string;
  devices?: DeviceSpec[];
  maskedPaths?: string[];
  readonlyPaths?: string[];
  sysctl?: Record<string, string>;
  rootfsPropagation?: string;
  seccomp?: SeccompSpec;
  timeOffsets?: Record<string, {secs?: number; nanosecs?: number}>;
  [more: string]: unknown;
}

export type HookKind = 'prestart' | 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop';

export interface Spec {
  ociVersion: string;
  process: ProcessSpec;
  root: {path: string; readonly?: boolean};
  hostname?: string;
  domainname?: string;
  mounts: MountSpec[];
  hooks?: Partial<Record<HookKind, Hook[]>>;
  annotations?: Record<string, string>;
  linux: LinuxSpec;
  [more: string]: unknown;
}

export const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A fresh copy of the default container; `args` is what it runs. */
export function defaultSpec(args: string[]): Spec {
  const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: {uid: 0, gid: 0},
      args,
      env: [PATH, 'TERM=xterm'],
      cwd: '/',
      capabilities: {bounding: [...capabilities], effective: [...capabilities], permitted: [...capabilities]},
      noNewPrivileges: true,
    },
    root: {path: 'rootfs'},
    hostname: 'box',
    mounts: defaultMounts(),
    linux: {
      resources: {devices: [{allow: false, access: 'rwm'}]},
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({type})),
      maskedPaths: ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

function defaultMounts(): MountSpec[] {
  const quiet = ['nosuid', 'noexec', 'nodev'];
  return [
    {destination: '/proc', type: 'proc', source: 'proc'},
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    {destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...quiet, 'mode=1777', 'size=65536k']},
    {destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: quiet},
    {destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, 'ro']},
  ];
}

/** Gives the process every capability that this kernel knows, so that it may mount, mknod and so on inside. */
export function privileged(spec: Spec): void {
  const all = [
    'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_ADMIN NET_RAW',
    'IPC_LOCK IPC_OWNER SYS_CHROOT SYS_PTRACE SYS_ADMIN MKNOD SETFCAP',
  ]
    .join(' ')
    .split(' ')
    .map((name) => `CAP_${name}`);
  spec.process.capabilities = {bounding: all, effective: all, permitted: all};
}

/** JSON with bigint written as plain numbers. */
export function toJson(value: unknown): string {
  const marked = JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `\u0001${item}\u0001` : item), 2);
  return marked.replace(/"\\u0001(-?\d+)\\u0001"/g, '$1');
}

/** Removes the namespace of this type from the config: the container shares that of its runtime. */
export function withoutNamespace(spec: Spec, type: string): void {
  spec.linux.namespaces = spec.linux.namespaces.filter((entry) => entry.type !== type);
}
