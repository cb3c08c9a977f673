// mounts[]: one step each, in the order of the config; the spec's special types and rules are here.
import {posix} from 'node:path';
import {ConfigError} from '../errors.ts';
import type {Mount} from '../generated/config.ts';
import {isKernelAtLeast} from '../host/facts.ts';
import {cgroupMountSteps} from './cgroup-mount.ts';
import {MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_RDONLY, MS_BIND, MS_RDONLY, MS_REC} from './constants.ts';
import type {PlanInput} from './input.ts';
import {labelFor, mountLabel, warnOfMountLabel} from './mount-label.ts';
import {type MountOptions, parseMountOptions} from './mount-options.ts';
import {NO_SLOT, prepareSource, rootfsSource} from './mount-sources.ts';
import {substituteStep} from './mount-substitutes.ts';
import {notifyMounts} from './notify.ts';
import type {Step} from './operations.ts';
import {fitOptions} from './overlay.ts';
import {containerPath, isWithin} from './paths.ts';

export interface MountPlan {
  /** What is opened before a user namespace is entered. */
  readonly sources: readonly Step[];
  readonly steps: readonly Step[];
  /** What makes mounts read-only that had to be filled first; for after the switch of roots. */
  readonly finish: readonly Step[];
}

/** One of mounts[], as all that deal with it need it. */
export interface MountEntry {
  readonly at: string;
  readonly index: number;
  readonly type: string;
  readonly source: string;
  /** In the container, clean. */
  readonly target: string;
  readonly options: MountOptions;
}

export function planMounts(input: PlanInput, warnings: string[]): MountPlan {
  const own = input.config.mounts ?? [];
  const mounts = [...own, ...notifyMounts(input)];
  const entries = mounts.map((mount, index) => readMount(mount, index, index < own.length ? `/mounts/${index}` : ''));
  for (const entry of entries) checkEntry(entry, input, warnings);
  warnOfMountLabel(input, warnings);
  const plans = entries.map((entry, index) => planMount(entry, mounts[index] as Mount, input));
  return {
    sources: [...rootfsSource(input), ...plans.flatMap(({sources}) => sources)],
    steps: plans.flatMap(({steps}) => steps),
    finish: entries.flatMap((entry, index) => finishSteps(entry, entries.slice(index + 1), input)),
  };
}

/** True when the config brings a whole /dev from elsewhere: then nothing in it is ours to make. */
export function bindsDev(mounts: readonly Mount[] = []): boolean {
  return mounts.some(({destination, type, options = []}) => {
    const bind = type === 'bind' || options.includes('bind') || options.includes('rbind');
    return bind && !options.includes('remount') && containerPath(destination) === '/dev';
  });
}

/** `at` is empty for a mount that is not of the config. */
function readMount(mount: Mount, index: number, at: string): MountEntry {
  const options = parseMountOptions(mount.options ?? []);
  const type = options.bind ? 'bind' : (mount.type ?? '');
  if (type === '' && !options.remount) throw problem(`${at}/type`, 'is missing, and no option says "bind"');
  return {at, index, type, source: mount.source ?? '', target: containerPath(mount.destination), options};
}

function checkEntry(entry: MountEntry, input: PlanInput, warnings: string[]): void {
  checkKernel(entry, input);
  if (entry.options.remount) return;
  refuseCoveredProc(entry);
  if (entry.type === 'bind') checkBind(entry, warnings);
}

function checkBind({at, source, options}: MountEntry, warnings: string[]): void {
  if (source === '') throw problem(`${at}/source`, 'is missing: a bind mount needs the path of a file or directory');
  if (options.superblock.length > 0) {
    warnings.push(`${at}/options: ${options.superblock.join(', ')} of a bind mount has no effect, ignoring`);
  }
}

function checkKernel({at, options}: MountEntry, input: PlanInput): void {
  const {attributes, recursiveAttributes} = options;
  const recursive = recursiveAttributes.set | recursiveAttributes.clear;
  const all = recursive | attributes.set | attributes.clear;
  const require = (minor: number, what: string): void => {
    const {kernel} = input.facts;
    if (isKernelAtLeast(kernel, 5, minor)) return;
    throw problem(`${at}/options`, `${what} needs Linux 5.${minor}, and this is ${kernel.major}.${kernel.minor}`);
  };
  if (recursive !== 0n) require(12, 'a recursive option (rro and the like)');
  if ((all & MOUNT_ATTR_NOSYMFOLLOW) !== 0n) require(14, 'nosymfollow');
}

const COVERABLE_PROC_FILES = [
  'cpuinfo',
  'diskstats',
  'loadavg',
  'meminfo',
  'slabinfo',
  'stat',
  'swaps',
  'sys/crypto/fips_enabled',
  'sys/kernel/ns_last_pid',
  'uptime',
].map((file) => `/proc/${file}`);

// Whoever reads or writes in /proc must be sure to meet the kernel there (CVE-2019-16884); engines give containers their
// own view of a few files (lxcfs). runts-init checks again what the targets really are.
function refuseCoveredProc({at, type, source, target}: MountEntry): void {
  if (type === 'proc' || type === 'sysfs' || !isWithin(target, '/proc') || COVERABLE_PROC_FILES.includes(target))
    return;
  if (target === '/proc' && type === 'bind' && posix.normalize(source) === '/proc') return;
  const message =
    target === '/proc'
      ? "only a proc filesystem, or the host's /proc, can be mounted there"
      : `${target} is inside /proc, where only these can be mounted over: ${COVERABLE_PROC_FILES.join(' ')}`;
  throw problem(`${at}/destination`, message);
}

