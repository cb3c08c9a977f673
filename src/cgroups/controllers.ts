// cgroup v2: a cgroup has the controllers that each of those above it passes on in cgroup.subtree_control.
import {dirname} from 'node:path';
import {isSyscallError} from '../errors.ts';
import {readControl, writeControl} from './control.ts';

/** Passes every controller that the hierarchy has down to `directory`. One that cannot be passed on (EBUSY: there are
 * processes in between; EACCES: not ours to change) is left out: only a limit that needs it makes that an error, and
 * the refusal of that limit says what is wrong. */
export function enableControllers(directory: string): void {
  const above: {directory: string; enabled: string[]}[] = [];
  for (let parent = dirname(directory); ; parent = dirname(parent)) {
    const enabled = readControl(`${parent}/cgroup.subtree_control`);
    if (enabled === undefined) break;
    above.unshift({directory: parent, enabled: words(enabled)});
  }
  const [root] = above;
  if (root === undefined) return;
  let available = words(readControl(`${root.directory}/cgroup.controllers`) ?? '');
  for (const {directory: parent, enabled} of above) {
    const missing = available.filter((controller) => !enabled.includes(controller));
    const passed = enable(`${parent}/cgroup.subtree_control`, missing);
    available = available.filter((controller) => enabled.includes(controller) || passed.includes(controller));
  }
}

function enable(path: string, controllers: readonly string[]): readonly string[] {
  if (controllers.length === 0) return [];
  const refusal = tryWrite(path, controllers);
  if (refusal === undefined) return controllers;
  // EBUSY: there are processes. Those controllers that can deal with that (cpu, pids) would make the cgroup a threaded
  // domain, below which no container can run at all; none of them is better.
  if (refusal === 'EBUSY') return [];
  // All or nothing in one write, so that one odd controller would keep back the others.
  return controllers.filter((controller) => tryWrite(path, [controller]) === undefined);
}

/** The code of the kernel's refusal, if any. */
function tryWrite(path: string, controllers: readonly string[]): string | undefined {
  try {
    writeControl(path, controllers.map((controller) => `+${controller}`).join(' '));
    return undefined;
  } catch (error) {
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}
