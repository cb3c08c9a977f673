// linux.resources (but devices) -> writes to the files of cgroups, each controller as the version that it is on wants it.
import type {LinuxResources} from '../generated/config.ts';
import {cpusetWrites, cpusetWritesV2} from './cpuset.ts';
import {hugetlbWrites} from './hugetlb.ts';
import {pidsWrites} from './pids.ts';
import {rdmaWrites} from './rdma.ts';
import {blkioWrites} from './v1/blkio.ts';
import * as v1Cpu from './v1/cpu.ts';
import * as v1Memory from './v1/memory.ts';
import {networkWrites} from './v1/network.ts';
import * as v2Cpu from './v2/cpu.ts';
import {ioWrites} from './v2/io.ts';
import * as v2Memory from './v2/memory.ts';
import {refuseNetwork} from './v2/network.ts';
import {unifiedWrites} from './v2/unified.ts';
import type {CgroupWrite, Warn} from './write.ts';

type Writer<K extends keyof LinuxResources> = (asked: NonNullable<LinuxResources[K]>, warn: Warn) => CgroupWrite[];

/** The version that a controller is on, by its names on v1 and on v2. */
export type VersionOf = (v1: string, v2?: string) => 1 | 2;

/** The writes of one family are in order; families do not depend on each other. `warnings` name what has no effect. */
export interface ResourceWrites {
  readonly families: readonly (readonly CgroupWrite[])[];
  readonly warnings: readonly string[];
}

type Family = (resources: LinuxResources, versionOf: VersionOf, warn: Warn) => CgroupWrite[];

function family<K extends keyof LinuxResources>(
  property: K,
  names: readonly [v1: string, v2?: string],
  v1: Writer<K>,
  v2 = v1,
): Family {
  // Engines send empty objects, and where a controller is may be a matter of reading files.
  return ({[property]: asked}, versionOf, warn) =>
    asked === undefined || isEmpty(asked) ? [] : (versionOf(...names) === 2 ? v2 : v1)(asked, warn);
}

const families: readonly Family[] = [
  family('cpu', ['cpuset'], cpusetWrites, cpusetWritesV2),
  family('memory', ['memory'], v1Memory.memoryWrites, v2Memory.memoryWrites),
  family('cpu', ['cpu'], v1Cpu.cpuWrites, v2Cpu.cpuWrites),
  family('pids', ['pids'], pidsWrites),
  family('blockIO', ['blkio', 'io'], blkioWrites, ioWrites),
  family(
    'hugepageLimits',
    ['hugetlb'],
    (limits) => hugetlbWrites(limits, 1),
    (limits) => hugetlbWrites(limits, 2),
  ),
  family('network', ['net_cls'], networkWrites, refuseNetwork),
  family('rdma', ['rdma'], rdmaWrites),
  ({unified = {}}, versionOf) => unifiedWrites(unified, versionOf),
];

/** Throws ConfigError for what the version at hand cannot do. */
export function resourceWrites(resources: LinuxResources, versionOf: VersionOf): ResourceWrites {
  const warnings: string[] = [];
  const warn: Warn = (pointer, message) => warnings.push(`config.json#${pointer}: ${message}; ignoring it`);
  return {families: families.map((write) => write(resources, versionOf, warn)), warnings};
}

function isEmpty(asked: object): boolean {
  return Object.keys(asked).length === 0;
}
