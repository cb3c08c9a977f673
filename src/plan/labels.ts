// What the security modules of the kernel know the container's program as: an AppArmor profile, an SELinux context. Both are
// given in advance, and taken on by execve.
import {ConfigError} from '../errors.ts';
import type {Process} from '../generated/config.ts';
import type {HostFacts} from '../host/facts.ts';
import type {Step} from './operations.ts';

/** Throws ConfigError where there is no AppArmor: a container is never left unconfined in silence. */
export function apparmorSteps({apparmorProfile: name}: Process, facts: Pick<HostFacts, 'hasApparmor'>): Step[] {
  if (name === undefined) return [];
  const at = '/process/apparmorProfile';
  if (!facts.hasApparmor)
    throw refusal(at, 'apparmor: config provided but apparmor not supported by this kernel, or off');
  return [{op: 'apparmorProfile', at, name}];
}

/** Throws ConfigError where there is no SELinux. */
export function selinuxSteps(process: Process, facts: Pick<HostFacts, 'hasSelinux'>): Step[] {
  const label = selinuxLabel(process, facts);
  return label === '' ? [] : [{op: 'selinuxLabel', at: AT_SELINUX, label}];
}

/** The context that keys of the container get, too; '' for none. */
export function selinuxLabel({selinuxLabel: label}: Process, facts: Pick<HostFacts, 'hasSelinux'>): string {
  if (label === undefined) return '';
  if (!facts.hasSelinux) {
    throw refusal(AT_SELINUX, 'selinux label is specified in config, but selinux is disabled or not supported');
  }
  return label;
}

const AT_SELINUX = '/process/selinuxLabel';

const refusal = (pointer: string, message: string): ConfigError => new ConfigError([{pointer, message}]);
