// Settings of the container's own namespaces: host name, NIS domain, linux.sysctl.
import {ConfigError} from '../errors.ts';
import type {Config} from '../generated/config.ts';
import type {Step} from './operations.ts';
import {pointerToken} from './paths.ts';

export function nameSteps({hostname = '', domainname = ''}: Config): Step[] {
  const steps: Step[] = [];
  if (hostname !== '') steps.push({op: 'hostname', at: '/hostname', name: hostname});
  if (domainname !== '') steps.push({op: 'domainname', at: '/domainname', name: domainname});
  return steps;
}

export function sysctlSteps({linux}: Config): Step[] {
  return Object.entries(linux?.sysctl ?? {}).map(([key, value]) => {
    const at = `/linux/sysctl/${pointerToken(key)}`;
    const path = sysctlPath(key);
    if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new ConfigError([{pointer: at, message: `"${key}" is not the name of a kernel setting`}]);
    }
    return {op: 'sysctl', at, path, value};
  });
}

/** The path below /proc/sys, by the rule of sysctl(8): the first separator, dot or slash, is the one that separates, and
 * the other one is then part of a name ("net.ipv4.conf.eth0/1.forwarding" is about the interface eth0.1). */
export function sysctlPath(key: string): string {
  const separator = /[./]/.exec(key)?.[0];
  if (separator !== '.') return key;
  return key.replace(/[./]/g, (letter) => (letter === '.' ? '/' : '.'));
}
