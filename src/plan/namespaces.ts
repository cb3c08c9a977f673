// linux.namespaces: which of them clone3(2) makes, and which init joins or makes itself, in an order that works.
import {toHostId} from '../config/id-mappings.ts';
import {RuntsError} from '../errors.ts';
import type {Config, IdMapping, NamespaceType, TimeOffset} from '../generated/config.ts';
import {CLONE_NEW} from './constants.ts';
import type {PlanInput} from './input.ts';
import type {Step} from './operations.ts';

export interface NamespacePlan {
  readonly cloneFlags: number;
  readonly steps: readonly Step[];
}

interface Entry {
  readonly at: string;
  /** Undefined: a new namespace. */
  readonly path: string | undefined;
}

type Entries = ReadonlyMap<NamespaceType, Entry>;

/** Simple: no needs of its own. A joined mount namespace changes what every path means, /proc of our own included, so
 * it comes after all else; a joined pid namespace holds from the next fork on. */
const joinOrder: readonly NamespaceType[] = ['ipc', 'uts', 'network', 'cgroup', 'time', 'pid'];
const clonable: readonly NamespaceType[] = ['mount', 'uts', 'ipc', 'network'];

export function planNamespaces(input: PlanInput): NamespacePlan {
  const entries = readEntries(input.config);
  return entries.has('user') ? planInUserNamespace(entries, input) : planWithoutUserNamespace(entries, input);
}

function planWithoutUserNamespace(entries: Entries, input: PlanInput): NamespacePlan {
  // No process enters a new time namespace, or joins a pid namespace, but by being forked. An init that clone3 made the
  // first process of a new pid namespace could not have a sibling in it, so then that one is made here, too.
  const pid = entries.get('pid');
  const time = entries.get('time');
  const staged = isJoined(pid) ? pid : isNew(time) ? time : undefined;
  const cloneFlags = flagsOfNew(entries, staged === undefined ? [...clonable, 'pid'] : clonable);
  const steps: Step[] = [];
  for (const type of joinOrder) steps.push(...joinSteps(entries, type, input));
  // Only now: init has been moved to its cgroup meanwhile, which becomes the root of the namespace.
  steps.push(...unshareSteps(entries, 'cgroup'));
  if (staged !== undefined) {
    steps.push(...unshareSteps(entries, 'pid'), ...unshareSteps(entries, 'time'), ...offsetSteps(input.config));
    steps.push({op: 'fork', at: staged.at});
  }
  steps.push(...joinSteps(entries, 'mount', input));
  return {cloneFlags, steps};
}

/** All of it by init, once it has been exec'd: an exec before the id maps are written would cost it its capabilities. The new
 * namespaces are made inside of the user namespace, and so belong to it. Those that are joined are joined from outside,
 * by whoever has the rights to; an ordinary user has them in the user namespace only, if that is a joined one, too. */
function planInUserNamespace(entries: Entries, input: PlanInput): NamespacePlan {
  const user = entries.get('user') as Entry;
  const others = [...joinOrder, 'mount'] as const;
  const join = (yields: boolean): Step[] => others.flatMap((type) => joinSteps(entries, type, input, yields));
  const offsets = isNew(entries.get('time')) ? offsetSteps(input.config) : [];
  const steps: Step[] = offsets.map(({at}) => ({op: 'openTimensOffsets', at}));
  if (isNew(user)) steps.push(...join(false), {op: 'userNamespace', at: user.at});
  else steps.push(...join(true), ...joinSteps(entries, 'user', input));
  steps.push({op: 'assumeIds', at: user.at, ...idsInside(input.config)});
  if (isJoined(user)) steps.push(...join(false));
  const flags = flagsOfNew(entries, [...clonable, 'cgroup', 'pid', 'time']);
  if (flags !== 0) steps.push({op: 'unshare', at: '/linux/namespaces', flags});
  steps.push(...offsets);
  const forked = entries.get('pid') ?? (isNew(entries.get('time')) ? entries.get('time') : undefined);
  if (forked !== undefined) steps.push({op: 'fork', at: forked.at});
  return {cloneFlags: 0, steps};
}

/** Who sets up the container: its root, or, where no id 0 is mapped, whoever is. */
export function idsInside({process, linux}: Config): {uid: number; gid: number} {
  const pick = (mappings: readonly IdMapping[] = [], id = 0): number =>
    [0, id].find((candidate) => toHostId(mappings, candidate) !== undefined) ?? mappings[0]?.containerID ?? 0;
  return {
    uid: pick(linux?.uidMappings, process.user?.uid),
    gid: pick(linux?.gidMappings, process.user?.gid),
  };
}

/** Whether the container's processes are in a user namespace that is not the runtime's. */
export function hasUserNamespace({linux}: Config): boolean {
  return linux?.namespaces?.some(({type}) => type === 'user') === true;
}

/** The loopback interface of a new network namespace is down; that of a joined one is its owner's business. */
export function loopbackSteps(config: Config): Step[] {
  const network = readEntries(config).get('network');
  return isNew(network) ? [{op: 'loopbackUp', at: network.at}] : [];
}

/** They are there before hooks and sysctls may look for them. */
export function netDeviceSteps({linux}: Config): Step[] {
  const names = Object.keys(linux?.netDevices ?? {});
  return names.length === 0 ? [] : [{op: 'netDevices', at: '/linux/netDevices'}];
}

function readEntries({linux}: Config): Entries {
  const entries = new Map<NamespaceType, Entry>();
  for (const [index, {type, path}] of (linux?.namespaces ?? []).entries()) {
    entries.set(type, {at: `/linux/namespaces/${index}`, path: path === '' ? undefined : path});
  }
  return entries;
}

function isNew(entry: Entry | undefined): entry is Entry {
  return entry !== undefined && entry.path === undefined;
}

function isJoined(entry: Entry | undefined): entry is Entry {
  return entry?.path !== undefined;
}

function joinSteps(entries: Entries, type: NamespaceType, {namespaceFds}: PlanInput, yields = false): Step[] {
  const entry = entries.get(type);
  if (!isJoined(entry)) return [];
  const fd = namespaceFds.get(type);
  if (fd === undefined) throw new RuntsError(`the ${type} namespace ${entry.path} was not opened before it is joined`);
  return [{op: 'setns', at: entry.at, fd, type: CLONE_NEW[type], yield: yields}];
}

function flagsOfNew(entries: Entries, types: readonly NamespaceType[]): number {
  return types.filter((type) => isNew(entries.get(type))).reduce((flags, type) => flags | CLONE_NEW[type], 0);
}

function unshareSteps(entries: Entries, type: NamespaceType): Step[] {
  const entry = entries.get(type);
  return isNew(entry) ? [{op: 'unshare', at: entry.at, flags: CLONE_NEW[type]}] : [];
}

function offsetSteps({linux}: Config): Step[] {
  const {monotonic, boottime} = linux?.timeOffsets ?? {};
  const text = offsetLine('monotonic', monotonic) + offsetLine('boottime', boottime);
  return text === '' ? [] : [{op: 'timensOffsets', at: '/linux/timeOffsets', text}];
}

// The format of /proc/PID/timens_offsets, time_namespaces(7).
function offsetLine(clock: string, offset: TimeOffset | undefined): string {
  return offset === undefined ? '' : `${clock} ${offset.secs ?? 0n} ${offset.nanosecs ?? 0}\n`;
}
