// The systemd cgroup driver: cgroups that systemd makes, as scopes, and keeps an eye on.
import {existsSync} from 'node:fs';
import type {Context} from '../../context.ts';
import {RuntsError} from '../../errors.ts';
import type {LinuxResources} from '../../generated/config.ts';
import {plannedWrites} from '../apply.ts';
import type {CgroupRecord} from '../record.ts';
import {awaitEmpty, removeCgroup} from '../remove.ts';
import {systemAddresses, userAddresses} from './addresses.ts';
import {Manager} from './manager.ts';
import {unitProperties} from './properties.ts';
import {type ManagerFacts, unmanagedPart} from './scope.ts';
import {endEmptySlices} from './slices.ts';
import {attachProcess, endUnit, setProperties} from './unit.ts';

export {annotatedProperties} from './annotations.ts';
export {Refusal, SilenceError} from './manager.ts';
export {scopeName} from './names.ts';
export {type ManagerFacts, checkInside, resolveScope, scopeProperties} from './scope.ts';
export {startUnit} from './unit.ts';

type ManagerContext = Pick<Context, 'libexec' | 'env' | 'rootless'>;

/** Connects to the manager that is to have new scopes: the system's, or that of a user without the host's root. The caller closes it. */
export function openManager({libexec, env, rootless}: ManagerContext): Manager {
  if (!existsSync('/run/systemd/system')) {
    throw new RuntsError('systemd not running on this host, cannot use systemd cgroups manager');
  }
  return rootless ? Manager.open(libexec, userAddresses(env), USER_HINT) : Manager.open(libexec, systemAddresses(env));
}

const USER_HINT =
  ': the systemd of this user is found through XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS, which a login sets; for a user who ' +
  'is not logged in, loginctl enable-linger starts it';

/** What is to be known before a scope can be placed. */
export function readManagerFacts(manager: Manager): ManagerFacts {
  const [version] = /\d+/.exec(String(manager.property('Version'))) ?? [];
  return {
    address: manager.address,
    controlGroup: String(manager.property('ControlGroup')),
    version: Number(version ?? 0),
  };
}

/** Tells systemd of limits that have changed. */
export function updateScope(libexec: string, record: CgroupRecord, resources: LinuxResources): void {
  withManager(libexec, record, (manager, unit) => {
    const {version} = readManagerFacts(manager);
    setProperties(manager, unit, unitProperties(plannedWrites(record, resources), version));
  });
}

/** Has systemd move a process into the scope of `record`, or into `target`, a cgroup below that. */
export function attachToScope(libexec: string, record: CgroupRecord, target: CgroupRecord, pid: number): void {
  const [scope = '', directory = ''] = [record.paths['unified'], target.paths['unified']];
  withManager(libexec, record, (manager, unit) => attachProcess(manager, unit, directory.slice(scope.length), pid));
}

/** Ends the unit of a cgroup that has no processes any more, and removes what is left of both, with the slices that were there
 * for it alone. When systemd cannot be reached, its part of the cgroup is left to it: were that removed behind its back, it would
 * take the unit for active for ever. */
export function endScope(libexec: string, record: CgroupRecord): void {
  awaitEmpty(record);
  orWithoutIt(record, () => withManager(libexec, record, (manager) => endUnitAndCgroup(manager, record)));
}

/** As endScope, over a connection that is there. */
export function endUnitAndCgroup(manager: Manager, record: CgroupRecord): void {
  const {systemd} = record;
  if (systemd === undefined) return;
  awaitEmpty(record);
  orWithoutIt(record, () => endUnit(manager, systemd.unit));
  removeCgroup(record);
  endEmptySlices(manager, record);
}

function orWithoutIt(record: CgroupRecord, action: () => void): void {
  try {
    action();
  } catch (error) {
    removeCgroup(unmanagedPart(record));
    throw error;
  }
}

function withManager(libexec: string, {systemd}: CgroupRecord, action: (manager: Manager, unit: string) => void): void {
  if (systemd === undefined) return;
  const manager = Manager.open(libexec, [systemd]);
  try {
    action(manager, systemd.unit);
  } finally {
    manager.close();
  }
}
