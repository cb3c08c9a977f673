// linux.resources.cpu (but cpus and mems) -> cpu controller of cgroup v2. Times are microseconds.
import {ConfigError} from '../../errors.ts';
import type {Cpu} from '../../generated/config.ts';
import {nonZero} from '../bounds.ts';
import type {CgroupWrite} from '../write.ts';

const AT = '/linux/resources/cpu';
const controller = 'cpu';
const DEFAULT_PERIOD = 100_000n;

export function cpuWrites(cpu: Cpu): CgroupWrite[] {
  refuseRealtime(cpu);
  const writes: CgroupWrite[] = [];
  const add = (file: string, key: keyof Cpu, value: string, more: Partial<CgroupWrite> = {}): void => {
    writes.push({controller, file, value, pointer: `${AT}/${key}`, ...more});
  };
  // An idle group refuses a weight, so idle is switched off before and on after it.
  if (cpu.idle === 0n) add('cpu.idle', 'idle', '0');
  const shares = nonZero(cpu.shares);
  if (shares !== undefined) add('cpu.weight', 'shares', String(weightOfShares(shares)));
  if (cpu.idle !== undefined && cpu.idle !== 0n) add('cpu.idle', 'idle', String(cpu.idle));
  // burst <= quota at every moment: when it is refused, it is written again after cpu.max.
  if (cpu.burst !== undefined) {
    add('cpu.max.burst', 'burst', String(cpu.burst), {deferrable: true, optional: cpu.burst === 0n});
  }
  const quota = nonZero(cpu.quota);
  const period = nonZero(cpu.period);
  if (quota !== undefined || period !== undefined) {
    const limit = quota === undefined || quota < 0n ? 'max' : String(quota);
    add('cpu.max', quota === undefined ? 'period' : 'quota', `${limit} ${period ?? DEFAULT_PERIOD}`);
  }
  return writes;
}

/** cgroup v1 shares (2 to 262144, default 1024) as a cgroup v2 weight (1 to 10000, default 100). A quadratic curve in
 * log2(shares) through the ends and through default = default, as runc >= 1.3.2 and crun >= 1.23 have it; the straight
 * line of older runtimes made 1024 a 39, less than half of a neighbour that nobody configured. */
export function weightOfShares(shares: bigint): number {
  if (shares <= 2n) return 1;
  if (shares >= 262_144n) return 10_000;
  const l = Math.log2(Number(shares));
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}

function refuseRealtime(cpu: Cpu): void {
  const asked = (['realtimeRuntime', 'realtimePeriod'] as const).filter((key) => nonZero(cpu[key]) !== undefined);
  if (asked.length === 0) return;
  const message = 'cgroup v2 has no realtime limits; this host has no cgroup v1 cpu controller';
  throw new ConfigError(asked.map((key) => ({pointer: `${AT}/${key}`, message})));
}
