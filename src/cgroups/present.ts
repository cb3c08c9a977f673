// What the specification, or the kernel, has in one with a limit that is to be changed: it is as it was. Only what is there
// tells, as others may have changed it since.
import type {BlockIO, Cpu, LinuxResources, Memory, WeightDevice} from '../generated/config.ts';
import {deviceNumber, nonZero} from './bounds.ts';
import {readControl} from './control.ts';
import {type Home, homesOf} from './homes.ts';
import type {CgroupRecord} from './record.ts';

/** `resources`, with the present values of what cannot be left out: the period or quota beside a new quota or period, the
 * limit of memory beside a new one of memory and swap, and the weights of single devices beside a new one for all. */
export function withPresent(record: CgroupRecord, resources: LinuxResources): LinuxResources {
  const homes = homesOf(record);
  const {blockIO, cpu, memory} = resources;
  return {
    ...resources,
    ...(blockIO === undefined ? {} : {blockIO: withDeviceWeights(blockIO, homes('io'))}),
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

/** BFQ forgets the weights of single devices when it gets another one for all of them. */
function withDeviceWeights(blockIO: BlockIO, home: Home | undefined): BlockIO {
  if (!blockIO.weight || home?.version !== 2) return blockIO;
  const {weightDevice: given = []} = blockIO;
  const named = new Set(given.map(deviceNumber));
  const present = deviceWeights(readControl(`${home.directory}/io.bfq.weight`) ?? '');
  return {...blockIO, weightDevice: [...given, ...present.filter((device) => !named.has(deviceNumber(device)))]};
}

/** Lines such as "8:0 250", below one for all others: "default 100". */
function deviceWeights(text: string): WeightDevice[] {
  return [...text.matchAll(/^(\d+):(\d+) (\d+)$/gm)].map(([, major = '', minor = '', weight = '']) => {
    return {major: BigInt(major), minor: BigInt(minor), weight: Number(weight)};
  });
}
