// The starter config that `runts spec` writes.
import {OCI_VERSION} from '../state/record.ts';

const CAPABILITIES = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

export interface SpecOptions {
  /** The ids that become root of the container; undefined: not rootless. */
  readonly rootless: {readonly uid: number; readonly gid: number} | undefined;
  /** On a pure cgroup v2 host a container gets a cgroup namespace. */
  readonly cgroup2: boolean;
  /** Parts of /proc are covered here, so that a user namespace gets no new one: rootless containers bind this one. */
  readonly coveredProc: boolean;
}

/** The text of config.json: tabs, no newline at the end. */
export function specText(options: SpecOptions): string {
  return JSON.stringify(defaultConfig(options), null, '\t');
}

export function defaultConfig({rootless, cgroup2, coveredProc}: SpecOptions): object {
  const isRootless = rootless !== undefined;
  return {
    ociVersion: OCI_VERSION,
    process: {
      terminal: true,
      user: {uid: 0, gid: 0},
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: {bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES},
      rlimits: [{type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024}],
      noNewPrivileges: true,
    },
    root: {path: 'rootfs', readonly: true},
    hostname: 'runts',
    mounts: mounts(isRootless, isRootless && coveredProc),
    linux: {
      ...(isRootless ? mappings(rootless) : {resources: {devices: [{allow: false, access: 'rwm'}]}}),
      namespaces: namespaces(isRootless, cgroup2).map((type) => ({type})),
      maskedPaths: [
        '/proc/acpi',
        '/proc/asound',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/proc/timer_stats',
        '/proc/sched_debug',
        '/sys/firmware',
        '/proc/scsi',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

function mounts(rootless: boolean, boundProc: boolean): object[] {
  // A user namespace with one id has no group 5 (tty), and may not mount a sysfs of a network namespace it does not own.
  const ptsOptions = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...(rootless ? [] : ['gid=5'])];
  const sys = rootless
    ? {destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro']}
    : {destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro']};
  const proc = boundProc ? {type: 'bind', source: '/proc', options: ['rbind']} : {type: 'proc', source: 'proc'};
  return [
    {destination: '/proc', ...proc},
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ptsOptions},
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
    },
    {destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev']},
    sys,
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
    },
  ];
}

function namespaces(rootless: boolean, cgroup2: boolean): string[] {
  const base = rootless ? ['pid', 'ipc', 'uts', 'mount'] : ['pid', 'network', 'ipc', 'uts', 'mount'];
  return [...base, ...(cgroup2 ? ['cgroup'] : []), ...(rootless ? ['user'] : [])];
}

function mappings({uid, gid}: {readonly uid: number; readonly gid: number}): object {
  return {
    uidMappings: [{containerID: 0, hostID: uid, size: 1}],
    gidMappings: [{containerID: 0, hostID: gid, size: 1}],
  };
}
