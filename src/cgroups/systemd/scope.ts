// The scope of a container: where its cgroup will be, and with which properties systemd makes it.
import {readFileSync} from 'node:fs';
import {posix} from 'node:path';
import {RuntsError} from '../../errors.ts';
import type {LinuxResources} from '../../generated/config.ts';
import {plannedWrites} from '../apply.ts';
import {deviceRules} from '../device-rules.ts';
import {type CgroupLayout, parseLayout} from '../layout.ts';
import {type CgroupRecord, surveyAncestors} from '../record.ts';
import {deviceWrites} from '../v1/devices.ts';
import type {Address} from './addresses.ts';
import {deviceProperties, parseDeviceNames} from './devices.ts';
import {type ScopeName, slicePath} from './names.ts';
import {unitProperties} from './properties.ts';
import {type Property, text, truth} from './property.ts';

/** What the manager that is to have the scope tells of itself. */
export interface ManagerFacts {
  readonly address: Address;
  /** Its own cgroup, absolute: everything that it makes is below. */
  readonly controlGroup: string;
  /** 252 */
  readonly version: number;
}

/** In which hierarchies of cgroup v1 systemd makes the cgroup; in others runts does. */
const MANAGED = ['name=systemd', 'cpu', 'cpuacct', 'memory', 'blkio', 'devices', 'pids', 'unified'];

/** Those cgroups of a scope that systemd will not remove. */
export function unmanagedPart(record: CgroupRecord): CgroupRecord {
  const managed = new Set(MANAGED.map((controller) => record.paths[controller]));
  return {...record, paths: Object.fromEntries(Object.entries(record.paths).filter(([, path]) => !managed.has(path)))};
}

/** The cgroups of a scope that is yet to be started. */
export function resolveScope(
  layout: CgroupLayout,
  {slice, unit}: ScopeName,
  {address: {address, isBus}, controlGroup}: ManagerFacts,
  rootless: boolean,
): CgroupRecord {
  if (rootless && layout.mode !== 'v2') {
    throw new RuntsError(
      '--systemd-cgroup of an ordinary user needs cgroup v2: on v1 no controller can be delegated to him',
    );
  }
  const inner = posix.join('/', controlGroup, slicePath(slice), unit);
  const paths: Record<string, string> = {};
  const ancestors: string[] = [];
  const {hierarchies, unified} = layout;
  const all = [...hierarchies, ...(unified === undefined ? [] : [{...unified, controllers: ['unified']}])];
  for (const {controllers, mountPoint} of all) {
    const directory = posix.join(mountPoint, inner);
    for (const controller of controllers) paths[controller] = directory;
    if (!controllers.some((name) => MANAGED.includes(name)))
      ancestors.push(...surveyAncestors(directory, mountPoint).ours);
  }
  const version = layout.mode === 'v2' ? 2 : 1;
  return {version, paths, ancestors, systemd: {unit, slice, address, isBus}, ...(rootless ? {rootless} : {})};
}

/** What StartTransientUnit is given: what every scope has, then what the user wants of it, then the limits. */
export function scopeProperties(
  id: string,
  pid: number,
  record: CgroupRecord,
  version: number,
  wanted: readonly Property[],
  resources: LinuxResources | undefined,
): Property[] {
  const always: Property[] = [
    ['Description', text(`runts container ${id}`)],
    ['Slice', text(record.systemd?.slice ?? '')],
    ['PIDs', {signature: 'au', value: [pid]}],
    // What is below the scope's cgroup is the container's own.
    ['Delegate', truth(true)],
    // Neither ordered against the units of the boot nor stopped with them before its engine is.
    ['DefaultDependencies', truth(false)],
    ['MemoryAccounting', truth(true)],
    ['CPUAccounting', truth(true)],
    [record.version === 2 ? 'IOAccounting' : 'BlockIOAccounting', truth(true)],
    ['TasksAccounting', truth(true)],
  ];
  // So that one that fails, by an OOM kill say, does not stay.
  if (version >= 236) always.push(['CollectMode', text('inactive-or-failed')]);
  return [...new Map([...always, ...wanted, ...limitProperties(record, version, resources)])];
}

function limitProperties(record: CgroupRecord, version: number, resources: LinuxResources | undefined): Property[] {
  const limits = resources === undefined ? [] : unitProperties(plannedWrites(record, resources), version);
  if (record.version === 2) return limits;
  const names = parseDeviceNames(readFileSync('/proc/devices', 'utf8'));
  return [...limits, ...deviceProperties(deviceWrites(deviceRules(resources?.devices)), names)];
}

/** Throws when a process is not where the limits are going to be: what systemd has done is looked at, not believed. */
export function checkInside(record: CgroupRecord, pid: number): void {
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const {unified, hierarchies} = parseLayout(mountinfo, readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  const own = record.version === 2 ? unified : hierarchies.find(({controllers}) => controllers[0] === 'name=systemd');
  const wanted = record.version === 2 ? record.paths['unified'] : record.paths['name=systemd'];
  const found = own === undefined ? undefined : posix.join(own.mountPoint, own.ownPath);
  if (found === wanted) return;
  throw new RuntsError(
    `systemd has put the container's first process into cgroup ${found}, where its unit is expected in ${wanted}`,
  );
}
