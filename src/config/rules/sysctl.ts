// sysctl: only what a namespace of the container's own holds; all else would change the host.
import type {Config} from '../../generated/config.ts';
import {pointerTo} from '../schema-problems.ts';
import {eachDuplicate, namespaceOf, type Rule} from './rule.ts';

/** ipc_namespaces(7). */
const IPC = new Set(
  ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(
    (name) => `kernel/${name}`,
  ),
);

/** The path below /proc/sys of a name in either form of sysctl(8): the first separator tells which it is, and in the
 * dot form a slash stands for a dot ("net.ipv4.conf.eth0/1.mtu"). */
export function sysctlPath(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '.' ? name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.')) : name;
}

const names: Rule = {
  reads: ['/linux/sysctl', '/linux/namespaces', '/domainname'],
  check(config, report) {
    const all = Object.keys(config.linux?.sysctl ?? {});
    for (const name of all) {
      const objection = objectionTo(name, config);
      if (objection !== undefined) report.problem(pointerTo('linux', 'sysctl', name), objection);
    }
    eachDuplicate(all, sysctlPath, (name, _index, first) => {
      report.problem(pointerTo('linux', 'sysctl', name), `is the same as "${all[first]}"`);
    });
  },
};

function objectionTo(name: string, config: Config): string | undefined {
  const path = sysctlPath(name);
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return 'is not the name of a sysctl';
  if (path === 'kernel/hostname')
    return `sysctl "${name}" is not allowed as it conflicts with the OCI "hostname" field`;
  if (path === 'kernel/domainname' && config.domainname !== undefined) {
    return `sysctl "${name}" is not allowed as it conflicts with the OCI "domainname" field`;
  }
  const needed = namespaceFor(path);
  if (needed === undefined) return `sysctl "${name}" is not in a separate kernel namespace`;
  if (namespaceOf(config, needed) !== 'none') return undefined;
  return `sysctl "${name}" is not in a separate kernel namespace: it needs a "${needed}" namespace`;
}

function namespaceFor(path: string): 'ipc' | 'network' | 'uts' | 'user' | undefined {
  if (IPC.has(path) || path.startsWith('fs/mqueue/')) return 'ipc';
  if (path.startsWith('net/')) return 'network';
  if (path.startsWith('user/')) return 'user';
  return path === 'kernel/domainname' ? 'uts' : undefined;
}

export const sysctlRules: readonly Rule[] = [names];
