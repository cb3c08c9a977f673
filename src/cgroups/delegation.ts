// What an ordinary user lacks who has no cgroups, or not all controllers, and how he gets them.
import {accessSync, constants, existsSync} from 'node:fs';

/** What a container has to say of its cgroup filesystem. */
export const READONLY =
  'the cgroup filesystem is mounted read-only, as in containers: have the one around runts mount it read-write; without limits and cgroupsPath, --rootless=true goes without a cgroup';

/** How to come to a cgroup of one's own. */
export function howToGetCgroup(version: 1 | 2): string {
  if (version === 1) {
    return 'cgroup v1 is not delegated to users: boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1), or have root make a directory for the user in each hierarchy (mkdir, chown) and start the program there';
  }
  return hasSystemd()
    ? 'start it in a cgroup that systemd delegates to the user: systemd-run --user --scope --property=Delegate=yes runts ..'
    : 'have root make a cgroup for the user (mkdir, then chown it and its cgroup.procs, cgroup.threads and cgroup.subtree_control), and start the program in one below that';
}

/** How to come to a controller that `directory` has and does not pass on; undefined: the user himself could do that. */
export function howToGetController(controller: string, directory: string): string | undefined {
  const file = `${directory}/cgroup.subtree_control`;
  if (mayWrite(file)) return undefined;
  if (!hasSystemd()) return `this user may not change that: echo +${controller} >${file} (as root)`;
  return `it is not delegated to this user: put "[Service]" and "Delegate=cpu cpuset io memory pids" (what the user is to have, "${controller}" among it) into /etc/systemd/system/user@.service.d/delegate.conf, and after systemctl daemon-reload log in anew`;
}

/** sd_booted(3) */
const hasSystemd = (): boolean => existsSync('/run/systemd/system');

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
