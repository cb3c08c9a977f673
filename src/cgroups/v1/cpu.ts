// linux.resources.cpu (but cpus and mems) -> cpu controller of cgroup v1. Times are microseconds.
import type {Cpu} from '../../generated/config.ts';
import {nonZero} from '../bounds.ts';
import type {CgroupWrite} from '../write.ts';

const AT = '/linux/resources/cpu';
const controller = 'cpu';

export function cpuWrites(cpu: Cpu): CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  const add = (file: string, key: keyof Cpu, value: bigint | undefined, more: Partial<CgroupWrite> = {}): void => {
    if (value !== undefined) writes.push({controller, file, value: String(value), pointer: `${AT}/${key}`, ...more});
  };
  // An idle group refuses shares, so idle is switched off before and on after them.
  if (cpu.idle === 0n) add('cpu.idle', 'idle', cpu.idle);
  add('cpu.shares', 'shares', nonZero(cpu.shares), {readBack: 'cpu.shares'});
  if (cpu.idle !== 0n) add('cpu.idle', 'idle', cpu.idle);
  // The kernel checks the pair (runtime <= period) at each write: whichever it refuses comes after the other.
  add('cpu.rt_period_us', 'realtimePeriod', nonZero(cpu.realtimePeriod), {deferrable: true});
  add('cpu.rt_runtime_us', 'realtimeRuntime', nonZero(cpu.realtimeRuntime));
  // Likewise burst <= quota, and quota/period within what the parent has.
  add('cpu.cfs_burst_us', 'burst', cpu.burst, {deferrable: true, optional: cpu.burst === 0n});
  add('cpu.cfs_period_us', 'period', nonZero(cpu.period), {deferrable: true});
  add('cpu.cfs_quota_us', 'quota', nonZero(cpu.quota));
  return writes;
}