function planMount(
  entry: MountEntry,
  mount: Mount,
  input: PlanInput,
): {sources: readonly Step[]; steps: readonly Step[]} {
  const {slot, sources, steps} = prepareSource(entry, mount, input, (place) => createStep(entry, place, input));
  return {sources, steps: [...steps, ...mountSteps(entry, slot, input)]};
}

function mountSteps(entry: MountEntry, slot: number, input: PlanInput): Step[] {
  if (entry.options.remount) return [remountStep(entry)];
  if (slot !== NO_SLOT || entry.type === 'bind') return [bindStep(entry, slot, input.bundle)];
  if (entry.type === 'cgroup') return cgroupMountSteps(entry, input);
  const substitute = substituteStep(entry, input);
  const step = filesystemStep(entry, substitute !== undefined, input);
  return substitute === undefined ? [step] : [step, substitute];
}

function remountStep({at, target, options}: MountEntry): Step {
  const bind = (options.bind ? MS_BIND : 0) | (options.recursive ? MS_REC : 0);
  return {
    op: 'remount',
    at,
    target,
    flags: BigInt(options.legacySet | bind),
    clearFlags: BigInt(options.legacyClear),
    data: options.data.map(({text}) => text).join(','),
  };
}

function bindStep(entry: MountEntry, slot: number, bundle: string): Step {
  const {at, type, source, target, options} = entry;
  const late = isReadonlyLate(entry) ? MOUNT_ATTR_RDONLY : 0n;
  return {
    op: 'mountBind',
    at,
    source: type === 'bind' ? posix.resolve(bundle, source) : type,
    slot,
    target,
    nofollowSource: options.nofollowSource,
    nofollowTarget: options.nofollowTarget,
    copyLink: options.copyLink,
    instead: false,
    recursive: options.recursive,
    attrSet: options.attributes.set & ~late,
    attrClear: options.attributes.clear,
    recursiveSet: options.recursiveAttributes.set & ~late,
    recursiveClear: options.recursiveAttributes.clear,
    propagation: options.propagation,
  };
}

/** Views of the kernel that have one superblock for many mounts. Making that read-only, and not just the mount, would
 * make it so for every container that shares its network namespace, or for the host. */
const SHARED_SUPERBLOCKS: ReadonlySet<string> = new Set([
  'binfmt_misc',
  'bpf',
  'cgroup',
  'cgroup2',
  'configfs',
  'debugfs',
  'devpts',
  'devtmpfs',
  'efivarfs',
  'fusectl',
  'mqueue',
  'proc',
  'pstore',
  'securityfs',
  'selinuxfs',
  'sysfs',
  'tracefs',
]);

function filesystemStep(entry: MountEntry, yields: boolean, input: PlanInput): Step {
  const {at, target, options} = entry;
  const late = isReadonlyLate(entry) ? MOUNT_ATTR_RDONLY : 0n;
  const {label, ...filesystem} = filesystemOf(entry, input);
  return {
    op: 'mountFilesystem',
    at,
    ...filesystem,
    target,
    attrSet: options.attributes.set & ~late,
    attrClear: options.attributes.clear,
    recursiveSet: options.recursiveAttributes.set & ~late,
    recursiveClear: options.recursiveAttributes.clear,
    legacyFlags: BigInt(options.legacySet & (late === 0n ? -1 : ~MS_RDONLY)),
    propagation: options.propagation,
    copyUp: options.copyUp,
    label,
    yield: yields,
  };
}

/** The same, but mounted nowhere: mountBind does that. */
function createStep(entry: MountEntry, slot: number, input: PlanInput): Step {
  const {at, options} = entry;
  const {type, source, options: parameters, directory} = filesystemOf(entry, input);
  if (directory !== '' || options.copyUp || type === 'cgroup')
    throw problem(`${at}/options`, `a ${type} mount like this cannot be idmapped`);
  return {op: 'openFilesystem', at, slot, type, source, options: parameters};
}

function filesystemOf(entry: MountEntry, input: PlanInput) {
  const {at, type, source, options} = entry;
  const asked = (options.attributes.set & MOUNT_ATTR_RDONLY) !== 0n;
  const readonly = asked && !isReadonlyLate(entry) && !SHARED_SUPERBLOCKS.has(type);
  const data = options.data.map(({text}) => text);
  const label = labelFor(type, data, mountLabel(input));
  const given = [...(readonly ? ['ro'] : []), ...options.superblock, ...data, ...label.options];
  const fitted = fitOptions(type, given, () => input.facts.kernel);
  if (typeof fitted === 'string') throw problem(`${at}/options`, fitted);
  return {type, source: source === '' ? type : source, ...fitted, label: label.label};
}

function wantsReadonly({options}: MountEntry): boolean {
  return ((options.attributes.set | options.recursiveAttributes.set) & MOUNT_ATTR_RDONLY) !== 0n;
}

// Still to be filled: with mount points of later mounts, with device nodes.
function isReadonlyLate(entry: MountEntry): boolean {
  if (entry.type === 'bind' || entry.options.remount || !wantsReadonly(entry)) return false;
  return entry.type === 'tmpfs' || entry.target === '/dev';
}

function finishSteps(entry: MountEntry, later: readonly MountEntry[], input: PlanInput): Step[] {
  const {at, type, target} = entry;
  const cgroupFolder = type === 'cgroup' && input.layout.mode !== 'v2' && !entry.options.remount;
  const late = isReadonlyLate(entry) || (cgroupFolder && wantsReadonly(entry));
  // What lies over it now is another mount, with options of its own; and a remount may have had the last word.
  const overruled = later.some(({options, target: over}) =>
    options.remount ? over === target && (options.legacyClear & MS_RDONLY) !== 0 : isWithin(target, over),
  );
  return late && !overruled ? [{op: 'remountReadonly', at, target}] : [];
}

function problem(pointer: string, message: string): ConfigError {
  return new ConfigError([{pointer, message}]);
}
