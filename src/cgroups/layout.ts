// Which cgroup hierarchies this process sees, where they are mounted and where in them it is itself.
import {readFileSync} from 'node:fs';

export interface Hierarchy {
  /** As the kernel names them: 'memory', or both of 'cpu' and 'cpuacct' when they are mounted together, 'name=systemd'. */
  readonly controllers: readonly string[];
  readonly mountPoint: string;
  /** Our own cgroup below mountPoint; "/" when it is the mount itself, or when it cannot be seen through this mount. */
  readonly ownPath: string;
}

export interface CgroupLayout {
  /** hybrid: controllers on v1 and an (often empty) v2 hierarchy beside them. */
  readonly mode: 'v1' | 'hybrid' | 'v2';
  /** The v1 hierarchies; none on v2. Of the named ones only name=systemd, as engines expect. */
  readonly hierarchies: readonly Hierarchy[];
  readonly unified?: {readonly mountPoint: string; readonly ownPath: string};
}

/** Reads /proc/self/mountinfo, and in which cgroups the caller is, from /proc/PID/cgroup. Throws what fs throws when there is
 * no /proc. */
export function readLayout({pid}: {readonly pid?: number} = {}): CgroupLayout {
  const own = readFileSync(`/proc/${pid ?? 'self'}/cgroup`, 'utf8');
  return parseLayout(readFileSync('/proc/self/mountinfo', 'utf8'), own);
}

/** The layout as told by the texts of /proc/self/mountinfo (proc_pid_mountinfo(5)) and /proc/self/cgroup (cgroups(7)). */
export function parseLayout(mountinfo: string, selfCgroup: string): CgroupLayout {
  const mounts = cgroupMounts(mountinfo);
  const hierarchies: Hierarchy[] = [];
  let unified: CgroupLayout['unified'];
  for (const line of selfCgroup.split('\n')) {
    const [, names, own] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names === undefined || own === undefined) continue;
    if (names === '') {
      const mount = preferred(mounts.filter(({type}) => type === 'cgroup2'));
      if (mount !== undefined) unified = {mountPoint: mount.mountPoint, ownPath: pathBelow(mount.root, own)};
      continue;
    }
    if (names.startsWith('name=') && names !== 'name=systemd') continue;
    const controllers = names.split(',');
    const holds = ({type, options}: CgroupMount): boolean =>
      type === 'cgroup' && controllers.every((controller) => options.includes(controller));
    const mount = preferred(mounts.filter(holds));
    if (mount === undefined) continue;
    hierarchies.push({controllers, mountPoint: mount.mountPoint, ownPath: pathBelow(mount.root, own)});
  }
  // Some hosts with v2 mount name=systemd as v1 for old software: that alone does not make them hybrid.
  const onV1 = hierarchies.some(({controllers}) => !controllers[0]?.startsWith('name='));
  if (unified === undefined) return {mode: 'v1', hierarchies};
  return onV1 ? {mode: 'hybrid', hierarchies, unified} : {mode: 'v2', hierarchies: [], unified};
}

interface CgroupMount {
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
}

function cgroupMounts(mountinfo: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of mountinfo.split('\n')) {
    // Hosts have thousands of mounts and a dozen of these: look before splitting.
    const dash = line.indexOf(' - cgroup');
    if (dash < 0) continue;
    const [type, , options] = line.slice(dash + 3).split(' ');
    const [, , , root, mountPoint] = line.split(' ');
    if (root === undefined || mountPoint === undefined || type === undefined) continue;
    mounts.push({
      root: unescapeOctal(root),
      mountPoint: unescapeOctal(mountPoint),
      type,
      options: options?.split(',') ?? [],
    });
  }
  return mounts;
}

/** The conventional place before any other (engines bind hierarchies into odd ones), the topmost of stacked mounts. */
function preferred(mounts: readonly CgroupMount[]): CgroupMount | undefined {
  return mounts.findLast(({mountPoint}) => /^\/sys\/fs\/cgroup(\/|$)/.test(mountPoint)) ?? mounts[0];
}

/** Where `own` (from /proc/self/cgroup) is below a mount whose root is `root` (from mountinfo). In a container without
 * a cgroup namespace both are host paths and the mount shows only root's subtree. Paths with ".." are outside of our
 * cgroup namespace, and nothing below the mount is known to be ours: "/". */
function pathBelow(root: string, own: string): string {
  if (own.startsWith('/..') || root.startsWith('/..')) return '/';
  if (root === '/') return own;
  return own.startsWith(`${root}/`) ? own.slice(root.length) : '/';
}

/** mountinfo writes blanks, tabs, newlines and backslashes as \ooo. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
