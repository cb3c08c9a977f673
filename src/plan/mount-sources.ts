// Sources of mounts that are opened, and mapped, before a user namespace is entered: behind it we are an ordinary user of
// the host, who may not reach them. Slot 0 is the rootfs, slot n+1 the source of mounts[n].
import {posix} from 'node:path';
import {mappingText} from '../config/id-mappings.ts';
import {namespaceOf} from '../config/rules/rule.ts';
import {ConfigError} from '../errors.ts';
import type {Config, Mount} from '../generated/config.ts';
import {MS_PRIVATE, MS_REC, MS_SLAVE} from './constants.ts';
import type {PlanInput} from './input.ts';
import {propagationFlags} from './mount-options.ts';
import type {MountEntry} from './mounts.ts';
import type {Step} from './operations.ts';

const ROOTFS_SLOT = 0;
/** For steps that open their source themselves. */
export const NO_SLOT = -1;

/** With a joined mount namespace, paths are those of that namespace. */
function opensEarly(config: Config): boolean {
  return namespaceOf(config, 'user') !== 'none' && namespaceOf(config, 'mount') === 'new';
}

/** The slot of the rootfs. */
export function rootfsSlot({config}: PlanInput): number {
  return opensEarly(config) ? ROOTFS_SLOT : NO_SLOT;
}

/** Opens the rootfs into its slot, where it has one. */
export function rootfsSource(input: PlanInput): Step[] {
  const slot = rootfsSlot(input);
  if (slot === NO_SLOT) return [];
  const path = posix.resolve(input.bundle, input.config.root.path);
  return [{op: 'openTree', at: '/root/path', slot, path, recursive: true, nofollow: false, propagation: cutOff(input)}];
}

/** A clone is a peer of a mount that the host shares. Without a user namespace rootPropagation sees to that. */
function cutOff({config: {linux}}: PlanInput): number {
  const asked = propagationFlags(linux?.rootfsPropagation ?? '') ?? 0;
  return (asked & MS_PRIVATE) === 0 ? MS_SLAVE | MS_REC : MS_PRIVATE | MS_REC;
}

export interface Preparation {
  /** NO_SLOT: there is none, and the mount is an ordinary one. */
  readonly slot: number;
  /** For before a user namespace is entered. */
  readonly sources: readonly Step[];
  /** For right before the mount. */
  readonly steps: readonly Step[];
}

/** What has to be done about the source of a mount beforehand. `create` makes a filesystem in a slot. */
export function prepareSource(
  entry: MountEntry,
  mount: Mount,
  input: PlanInput,
  create: (slot: number) => Step,
): Preparation {
  const {at, type, index, options} = entry;
  const mapping = mappingOf(entry, mount, input);
  const early = namespaceOf(input.config, 'user') !== 'none';
  const plain = mapping === undefined && !(type === 'bind' && opensEarly(input.config));
  if (plain || options.remount) return {slot: NO_SLOT, sources: [], steps: []};
  const slot = index + 1;
  const open: Step =
    type === 'bind'
      ? {
          op: 'openTree',
          at,
          slot,
          path: posix.resolve(input.bundle, entry.source),
          recursive: options.recursive,
          nofollow: options.nofollowSource || options.copyLink,
          propagation: early ? cutOff(input) : 0,
        }
      : create(slot);
  const steps = [open, ...(mapping === undefined ? [] : [{op: 'idmapTree', at, slot, ...mapping} as const])];
  return early ? {slot, sources: steps, steps: []} : {slot, sources: [], steps};
}

type Mapping = Omit<Extract<Step, {readonly op: 'idmapTree'}>, 'op' | 'at' | 'slot'>;

/** The mount's own mappings, else those of the container's user namespace (config.md#mounts, idmap). */
function mappingOf({at, options}: MountEntry, mount: Mount, input: PlanInput): Mapping | undefined {
  const {linux} = input.config;
  const recursive = options.idmap === 'ridmap';
  const own = (mount.uidMappings?.length ?? 0) > 0 && (mount.gidMappings?.length ?? 0) > 0;
  if (own) return {recursive, userNamespace: -1, ...maps(mount)};
  if (options.idmap === undefined) return undefined;
  const joined = input.namespaceFds.get('user');
  if (joined !== undefined) return {recursive, userNamespace: joined, uidMap: '', gidMap: ''};
  if (namespaceOf(input.config, 'user') === 'new' && linux !== undefined)
    return {recursive, userNamespace: -1, ...maps(linux)};
  const message = `${options.idmap} needs uidMappings and gidMappings of the mount, or a user namespace`;
  throw new ConfigError([{pointer: `${at}/options`, message}]);
}

function maps({uidMappings = [], gidMappings = []}: Pick<Mount, 'uidMappings' | 'gidMappings'>): {
  uidMap: string;
  gidMap: string;
} {
  return {uidMap: mappingText(uidMappings), gidMap: mappingText(gidMappings)};
}
