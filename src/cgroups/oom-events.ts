// Hearing of the OOM killer at work in a cgroup: an eventfd on v1, inotify on v2.
import {closeSync, type FSWatcher, openSync, read, watch} from 'node:fs';
import {messageOf, RuntsError} from '../errors.ts';
import type {Native} from '../native.ts';
import {readControl, writeControl} from './control.ts';
import type {CgroupRecord} from './record.ts';
import {readTable} from './stat-files.ts';

/** Calls `onOom` each time that the container runs out of memory, until the returned function is called. Throws RuntsError
 * when the cgroup has no memory controller. */
export function watchOom(record: CgroupRecord, native: Pick<Native, 'eventfd'>, onOom: () => void): () => void {
  const directory = record.version === 2 ? record.paths['unified'] : record.paths['memory'];
  if (directory === undefined) throw new RuntsError('the container has no cgroup with a memory controller');
  return record.version === 2 ? watchEvents(directory, onOom) : watchControl(directory, native, onOom);
}

/** memory.events of cgroup v2 can be watched with inotify(7). */
function watchEvents(directory: string, onOom: () => void): () => void {
  const kills = (): bigint => readTable(directory, 'memory.events')['oom_kill'] ?? 0n;
  let seen = kills();
  let watcher: FSWatcher;
  try {
    watcher = watch(`${directory}/memory.events`);
  } catch (error) {
    throw new RuntsError(`cannot watch memory.events of cgroup ${directory}: ${messageOf(error)}`, {cause: error});
  }
  watcher.on('change', () => {
    const now = kills();
    if (now > seen) onOom();
    seen = now;
  });
  // The cgroup is gone: whoever waits for the container's end will hear of that, too.
  watcher.on('error', () => {});
  return () => watcher.close();
}

/** Documentation/admin-guide/cgroup-v1/memory.rst, 10: "<eventfd> <fd of memory.oom_control>" into cgroup.event_control. */
function watchControl(directory: string, native: Pick<Native, 'eventfd'>, onOom: () => void): () => void {
  const eventfd = native.eventfd();
  const control = openSync(`${directory}/memory.oom_control`, 'r');
  writeControl(`${directory}/cgroup.event_control`, `${eventfd} ${control}`);
  let open = true;
  const count = Buffer.alloc(8);
  const next = (): void => {
    read(eventfd, count, 0, count.length, null, (error) => {
      // The removal of the cgroup is an event as well.
      if (!open || error !== null || readControl(`${directory}/memory.oom_control`) === undefined) return;
      onOom();
      next();
    });
  };
  next();
  return () => {
    open = false;
    closeSync(control);
  };
}
