// linux.mountLabel: the SELinux label of the container's own filesystems. Volumes keep theirs.
import type {PlanInput} from './input.ts';

/** Views of the kernel that have labels of their own, or know no labels. */
const UNLABELLED: ReadonlySet<string> = new Set(['cgroup', 'cgroup2', 'proc', 'sysfs']);

/** The label of the config, '' for none. Without SELinux nobody would look at it. */
export function mountLabel({config, facts}: Pick<PlanInput, 'config' | 'facts'>): string {
  return facts.hasSelinux ? (config.linux?.mountLabel ?? '') : '';
}

/** It confines nothing by itself, so a container may do without; for the label of its processes see labels.ts. */
export function warnOfMountLabel({config, facts}: Pick<PlanInput, 'config' | 'facts'>, warnings: string[]): void {
  const label = config.linux?.mountLabel ?? '';
  if (label !== '' && !facts.hasSelinux)
    warnings.push(`/linux/mountLabel: SELinux is not enabled on this host, ignoring "${label}"`);
}

/** What gives a filesystem that label: an option, or, for mqueue, a label to be set on its root. */
export function labelFor(type: string, options: readonly string[], label: string): {options: string[]; label: string} {
  if (label === '' || UNLABELLED.has(type) || options.some((option) => option.startsWith('context=')))
    return {options: [], label: ''};
  return type === 'mqueue' ? {options: [], label} : {options: [`context=${label}`], label: ''};
}
