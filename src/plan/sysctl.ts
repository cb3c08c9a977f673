// Settings of the container's own namespaces: host name, NIS domain, linux.sysctl.
import {sysctlPath} from '../config/rules/sysctl.ts';
import {escapeKey} from '../config/tidy.ts';
import type {Config} from '../generated/config.ts';
import type {Step} from './operations.ts';

export function nameSteps({hostname = '', domainname = ''}: Config): Step[] {
  const steps: Step[] = [];
  if (hostname !== '') steps.push({op: 'hostname', at: '/hostname', name: hostname});
  if (domainname !== '') steps.push({op: 'domainname', at: '/domainname', name: domainname});
  return steps;
}

export function sysctlSteps({linux}: Config): Step[] {
  return Object.entries(linux?.sysctl ?? {}).map(([name, value]) => {
    return {op: 'sysctl', at: `/linux/sysctl/${escapeKey(name)}`, path: sysctlPath(name), value};
  });
}
