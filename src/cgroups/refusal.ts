// Why a limit is not in force, and what to do about it.
import {existsSync} from 'node:fs';
import {dirname} from 'node:path';
import {ConfigError, errnoText, isSyscallError} from '../errors.ts';
import {readControl} from './control.ts';
import {howToGetCgroup, howToGetController, READONLY} from './delegation.ts';
import type {CgroupRecord} from './record.ts';
import type {CgroupWrite} from './write.ts';

/** A refused write as an error about the config property, with what is likely wrong. */
export function refusal(write: CgroupWrite, file: string, value: string, directory: string, error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  const hint = hintFor(write, file, directory, error.code);
  const message = `write ${value} to ${file} of cgroup ${directory}: ${errnoText(error.errno)}${hint ? `: ${hint}` : ''}`;
  return new ConfigError([{pointer: write.pointer, message}]);
}

/** A write that the kernel took, and did something else. */
export function clamped(
  {pointer}: CgroupWrite,
  file: string,
  value: string,
  effective: string,
  directory: string,
): ConfigError {
  const hint = file.startsWith('cpuset.') ? `: ${cpusetHint(file, directory)}` : '';
  const message = `write ${value} to ${file} of cgroup ${directory}: the kernel made it ${listed(effective)}${hint}`;
  return new ConfigError([{pointer, message}]);
}

/** A limit of a controller that the container has no cgroup of. */
export function noCgroup({pointer, controller}: CgroupWrite, {rootless, version, paths}: CgroupRecord): ConfigError {
  const message =
    rootless === true
      ? `rootless needs no limits + no cgrouppath when no permission is granted for cgroups: cannot set ${controller} limit: container could not join or create cgroup: ${howToGetCgroup(version)}`
      : (missingOnHybrid(controller, version, paths['unified']) ?? missingOnHost(controller));
  return new ConfigError([{pointer, message}]);
}

function hintFor({controller, value}: CgroupWrite, file: string, directory: string, code: string): string | undefined {
  // A file that is not there: opening it for writing in a cgroup gives any of these.
  const missing = ['ENOENT', 'EACCES', 'EPERM'].includes(code) && !existsSync(`${directory}/${file}`);
  if (missing) return missingController(controller, directory) ?? missingFile(file);
  if (file.startsWith('memory.') && (code === 'EBUSY' || code === 'EINVAL')) return memoryHint(file, directory);
  if (file.startsWith('cpuset.')) return cpusetHint(file, directory);
  if (file === 'devices.allow' && code === 'EPERM') {
    return `the cgroup above has no such right: ${listed(readControl(`${dirname(directory)}/devices.list`))}`;
  }
  if (code === 'EROFS') return READONLY;
  if (code === 'EACCES' || code === 'EPERM')
    return `this user may not change it: ${howToGetCgroup(versionOf(directory))}`;
  return hints.find(({files, codes}) => files.test(file) && codes.includes(code))?.hint(directory, value);
}

/** Only v2 has it. */
const versionOf = (directory: string): 1 | 2 => (existsSync(`${directory}/cgroup.controllers`) ? 2 : 1);

interface Hint {
  readonly files: RegExp;
  readonly codes: readonly string[];
  readonly hint: (directory: string, value: string) => string;
}

const hints: readonly Hint[] = [
  {
    files: /^cpu\.rt_/,
    codes: ['EINVAL'],
    hint: (directory) =>
      `more than the cgroup above has left of its cpu.rt_runtime_us, which is ${realtimeOf(dirname(directory))} us: raise it there first`,
  },
  {
    files: /^cpu\.(cfs|max)/,
    codes: ['EINVAL'],
    hint: () => 'periods are 1000 to 1000000 us, quotas at least 1000 us and within that of the cgroup above',
  },
  {
    files: /^pids\.max$/,
    codes: ['EINVAL'],
    hint: () => 'Linux has 4194304 pids at most; -1 is unlimited',
  },
  {
    files: /^rdma\.max$/,
    codes: ['ENODEV', 'EINVAL'],
    hint: () => 'there is no such RDMA device (see /sys/class/infiniband), or the number is above 2147483647',
  },
  {
    files: /^net_prio\.ifpriomap$/,
    codes: ['ENODEV'],
    hint: () => 'there is no such network interface in the network namespace of runts',
  },
  {
    files: /^(io|blkio)\..*weight/,
    codes: ['EOPNOTSUPP', 'ENOTSUP'],
    hint: (_, value) => `the device has no I/O scheduler with weights: echo bfq >${schedulerOf(value)}`,
  },
  {files: /^(io|blkio)\./, codes: ['ENODEV', 'ENXIO'], hint: () => 'there is no such block device'},
];

function realtimeOf(directory: string): string {
  const [runtime, period] = ['runtime', 'period'].map((name) => readControl(`${directory}/cpu.rt_${name}_us`));
  return `${runtime} of each ${period}`;
}

