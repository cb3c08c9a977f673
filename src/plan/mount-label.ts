// linux.mountLabel: the SELinux label of the container's own filesystems. Volumes keep theirs.
import {ConfigError} from '../errors.ts';
import type {PlanInput} from './input.ts';

/** Views of the kernel that have labels of their own, or know no labels. */
const UNLABELLED: ReadonlySet<string> = new Set(['cgroup', 'cgroup2', 'proc', 'sysfs']);

/** The label of the config, '' for none. Without SELinux no filesystem could have it. */
export function mountLabel({config, facts}: Pick<PlanInput, 'config' | 'facts'>): string {
  const label = config.linux?.mountLabel ?? '';
  if (label === '' || facts.hasSelinux) return label;
  const message = `"${label}" cannot be set: SELinux is not enabled on this host`;
  throw new ConfigError([{pointer: '/linux/mountLabel', message}]);
}

/** What gives a filesystem that label: an option, or, for mqueue, a label to be set on its root. */
export function labelFor(type: string, options: readonly string[], label: string): {options: string[]; label: string} {
  if (label === '' || UNLABELLED.has(type) || options.some((option) => option.startsWith('context=')))
    return {options: [], label: ''};
  return type === 'mqueue' ? {options: [], label} : {options: [`context=${label}`], label: ''};
}
