// What a container has used, of the controllers of cgroup v1.
import {readControl} from '../control.ts';
import type {CgroupRecord} from '../record.ts';
import {counted, readCount, readHugetlb, readTable} from '../stat-files.ts';
import type {BlkioEntry, BlkioTable, CpuUsage, MemoryUsage, Stats} from '../stats.ts';

/** USER_HZ is 100 on every architecture that runts is built for. */
const NANOSECONDS_PER_TICK = 10_000_000n;

export function readStatsV1({paths}: CgroupRecord): Stats {
  const throttling = readTable(paths['cpu'], 'cpu.stat');
  const memory = readTable(paths['memory'], 'memory.stat');
  const pidsLimit = readControl(`${paths['pids']}/pids.max`);
  return {
    cpu: {
      usage: cpuUsage(paths['cpuacct']),
      throttling: {
        periods: counted(throttling['nr_periods']),
        throttledPeriods: counted(throttling['nr_throttled']),
        throttledTime: counted(throttling['throttled_time']),
      },
    },
    cpuset: cpusetOf(paths['cpuset']),
    memory: {
      cache: counted(memory['cache']),
      usage: memoryUsage(paths['memory'], 'memory'),
      swap: memoryUsage(paths['memory'], 'memory.memsw'),
      kernel: memoryUsage(paths['memory'], 'memory.kmem'),
      kernelTCP: memoryUsage(paths['memory'], 'memory.kmem.tcp'),
      raw: paths['memory'] === undefined ? undefined : memory,
    },
    pids: {
      current: counted(readCount(paths['pids'], 'pids.current')),
      limit: pidsLimit === undefined || pidsLimit === 'max' ? undefined : counted(BigInt(pidsLimit)),
    },
    blkio: blkioTables(paths['blkio']),
    hugetlb: readHugetlb(paths['hugetlb'], '.limit_in_bytes', (directory, prefix) => {
      const usage = readCount(directory, `${prefix}.usage_in_bytes`);
      if (usage === undefined) return undefined;
      const max = counted(readCount(directory, `${prefix}.max_usage_in_bytes`));
      return {usage: counted(usage), max, failcnt: readCount(directory, `${prefix}.failcnt`) ?? 0n};
    }),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function cpuUsage(directory: string | undefined): CpuUsage {
  const {user = 0n, system = 0n} = readTable(directory, 'cpuacct.stat');
  const percpu = readControl(`${directory}/cpuacct.usage_percpu`)?.trim().split(/\s+/).map(BigInt);
  const rows = (readControl(`${directory}/cpuacct.usage_all`) ?? '').split('\n').slice(1);
  const both = rows.filter((row) => row !== '').map((row) => row.split(' ').map(BigInt));
  return {
    total: counted(readCount(directory, 'cpuacct.usage')),
    percpu,
    percpu_kernel: both.length === 0 ? undefined : both.map(([, , kernel = 0n]) => kernel),
    percpu_user: both.length === 0 ? undefined : both.map(([, mine = 0n]) => mine),
    kernel: system * NANOSECONDS_PER_TICK,
    user: user * NANOSECONDS_PER_TICK,
  };
}

/** The flags of a cpuset, by the names of their files. */
const CPUSET_FLAGS = [
  'memory_migrate',
  'memory_spread_page',
  'memory_spread_slab',
  'memory_pressure',
  'sched_load_balance',
  'sched_relax_domain_level',
] as const;

function cpusetOf(directory: string | undefined): Stats['cpuset'] {
  const flag = (name: string): bigint => readCount(directory, `cpuset.${name}`) ?? 0n;
  const list = (name: string): readonly number[] | undefined => numbersOf(readControl(`${directory}/cpuset.${name}`));
  return {
    cpus: list('cpus'),
    cpu_exclusive: flag('cpu_exclusive'),
    mems: list('mems'),
    mem_hardwall: flag('mem_hardwall'),
    mem_exclusive: flag('mem_exclusive'),
    ...Object.fromEntries(CPUSET_FLAGS.map((name) => [name, flag(name)])),
  };
}

/** "0-2,7" -> 0, 1, 2, 7; undefined for none. */
function numbersOf(list = ''): readonly number[] | undefined {
  const numbers = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    if (range === '' || first === undefined || last === undefined) return [];
    return Array.from({length: last - first + 1}, (_, index) => first + index);
  });
  return numbers.length === 0 ? undefined : numbers;
}

function memoryUsage(directory: string | undefined, prefix: string): MemoryUsage {
  return {
    limit: readCount(directory, `${prefix}.limit_in_bytes`) ?? 0n,
    usage: counted(readCount(directory, `${prefix}.usage_in_bytes`)),
    max: counted(readCount(directory, `${prefix}.max_usage_in_bytes`)),
    failcnt: readCount(directory, `${prefix}.failcnt`) ?? 0n,
  };
}

type BlkioFiles = Readonly<Partial<Record<BlkioTable, string>>>;

const schedulerFiles = (prefix: string): BlkioFiles => ({
  ioServiceBytesRecursive: `${prefix}.io_service_bytes_recursive`,
  ioServicedRecursive: `${prefix}.io_serviced_recursive`,
  ioQueueRecursive: `${prefix}.io_queued_recursive`,
  ioServiceTimeRecursive: `${prefix}.io_service_time_recursive`,
  ioWaitTimeRecursive: `${prefix}.io_wait_time_recursive`,
  ioMergedRecursive: `${prefix}.io_merged_recursive`,
  ioTimeRecursive: `${prefix}.time_recursive`,
  sectorsRecursive: `${prefix}.sectors_recursive`,
});

const basicFiles = (prefix: string): BlkioFiles => ({
  ioServiceBytesRecursive: `${prefix}.io_service_bytes_recursive`,
  ioServicedRecursive: `${prefix}.io_serviced_recursive`,
});

/** Which of them count depends on the I/O scheduler: the first whose files all have something to say. */
const blkioSources: readonly BlkioFiles[] = [
  schedulerFiles('blkio.bfq'),
  basicFiles('blkio.bfq'),
  schedulerFiles('blkio'),
  basicFiles('blkio.throttle'),
];

function blkioTables(directory: string | undefined): Stats['blkio'] {
  if (directory === undefined) return {};
  for (const files of blkioSources) {
    const tables = Object.entries(files).map(([table, file]) => [table, blkioEntries(`${directory}/${file}`)] as const);
    if (tables.every(([, entries]) => entries.length > 0)) return Object.fromEntries(tables);
  }
  return {};
}

/** Lines of `major:minor [operation] value`; those with the sum of all devices are left out. */
function blkioEntries(path: string): BlkioEntry[] {
  return (readControl(path) ?? '').split('\n').flatMap((line) => {
    const [, major, minor, op, value] = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line) ?? [];
    if (value === undefined) return [];
    return [{major: Number(major) || undefined, minor: Number(minor) || undefined, op, value: counted(BigInt(value))}];
  });
}
