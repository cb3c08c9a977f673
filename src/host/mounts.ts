// The mounts of the mount namespace that the runtime is in.
import {readFileSync} from 'node:fs';

import {unescapeOctal} from '../cgroups/layout.ts';
import type {Native} from '../native.ts';

/** How many mounts lie on this directory, one over the other, by a text of /proc/self/mountinfo. */
export function mountsAt(path: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): number {
  return mountinfo.split('\n').filter((line) => unescapeOctal(line.split(' ')[4] ?? '') === path).length;
}

/** Takes mounts from this directory, with all that is mounted below them, until `keep` are left. */
export function detachMounts(native: Pick<Native, 'detachMount'>, path: string, keep: number): void {
  for (let count = mountsAt(path); count > keep; count--) native.detachMount(path);
}
