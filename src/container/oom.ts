// Whether the kernel's OOM killer was at work in a container's cgroup: it explains a first process that ends by SIGKILL.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

import type {CgroupRecord} from '../cgroups/record.ts';

export function wasOomKilled({version, paths}: CgroupRecord): boolean {
  const directory = version === 2 ? paths['unified'] : paths['memory'];
  if (directory === undefined) return false;
  try {
    // Both files have a line "oom_kill N" (v1: since Linux 4.13).
    const text = readFileSync(join(directory, version === 2 ? 'memory.events' : 'memory.oom_control'), 'latin1');
    return /^oom_kill [1-9]/m.test(text);
  } catch {
    // No memory controller, or the cgroup is gone: nothing is known.
    return false;
  }
}
