// Where resctrl, the kernel's interface to cache and memory bandwidth allocation, is mounted.
// Documentation/filesystems/resctrl.rst of the kernel.
import {readFileSync} from 'node:fs';
import {unescapeOctal} from '../cgroups/layout.ts';

/** Its first mount point in a text of /proc/self/mountinfo, or undefined. */
export function findResctrl(mountinfo: string): string | undefined {
  const line = mountinfo.split('\n').find((candidate) => candidate.includes(' - resctrl '));
  const mountPoint = line?.split(' ')[4];
  return mountPoint === undefined ? undefined : unescapeOctal(mountPoint);
}

/** Why there is none, and what to do about it. `filesystems` is the text of /proc/filesystems. */
export function withoutResctrl(filesystems: string): string {
  return /^nodev\tresctrl$/m.test(filesystems)
    ? 'resctrl is not mounted: mount -t resctrl resctrl /sys/fs/resctrl'
    : 'there is no resctrl here: it takes a kernel with CONFIG_X86_CPU_RESCTRL and a CPU with cat_l3, mba or cqm';
}

/** The kernel's reason for the last refusal, or ''. */
export function lastStatus(root: string): string {
  try {
    const text = readFileSync(`${root}/info/last_cmd_status`, 'utf8').trim();
    return text === 'ok' ? '' : text;
  } catch {
    return ''; // only ever an addition to an errno
  }
}
