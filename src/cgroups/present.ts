// What the specification, or the kernel, has in one with a limit that is to be changed: it is as it was. Only what is there
// tells, as others may have changed it since.
import type {Cpu, LinuxResources, Memory} from '../generated/config.ts';
import {nonZero} from './bounds.ts';
import {readControl} from './control.ts';
import {type Home, homesOf} from './homes.ts';
import type {CgroupRecord} from './record.ts';

/** `resources`, with the present values of what cannot be left out: the period or quota beside a new quota or period, and the
 * limit of memory beside a new one of memory and swap. */
export function withPresent(record: CgroupRecord, resources: LinuxResources): LinuxResources {
  const homes = homesOf(record);
  const {cpu, memory} = resources;
  return {
    ...resources,
    ...(cpu === undefined ? {} : {cpu: withBandwidth(cpu, homes('cpu'), record.systemd !== undefined)}),
    ...(memory === undefined ? {} : {memory: withLimit(memory, homes('memory'))}),
  };
}

function withBandwidth(cpu: Cpu, home: Home | undefined, isUnit: boolean): Cpu {
  const [quota, period] = [nonZero(cpu.quota), nonZero(cpu.period)];
  // v1 has a file for each, but systemd one number for both.
  if (home === undefined || (home.version === 1 && !isUnit) || (quota === undefined) === (period === undefined))
    return cpu;
  const [limit = 'max', each] = bandwidthIn(home);
  if (quota === undefined) return limit === 'max' ? cpu : {...cpu, quota: BigInt(limit)};
  return each === undefined ? cpu : {...cpu, period: BigInt(each)};
}

function bandwidthIn({version, directory}: Home): (string | undefined)[] {
  if (version === 2) return (readControl(`${directory}/cpu.max`) ?? '').split(' ');
  return [readControl(`${directory}/cpu.cfs_quota_us`), readControl(`${directory}/cpu.cfs_period_us`)];
}

function withLimit(memory: Memory, home: Home | undefined): Memory {
  if (nonZero(memory.limit) !== undefined || (nonZero(memory.swap) ?? -1n) < 0n || home === undefined) return memory;
  const text = readControl(`${home.directory}/${home.version === 2 ? 'memory.max' : 'memory.limit_in_bytes'}`);
  if (text === undefined || text === 'max') return memory;
  const limit = BigInt(text);
  return limit >= NO_LIMIT ? memory : {...memory, limit};
}

/** v1 shows "no limit" as the largest number of whole pages; no host has a quarter of that. */
const NO_LIMIT = 2n ** 61n;
