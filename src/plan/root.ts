// The root filesystem: root, linux.rootfsPropagation, and the way into it.
import {posix} from 'node:path';
import {namespaceOf} from '../config/rules/rule.ts';
import {ConfigError} from '../errors.ts';
import {MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE} from './constants.ts';
import type {PlanInput} from './input.ts';
import {propagationFlags} from './mount-options.ts';
import {rootfsSlot} from './mount-sources.ts';
import type {Step} from './operations.ts';

const AT_PROPAGATION = '/linux/rootfsPropagation';

/** Before any mount: cuts the container's mount namespace off from the host's as far as asked, and makes the rootfs a mount. */
export function rootfsSteps(input: PlanInput): Step[] {
  const path = posix.resolve(input.bundle, input.config.root.path);
  const onHost = mountsOnHost(input.config);
  return [
    ...(onHost ? [] : [{op: 'rootPropagation', at: AT_PROPAGATION, flags: hostSideFlags(input), path} as const]),
    {op: 'rootfs', at: '/root/path', path, slot: rootfsSlot(input), onHost},
  ];
}

/** Without a mount namespace, all that a container mounts is in that of the runtime: below its rootfs, a mount itself. */
export function mountsOnHost(config: PlanInput['config']): boolean {
  return namespaceOf(config, 'mount') === 'none';
}

/** After the mounts: the rootfs becomes "/". */
export function switchRootSteps({config, options}: PlanInput): Step[] {
  if (mountsOnHost(config)) return [{op: 'changeRoot', at: '/root/path', root: -1}];
  return [{op: options.noPivot ? 'moveRoot' : 'pivotRoot', at: '/root/path'}];
}

/** The propagation of the container's "/", where it is not what the switch of roots has left: pivot_root(2) wants mounts that
 * are not shared. Once nothing is to be mounted any more: of what is unbindable there are no clones. */
export function propagationSteps({config}: PlanInput): Step[] {
  const flags = readPropagation(config);
  const again = flags !== undefined && (flags & (MS_PRIVATE | MS_SLAVE)) === 0;
  return again ? [{op: 'propagation', at: AT_PROPAGATION, flags}] : [];
}

/** The very last change of a mount. */
export function readonlyRootSteps({config}: PlanInput): Step[] {
  return config.root.readonly === true ? [{op: 'remountReadonly', at: '/root/readonly', target: '/'}] : [];
}

function readPropagation({linux}: PlanInput['config']): number | undefined {
  return linux?.rootfsPropagation === undefined ? undefined : propagationFlags(linux.rootfsPropagation);
}

// For mounts that are shared with the host to stay so in a volume (a mount with the option rshared, as Kubernetes has it
// for "Bidirectional"), the host's side must be shared as well. Unbindable it must not be: no volume could be bound. And
// moveRoot unmounts things of the host's side, which must stay with us.
function hostSideFlags({config, options}: PlanInput): number {
  const flags = readPropagation(config);
  if (options.noPivot) refuseWithoutPivot(flags, config.linux?.rootfsPropagation);
  if (flags === undefined || (flags & MS_UNBINDABLE) !== 0 || options.noPivot) return MS_SLAVE | MS_REC;
  return flags;
}

// Without pivot_root the host's mounts stay in the container's namespace. Private ones would keep what the host unmounts
// in use; with shared ones the unmounting of the host's /proc and /sys, which shuts the container in, would reach the host.
function refuseWithoutPivot(flags = 0, name = ''): void {
  if ((flags & (MS_PRIVATE | MS_SHARED)) === 0) return;
  throw new ConfigError([{pointer: AT_PROPAGATION, message: `"${name}" is not safe with --no-pivot`}]);
}
