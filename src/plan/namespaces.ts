// linux.namespaces: which of them clone3(2) makes, and which init joins or makes itself, in an order that works.
import {ConfigError, RuntsError} from '../errors.ts';
import type {Config, NamespaceType, TimeOffset} from '../generated/config.ts';
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
  refuseUnsafe(entries);
  // No process enters a new time namespace, or joins a pid namespace, but by being forked. An init that clone3 made the
  // first process of a new pid namespace could not have a sibling in it, so then that one is made here, too.
  const pid = entries.get('pid');
  const time = entries.get('time');
  const staged = isJoined(pid) ? pid : isNew(time) ? time : undefined;
  const cloned = staged === undefined ? [...clonable, 'pid' as const] : clonable;
  const cloneFlags = cloned
    .filter((type) => isNew(entries.get(type)))
    .reduce((flags, type) => flags | CLONE_NEW[type], 0);
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

/** The loopback interface of a new network namespace is down; that of a joined one is its owner's business. */
export function loopbackSteps(config: Config): Step[] {
  const network = readEntries(config).get('network');
  return isNew(network) ? [{op: 'loopbackUp', at: network.at}] : [];
}

function readEntries({linux}: Config): Entries {
  const entries = new Map<NamespaceType, Entry>();
  for (const [index, {type, path}] of (linux?.namespaces ?? []).entries()) {
    entries.set(type, {at: `/linux/namespaces/${index}`, path: path === '' ? undefined : path});
  }
  return entries;
}

// Validation has refused both already. A plan that came about without it must not act on the host's own mounts, where all
// that a container mounts would stay, nor run as the host's root what was to be shut in a user namespace.
function refuseUnsafe(entries: Entries): void {
  const pointer = '/linux/namespaces';
  if (entries.has('user')) throw new ConfigError([{pointer, message: 'a user namespace is not supported yet'}]);
  if (!entries.has('mount')) throw new ConfigError([{pointer, message: 'a mount namespace is needed'}]);
}

function isNew(entry: Entry | undefined): entry is Entry {
  return entry !== undefined && entry.path === undefined;
}

function isJoined(entry: Entry | undefined): entry is Entry {
  return entry?.path !== undefined;
}

function joinSteps(entries: Entries, type: NamespaceType, {namespaceFds}: PlanInput): Step[] {
  const entry = entries.get(type);
  if (!isJoined(entry)) return [];
  const fd = namespaceFds.get(type);
  if (fd === undefined) throw new RuntsError(`the ${type} namespace ${entry.path} was not opened before it is joined`);
  return [{op: 'setns', at: entry.at, fd, type: CLONE_NEW[type]}];
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
