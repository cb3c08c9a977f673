// What stands in for filesystems that the kernel only gives to those who own the namespace they show: in a user namespace
// nobody has a sysfs of the host's network, an mqueue of its ipc or a proc of its pid namespace. As in runc and crun, the
// host's own mount is bound then, with all that covers parts of it.
import {namespaceOf} from '../config/rules/rule.ts';
import type {NamespaceType} from '../generated/config.ts';
import {MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY} from './constants.ts';
import type {PlanInput} from './input.ts';
import {NO_SLOT} from './mount-sources.ts';
import type {MountEntry} from './mounts.ts';
import type {Step} from './operations.ts';

interface Substitute {
  readonly source: string;
  readonly namespace: NamespaceType;
  /** For which namespaces of the container: none of its own, a joined one that may belong to others, or a new one, whose
   * filesystem the kernel refuses as well where it would show what is covered of the host's. */
  readonly kinds: readonly ('none' | 'joined' | 'new')[];
  /** What the host shows there is not to be changed by its containers. */
  readonly readonly: boolean;
}

const substitutes: ReadonlyMap<string, Substitute> = new Map([
  ['sysfs', {source: '/sys', namespace: 'network', kinds: ['none', 'joined', 'new'], readonly: true}],
  ['mqueue', {source: '/dev/mqueue', namespace: 'ipc', kinds: ['none', 'joined'], readonly: false}],
  // Not for another pid namespace: the host's /proc shows the host's processes. Who can do with that binds it himself.
  ['proc', {source: '/proc', namespace: 'pid', kinds: ['none'], readonly: false}],
]);

const PROTECTIONS = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/** Whether the container's first process may be refused mounts that the host's root may make. */
export function lacksPrivileges({config, cgroup}: PlanInput): boolean {
  return namespaceOf(config, 'user') !== 'none' || cgroup.rootless === true;
}

/** The step after a mountFilesystem that may have yielded; undefined when that one has to succeed. */
export function substituteStep(entry: MountEntry, input: PlanInput): Step | undefined {
  const substitute = substitutes.get(entry.type);
  if (substitute === undefined || !lacksPrivileges(input)) return undefined;
  if (!substitute.kinds.includes(namespaceOf(input.config, substitute.namespace))) return undefined;
  const {attributes, recursiveAttributes} = entry.options;
  const readonly = substitute.readonly ? MOUNT_ATTR_RDONLY : 0n;
  return bindInstead(entry, substitute.source, true, {
    attrSet: attributes.set,
    attrClear: attributes.clear & ~readonly,
    recursiveSet: recursiveAttributes.set | (attributes.set & PROTECTIONS) | readonly,
    recursiveClear: recursiveAttributes.clear & ~readonly,
  });
}

type Attributes = Pick<
  Extract<Step, {readonly op: 'mountBind'}>,
  'attrSet' | 'attrClear' | 'recursiveSet' | 'recursiveClear'
>;

/** Binds `source` where the filesystem of the step before was refused. */
export function bindInstead(
  {at, target, options}: MountEntry,
  source: string,
  recursive: boolean,
  attributes: Attributes,
): Step {
  return {
    op: 'mountBind',
    at,
    source,
    slot: NO_SLOT,
    target,
    nofollowSource: false,
    nofollowTarget: false,
    copyLink: false,
    instead: true,
    recursive,
    ...attributes,
    propagation: options.propagation,
  };
}
