// Starting, changing and ending the scope of a container.
import {RuntsError} from '../../errors.ts';
import {type Manager, Refusal, SilenceError} from './manager.ts';
import type {Property} from './property.ts';

/** Starts a transient unit. Throws RuntsError: a Refusal when it was not even begun. */
export function startUnit(manager: Manager, unit: string, properties: readonly Property[]): void {
  const start = (): string => manager.job('StartTransientUnit', 'ssa(sv)a(sa(sv))', [unit, 'fail', properties, []]);
  let result: string;
  try {
    result = start();
  } catch (error) {
    if (!isRefused(error, 'UnitExists')) throw described(error, `unable to start unit "${unit}"`);
    // One that has failed stays until it is told to go; then this one can have the name.
    resetFailed(manager, unit);
    try {
      result = start();
    } catch (again) {
      throw described(again, `unable to start unit "${unit}"`);
    }
  }
  if (result !== 'done') throw new RuntsError(`unable to start unit "${unit}": its job has ended as "${result}"`);
}

/** Changes properties until the unit ends. */
export function setProperties(manager: Manager, unit: string, properties: readonly Property[]): void {
  if (properties.length === 0) return;
  try {
    manager.call('SetUnitProperties', 'sba(sv)', [unit, true, properties]);
  } catch (error) {
    throw described(error, `unable to set unit properties of "${unit}"`);
  }
}

/** Moves a process into the cgroup of a unit, or one below it: "" or "/below". */
export function attachProcess(manager: Manager, unit: string, below: string, pid: number): void {
  try {
    manager.call('AttachProcessesToUnit', 'ssau', [unit, below, [pid]]);
  } catch (error) {
    throw described(error, `unable to move process ${pid} into unit "${unit}"`);
  }
}

/** Ends a unit, so that nothing of it is left; fine when there is none. */
export function endUnit(manager: Manager, unit: string): void {
  try {
    manager.job('StopUnit', 'ss', [unit, 'replace']);
  } catch (error) {
    if (!isRefused(error, 'NoSuchUnit')) throw described(error, `unable to stop unit "${unit}"`);
    return;
  }
  resetFailed(manager, unit);
}

/** A failed unit is kept for its status, and its name taken, until this. */
export function resetFailed(manager: Manager, unit: string): void {
  try {
    manager.call('ResetFailedUnit', 's', [unit]);
  } catch (error) {
    if (!isRefused(error, 'NoSuchUnit')) throw described(error, `unable to reset unit "${unit}"`);
  }
}

export function isRefused(error: unknown, reason: string): error is Refusal {
  return error instanceof Refusal && error.reason === reason;
}

function described(error: unknown, what: string): unknown {
  if (error instanceof Refusal) return new Refusal(`${what}: ${error.message}`, error.reason);
  if (error instanceof SilenceError) return new SilenceError(`${what}: ${error.message}`, {cause: error});
  return error;
}
