// What a container has used, in cgroup v2. Where v1 has another meaning, this follows it: consumers know one.
import {hasCode} from '../../errors.ts';
import {readControl} from '../control.ts';
import type {CgroupRecord} from '../record.ts';
import {counted, readCount, readHugetlb, readTable, UNLIMITED} from '../stat-files.ts';
import type {BlkioEntry, MemoryUsage, Pressure, PressureLine, Stats} from '../stats.ts';

const NANOSECONDS = 1000n;

export function readStatsV2({paths}: CgroupRecord): Stats {
  const directory = paths['unified'];
  const cpu = readTable(directory, 'cpu.stat');
  const raw = readTable(directory, 'memory.stat');
  const events = readTable(directory, 'memory.events');
  const memory = memoryUsage(directory, 'memory', events['max']);
  const pidsLimit = readCount(directory, 'pids.max');
  return {
    cpu: {
      usage: {
        total: counted((cpu['usage_usec'] ?? 0n) * NANOSECONDS),
        kernel: (cpu['system_usec'] ?? 0n) * NANOSECONDS,
        user: (cpu['user_usec'] ?? 0n) * NANOSECONDS,
      },
      throttling: {
        periods: counted(cpu['nr_periods']),
        throttledPeriods: counted(cpu['nr_throttled']),
        throttledTime: counted((cpu['throttled_usec'] ?? 0n) * NANOSECONDS),
      },
      psi: readPressure(directory, 'cpu'),
    },
    cpuset: {
      cpu_exclusive: 0n,
      mem_hardwall: 0n,
      mem_exclusive: 0n,
      memory_migrate: 0n,
      memory_spread_page: 0n,
      memory_spread_slab: 0n,
      memory_pressure: 0n,
      sched_load_balance: 0n,
      sched_relax_domain_level: 0n,
    },
    memory: {
      cache: counted(raw['file']),
      usage: memory,
      swap: withMemory(
        memoryUsage(directory, 'memory.swap', readTable(directory, 'memory.swap.events')['max']),
        memory,
      ),
      kernel: NONE,
      kernelTCP: NONE,
      raw: Object.keys(raw).length === 0 ? undefined : raw,
      psi: readPressure(directory, 'memory'),
    },
    pids: {
      current: counted(readCount(directory, 'pids.current')),
      limit: pidsLimit === UNLIMITED ? undefined : counted(pidsLimit),
    },
    blkio: {...ioTables(readControl(`${directory}/io.stat`)), psi: readPressure(directory, 'io')},
    hugetlb: readHugetlb(directory, '.max', (folder, prefix) => {
      const usage = readCount(folder, `${prefix}.current`);
      if (usage === undefined) return undefined;
      return {usage: counted(usage), max: undefined, failcnt: readTable(folder, `${prefix}.events`)['max'] ?? 0n};
    }),
    intel_rdt: {},
    network_interfaces: null,
  };
}

const NONE: MemoryUsage = {limit: 0n, usage: undefined, max: undefined, failcnt: 0n};

function memoryUsage(directory: string | undefined, prefix: string, failcnt = 0n): MemoryUsage {
  return {
    limit: readCount(directory, `${prefix}.max`) ?? 0n,
    usage: counted(readCount(directory, `${prefix}.current`)),
    max: counted(readCount(directory, `${prefix}.peak`)),
    failcnt,
  };
}

/** v1 counts memory and swap together. */
function withMemory(swap: MemoryUsage, memory: MemoryUsage): MemoryUsage {
  const unlimited = swap.limit === UNLIMITED || memory.limit === UNLIMITED;
  return {
    ...swap,
    limit: unlimited ? UNLIMITED : swap.limit + memory.limit,
    usage: counted((swap.usage ?? 0n) + (memory.usage ?? 0n)),
  };
}

/** Lines of `major:minor rbytes=1 wbytes=2 rios=3 wios=4 ..` */
function ioTables(text = ''): Stats['blkio'] {
  const bytes: BlkioEntry[] = [];
  const operations: BlkioEntry[] = [];
  for (const line of text.split('\n')) {
    const [, major, minor, rest = ''] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
    for (const [, key = '', value = '0'] of rest.matchAll(/(\w+)=(\d+)/g)) {
      const op = {r: 'Read', w: 'Write'}[key.charAt(0)];
      const table = {rbytes: bytes, wbytes: bytes, rios: operations, wios: operations}[key];
      table?.push({
        major: Number(major) || undefined,
        minor: Number(minor) || undefined,
        op,
        value: counted(BigInt(value)),
      });
    }
  }
  return {
    ...(bytes.length > 0 ? {ioServiceBytesRecursive: bytes} : {}),
    ...(operations.length > 0 ? {ioServicedRecursive: operations} : {}),
  };
}

/** Undefined where the kernel does not account for it (CONFIG_PSI, psi=1). */
function readPressure(directory: string | undefined, resource: string): Pressure | undefined {
  let text: string | undefined;
  try {
    text = readControl(`${directory}/${resource}.pressure`);
  } catch (error) {
    // Built in, and switched off.
    if (hasCode(error, 'ENOTSUP', 'EOPNOTSUPP')) return undefined;
    throw error;
  }
  if (text === undefined || text === '') return undefined;
  const lines = new Map(text.split('\n').map((line) => [line.split(' ')[0], pressureLine(line)]));
  const none = {avg10: 0, avg60: 0, avg300: 0, total: 0n};
  return {some: lines.get('some') ?? none, full: lines.get('full') ?? none};
}

function pressureLine(line: string): PressureLine {
  const values = new Map(line.split(' ').map((part) => part.split('=') as [string, string]));
  const average = (key: string): number => Number(values.get(key) ?? 0);
  return {
    avg10: average('avg10'),
    avg60: average('avg60'),
    avg300: average('avg300'),
    total: BigInt(values.get('total') ?? 0),
  };
}
