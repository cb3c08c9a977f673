// Slices that systemd makes because a scope names them stay when the scope is gone, empty, for ever.
import {posix} from 'node:path';
import {children, processesBelow} from '../processes.ts';
import type {CgroupRecord} from '../record.ts';
import type {Manager} from './manager.ts';
import {slicesOf} from './names.ts';
import {isRefused} from './unit.ts';

/** They come with systemd. */
const PERMANENT = ['system.slice', 'user.slice', 'machine.slice'];

/** Stops the slices above a scope that has ended, the innermost first, as long as nothing is in them. Those that somebody has
 * configured, or made, are left alone: they are not there for the scope alone. */
export function endEmptySlices(manager: Manager, record: CgroupRecord): void {
  let directory = record.version === 2 ? record.paths['unified'] : record.paths['name=systemd'];
  for (const slice of slicesOf(record.systemd?.slice ?? '-.slice').reverse()) {
    if (directory === undefined || PERMANENT.includes(slice)) return;
    directory = posix.dirname(directory);
    if (children(directory).length > 0 || processesBelow(directory).length > 0 || !isImplicit(manager, slice)) return;
    try {
      // Were a scope just starting in there, it would be stopped with its slice, but for this mode.
      manager.job('StopUnit', 'ss', [slice, 'ignore-dependencies']);
    } catch (error) {
      if (!isRefused(error, 'NoSuchUnit')) throw error;
    }
  }
}

/** In no file, and of no caller's making. */
function isImplicit(manager: Manager, slice: string): boolean {
  let path: string;
  try {
    path = String(manager.call('GetUnit', 's', [slice])[0]);
  } catch (error) {
    if (isRefused(error, 'NoSuchUnit')) return true;
    throw error;
  }
  const dropIns = manager.unitProperty(path, 'Unit', 'DropInPaths');
  return manager.unitProperty(path, 'Unit', 'FragmentPath') === '' && Array.isArray(dropIns) && dropIns.length === 0;
}