/** The file of the device that a line "8:0 100" is about. */
function schedulerOf(line: string): string {
  return `/sys/dev/block/${line.split(' ')[0]}/queue/scheduler`;
}

/** On v2: why the controller is not there, which is decided somewhere on the way from the root. */
function missingController(controller: string, directory: string): string | undefined {
  const has = (text: string | undefined): boolean => text?.split(' ').includes(controller) ?? false;
  const own = readControl(`${directory}/cgroup.controllers`);
  if (own === undefined || has(own) || controller === 'cgroup') return undefined;
  let above = dirname(directory);
  for (; ; above = dirname(above)) {
    const offered = readControl(`${above}/cgroup.controllers`);
    if (offered === undefined) return missingOnHost(controller);
    if (has(offered)) break;
  }
  const residents =
    readControl(`${above}/cgroup.procs`)
      ?.split('\n')
      .filter((line) => line !== '').length ?? 0;
  const isRoot = readControl(`${above}/cgroup.type`) === undefined;
  const why =
    residents > 0 && !isRoot
      ? `, because ${residents} process(es) are in ${above} itself (cgroup v2 wants processes in leaves only)`
      : '';
  const cure = why === '' ? howToGetController(controller, above) : undefined;
  return `controller "${controller}" is not enabled in ${above}/cgroup.subtree_control${why}${cure === undefined ? '' : `: ${cure}`}`;
}

/** On hybrid hosts the v2 hierarchy may have what those of v1 do not. */
function missingOnHybrid(controller: string, version: 1 | 2, unified: string | undefined): string | undefined {
  if (version === 2 || unified === undefined) return undefined;
  const hint = missingController(controller, unified);
  return hint?.startsWith('controller') ? hint : undefined;
}

/** The controllers of the specification as the kernel's build configuration has them. */
const OPTIONS: Readonly<Record<string, string>> = {
  blkio: 'BLK_CGROUP',
  cpu: 'CGROUP_SCHED',
  cpuset: 'CPUSETS',
  devices: 'CGROUP_DEVICE',
  hugetlb: 'CGROUP_HUGETLB',
  io: 'BLK_CGROUP',
  memory: 'MEMCG',
  net_cls: 'CGROUP_NET_CLASSID',
  net_prio: 'CGROUP_NET_PRIO',
  pids: 'CGROUP_PIDS',
  rdma: 'CGROUP_RDMA',
};

/** No hierarchy has it: is it in the kernel at all, is it switched off, or is it only not mounted? */
function missingOnHost(controller: string): string {
  // Lines of name, hierarchy, number of cgroups, enabled (cgroups(7)); "io" of v2 is "blkio" here.
  const name = controller === 'io' ? 'blkio' : controller;
  const line = readControl('/proc/cgroups')
    ?.split('\n')
    .map((text) => text.split(/\s+/))
    .find(([known]) => known === name);
  if (line === undefined) {
    const option = OPTIONS[controller];
    return `this kernel has no controller "${controller}"${option === undefined ? '' : ` (CONFIG_${option})`}`;
  }
  if (line[3] === '0')
    return `the controller "${controller}" is switched off (cgroup_disable= on the kernel command line)`;
  if (line[1] !== '0') return `the cgroup v1 hierarchy of the controller "${controller}" is not mounted here`;
  const where = `/sys/fs/cgroup/${controller}`;
  return `the controller "${controller}" is not mounted on this host: mkdir ${where} && mount -t cgroup -o ${controller} cgroup ${where}`;
}

function missingFile(file: string): string {
  if (/memsw|swap/.test(file)) return 'the kernel does not account for swap (boot with swapaccount=1)';
  if (/weight/.test(file)) return 'no I/O scheduler with weights (bfq) or cost model is in this kernel';
  if (/^hugetlb/.test(file)) return 'this machine has no huge pages of that size: see /sys/kernel/mm/hugepages';
  if (/^cpu\.rt_/.test(file)) return 'this kernel has no realtime group scheduling (CONFIG_RT_GROUP_SCHED)';
  return 'this kernel has no such control';
}

function memoryHint(file: string, directory: string): string | undefined {
  const usage = readControl(`${directory}/memory.usage_in_bytes`) ?? readControl(`${directory}/memory.current`);
  if (file === 'memory.memsw.limit_in_bytes') {
    const limit = readControl(`${directory}/memory.limit_in_bytes`);
    return `it is memory+swap, and cannot be below the memory limit (${limit}) or what is in use (${usage})`;
  }
  return usage === undefined ? undefined : `in use are ${usage} bytes`;
}

function cpusetHint(file: string, directory: string): string {
  const above = dirname(directory);
  const offered = readControl(`${above}/${file}.effective`) ?? readControl(`${above}/${file}`);
  return `the cgroup above has ${file} ${listed(offered)}`;
}

function listed(text: string | undefined): string {
  return text === undefined || text === '' ? 'none' : text.replaceAll('\n', ', ');
}
