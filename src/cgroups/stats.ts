// What a cgroup has used, in the shape that `events` prints: keys and omissions are runc's, as monitoring tools know them.
// An `undefined` is left out of the JSON.
import type {CgroupRecord} from './record.ts';
import {readStatsV1} from './v1/stats.ts';
import {readStatsV2} from './v2/stats.ts';

export interface Stats {
  readonly cpu: {
    readonly usage: CpuUsage;
    readonly throttling: {
      readonly periods: Counter;
      readonly throttledPeriods: Counter;
      /** Nanoseconds. */
      readonly throttledTime: Counter;
    };
    readonly psi?: Pressure | undefined;
  };
  readonly cpuset: Readonly<Record<string, bigint | readonly number[] | undefined>>;
  readonly memory: {
    readonly cache: Counter;
    readonly usage: MemoryUsage;
    /** Memory and swap together. */
    readonly swap: MemoryUsage;
    readonly kernel: MemoryUsage;
    readonly kernelTCP: MemoryUsage;
    /** memory.stat as it is. */
    readonly raw: Readonly<Record<string, bigint>> | undefined;
    readonly psi?: Pressure | undefined;
  };
  readonly pids: {readonly current: Counter; readonly limit: Counter};
  readonly blkio: Readonly<Partial<Record<BlkioTable, readonly BlkioEntry[]>>> & {readonly psi?: Pressure | undefined};
  readonly hugetlb: Readonly<Record<string, HugetlbUsage>>;
  readonly intel_rdt: Readonly<Record<string, never>>;
  /** Of interfaces that the runtime has made: none. */
  readonly network_interfaces: null;
}

/** A zero is left out. */
export type Counter = bigint | undefined;

/** Nanoseconds. */
export interface CpuUsage {
  readonly total: Counter;
  readonly percpu?: readonly bigint[] | undefined;
  readonly percpu_kernel?: readonly bigint[] | undefined;
  readonly percpu_user?: readonly bigint[] | undefined;
  readonly kernel: bigint;
  readonly user: bigint;
}

/** Bytes; no limit is the largest number that the kernel has for it. */
export interface MemoryUsage {
  readonly limit: bigint;
  readonly usage: Counter;
  readonly max: Counter;
  readonly failcnt: bigint;
}

export interface HugetlbUsage {
  readonly usage: Counter;
  readonly max: Counter;
  readonly failcnt: bigint;
}

export type BlkioTable =
  | 'ioServiceBytesRecursive'
  | 'ioServicedRecursive'
  | 'ioQueueRecursive'
  | 'ioServiceTimeRecursive'
  | 'ioWaitTimeRecursive'
  | 'ioMergedRecursive'
  | 'ioTimeRecursive'
  | 'sectorsRecursive';

export interface BlkioEntry {
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly op: string | undefined;
  readonly value: Counter;
}

/** Pressure stall information: percent of the last 10, 60 and 300 seconds, and microseconds in all. */
export interface Pressure {
  readonly some: PressureLine;
  readonly full: PressureLine;
}

export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: bigint;
}

/** Reads all there is; what this kernel or host does not count is left out. */
export function readStats(record: CgroupRecord): Stats {
  return record.version === 2 ? readStatsV2(record) : readStatsV1(record);
}
