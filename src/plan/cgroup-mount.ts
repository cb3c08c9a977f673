// A mount of type "cgroup": one filesystem on cgroup v2, a folder of hierarchies on v1.
import {basename} from 'node:path/posix';
import type {Hierarchy} from '../cgroups/layout.ts';
import {namespaceOf} from '../config/rules/rule.ts';
import {
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
} from './constants.ts';
import type {PlanInput} from './input.ts';
import {labelFor, mountLabel} from './mount-label.ts';
import {NO_SLOT} from './mount-sources.ts';
import {bindInstead, lacksPrivileges} from './mount-substitutes.ts';
import type {MountEntry} from './mounts.ts';
import type {Step} from './operations.ts';

const PROTECTED = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
const MS_PROTECTED = MS_NOSUID | MS_NODEV | MS_NOEXEC;

export function cgroupMountSteps(entry: MountEntry, input: PlanInput): Step[] {
  return input.layout.mode === 'v2' ? unifiedSteps(entry, input) : folderSteps(entry, input);
}

// Who does not own the cgroup namespace may be refused the mount; then the container's cgroup is bound. Without one, all
// that is left to show is what the host lets its user write to (CVE-2023-25809): better nothing.
function unifiedSteps(entry: MountEntry, input: PlanInput): Step[] {
  if (namespaceOf(input.config, 'cgroup') === 'new' || !lacksPrivileges(input)) return [unifiedStep(entry, false)];
  const source = input.cgroup.paths['unified'];
  if (source === undefined) return [emptyStep(entry, input)];
  const {attributes, recursiveAttributes} = entry.options;
  const bind = bindInstead(entry, source, false, {
    attrSet: attributes.set,
    attrClear: attributes.clear,
    recursiveSet: recursiveAttributes.set,
    recursiveClear: recursiveAttributes.clear,
  });
  return [unifiedStep(entry, true), bind];
}

function emptyStep({at, target, options}: MountEntry, input: PlanInput): Step {
  const label = labelFor('tmpfs', [], mountLabel(input));
  return {
    op: 'mountFilesystem',
    at,
    type: 'tmpfs',
    source: 'tmpfs',
    target,
    options: ['ro', 'mode=755', 'nr_inodes=1', ...label.options],
    attrSet: PROTECTED | MOUNT_ATTR_RDONLY,
    attrClear: 0n,
    recursiveSet: 0n,
    recursiveClear: 0n,
    legacyFlags: BigInt(MS_PROTECTED | MS_RDONLY),
    propagation: options.propagation,
    copyUp: false,
    directory: '',
    label: '',
    yield: false,
  };
}

// A new mount shows what init's cgroup namespace shows: with a namespace of its own the container's cgroup as the root,
// else all of the host's tree, which is how /proc/self/cgroup then names the container's place (as runc and crun do).
function unifiedStep({at, source, target, options}: MountEntry, yields: boolean): Step {
  return {
    op: 'mountFilesystem',
    at,
    type: 'cgroup2',
    source: source === '' ? 'cgroup' : source,
    target,
    options: options.data.map(({text}) => text),
    attrSet: options.attributes.set,
    attrClear: options.attributes.clear,
    recursiveSet: options.recursiveAttributes.set,
    recursiveClear: options.recursiveAttributes.clear,
    legacyFlags: BigInt(options.legacySet),
    propagation: options.propagation,
    copyUp: false,
    directory: '',
    label: '',
    yield: yields,
  };
}

// cgroup v1: a tmpfs with a mount for each hierarchy, and links for controllers that are mounted together. It becomes
// read-only, when asked to, after the switch of roots: finishSteps in mounts.ts.
function folderSteps(entry: MountEntry, input: PlanInput): Step[] {
  const own = namespaceOf(input.config, 'cgroup') !== 'none';
  const {at, target, options} = entry;
  const label = labelFor('tmpfs', [], mountLabel(input));
  const folder: Step = {
    op: 'mountFilesystem',
    at,
    type: 'tmpfs',
    source: 'tmpfs',
    target,
    options: ['mode=755', ...label.options],
    attrSet: (options.attributes.set | PROTECTED) & ~MOUNT_ATTR_RDONLY,
    attrClear: options.attributes.clear & ~PROTECTED,
    recursiveSet: 0n,
    recursiveClear: 0n,
    legacyFlags: BigInt((options.legacySet | MS_PROTECTED) & ~MS_RDONLY),
    propagation: options.propagation,
    copyUp: false,
    directory: '',
    label: '',
    yield: false,
  };
  const hierarchies = input.layout.hierarchies.flatMap((hierarchy) => {
    const mount = own ? hierarchyStep(entry, hierarchy) : bindStep(entry, hierarchy, input);
    return mount === undefined ? [] : [mount, ...linkSteps(entry, hierarchy)];
  });
  return [folder, ...hierarchies];
}

// In its own cgroup namespace a mount has the container's cgroup as its root.
function hierarchyStep({at, target, options}: MountEntry, {controllers, mountPoint}: Hierarchy): Step {
  const attributes = hierarchyAttributes(options);
  return {
    op: 'mountFilesystem',
    at,
    type: 'cgroup',
    source: 'cgroup',
    target: `${target}/${basename(mountPoint)}`,
    // Without "none" the kernel would take a named hierarchy to want all controllers.
    options: controllers.flatMap((name) => (name.startsWith('name=') ? ['none', name] : [name])),
    attrSet: attributes.set,
    attrClear: attributes.clear,
    recursiveSet: 0n,
    recursiveClear: 0n,
    legacyFlags: BigInt(options.legacySet | MS_PROTECTED | (attributes.set & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0)),
    propagation: options.propagation,
    copyUp: false,
    directory: '',
    label: '',
    yield: false,
  };
}

// In the host's cgroup namespace the container gets its own cgroup of each hierarchy, and sees nothing above it.
function bindStep({at, target, options}: MountEntry, hierarchy: Hierarchy, {cgroup}: PlanInput): Step | undefined {
  const {controllers, mountPoint} = hierarchy;
  const source = controllers.map((name) => cgroup.paths[name]).find((path) => path !== undefined);
  if (source === undefined) return undefined;
  const attributes = hierarchyAttributes(options);
  return {
    op: 'mountBind',
    at,
    source,
    slot: NO_SLOT,
    target: `${target}/${basename(mountPoint)}`,
    nofollowSource: false,
    nofollowTarget: false,
    copyLink: false,
    instead: false,
    recursive: false,
    attrSet: attributes.set,
    attrClear: attributes.clear,
    recursiveSet: 0n,
    recursiveClear: 0n,
    propagation: options.propagation,
  };
}

function hierarchyAttributes({attributes, recursiveAttributes}: MountEntry['options']): {set: bigint; clear: bigint} {
  const readonly = recursiveAttributes.set & MOUNT_ATTR_RDONLY;
  return {
    set: attributes.set | PROTECTED | readonly,
    clear: attributes.clear & ~(PROTECTED | readonly),
  };
}

// "cpu,cpuacct" is also to be found as "cpu" and as "cpuacct".
function linkSteps({at, target}: MountEntry, {mountPoint}: Hierarchy): Step[] {
  const name = basename(mountPoint);
  if (!name.includes(',')) return [];
  return name.split(',').map((controller) => ({
    op: 'symlink',
    at,
    target: name,
    path: `${target}/${controller}`,
    replace: false,
  }));
}
