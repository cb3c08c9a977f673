// Stopping and resuming all processes of a container: freezer controller (v1), cgroup.freeze (v2).
import {hasCode, messageOf, RuntsError} from '../errors.ts';
import {readControl, sleep, writeControl} from './control.ts';
import {howToGetCgroup} from './delegation.ts';
import type {CgroupRecord} from './record.ts';

/** Until a freeze is given up, in milliseconds: a process in uninterruptible sleep cannot be frozen. */
const PATIENCE = 10_000;

/** True when the container's processes are stopped, by a freeze of its own cgroup or of one above. */
export function isFrozen(record: CgroupRecord): boolean {
  const file = stateFile(record);
  if (file === undefined) return false;
  const text = readControl(file) ?? '';
  // FREEZING: on the way, or one process resists; what the user asked for is that it be frozen.
  return record.version === 2 ? /^frozen 1$/m.test(text) : text === 'FROZEN' || text === 'FREEZING';
}

/** Stops every process and waits until all have stopped. Throws RuntsError, thawed, when they do not within 10 s. */
export function freeze(record: CgroupRecord): void {
  const file = stateFile(record);
  if (file === undefined)
    throw new RuntsError(`cannot freeze: the container has no cgroup with a freezer${cure(record)}`);
  const deadline = Date.now() + PATIENCE;
  for (let attempt = 0; ; attempt++) {
    if (attempt === 0 || record.version === 1) setState(record, true);
    const text = readControl(file);
    if (text === undefined) throw new RuntsError(`cannot freeze: cgroup file ${file} is gone`);
    if (record.version === 2 ? /^frozen 1$/m.test(text) : text === 'FROZEN') return;
    if (Date.now() > deadline) break;
    // On v1 a process may wait for one that is frozen already (vfork): only letting all go on resolves that.
    if (record.version === 1 && attempt % 50 === 49) setState(record, false);
    sleep(attempt < 20 ? 0.05 : 1);
  }
  setState(record, false);
  throw new RuntsError(
    `cannot freeze: some process of cgroup ${directoryOf(record)} did not stop within ${PATIENCE / 1000} s`,
  );
}

const cure = ({rootless, version}: CgroupRecord): string => (rootless === true ? `: ${howToGetCgroup(version)}` : '');

/** Lets the processes go on. Fine when they do already, or when the cgroup is gone. */
export function thaw(record: CgroupRecord): void {
  if (stateFile(record) === undefined) return;
  try {
    setState(record, false);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENODEV')) throw new RuntsError(`cannot thaw: ${messageOf(error)}`, {cause: error});
  }
}

function setState(record: CgroupRecord, frozen: boolean): void {
  const directory = directoryOf(record);
  if (record.version === 2) writeControl(`${directory}/cgroup.freeze`, frozen ? '1' : '0');
  else writeControl(`${directory}/freezer.state`, frozen ? 'FROZEN' : 'THAWED');
}

function stateFile(record: CgroupRecord): string | undefined {
  const directory = directoryOf(record);
  if (directory === undefined) return undefined;
  return `${directory}/${record.version === 2 ? 'cgroup.events' : 'freezer.state'}`;
}

function directoryOf(record: CgroupRecord): string | undefined {
  return record.version === 2 ? record.paths.unified : record.paths.freezer;
}
