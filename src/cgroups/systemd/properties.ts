// What is about to be written to the files of a cgroup, as properties of its unit: systemd, which writes them too, then never
// puts back anything else. Each number that systemd knows comes from the very write that the kernel gets (docs/systemd.md has
// the table); what it does not know, or not in its version at hand, is left to that write.
import {cpuMask} from '../../config/cpu-list.ts';
import type {BusValue, Variant} from '../../host/systemd-addon.ts';
import type {CgroupWrite} from '../write.ts';
import {INFINITY, type Property, u64} from './property.ts';
import {quotaProperties} from './quota.ts';

type Write = Pick<CgroupWrite, 'file' | 'value' | 'fallback'>;

/** A rule makes properties of one write; none when systemd has no such value. */
type Rule = (value: string, version: number) => readonly Property[];

function amount(name: string, least: bigint, since = 0): Rule {
  return (text, version) => {
    const value = parseAmount(text);
    return value === undefined || value < least || version < since ? [] : [[name, u64(value)]];
  };
}

const SUFFIXES = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** As the kernel reads it: "max", "64M", and -1 on cgroup v1. */
function parseAmount(text: string): bigint | undefined {
  if (text === 'max' || text === '-1') return INFINITY;
  const [, digits, suffix = ''] = /^(\d+)([KMGTPE]?)$/i.exec(text.trim()) ?? [];
  return digits === undefined ? undefined : BigInt(digits) << BigInt(10 * SUFFIXES.indexOf(suffix.toUpperCase()));
}

function weight(name: string, from: bigint, to: bigint): Rule {
  return (text) => {
    const value = parseAmount(text);
    return value === undefined || value < from || value > to ? [] : [[name, u64(value)]];
  };
}

/** Of a whole cgroup ("100", "default 100") or of one device ("8:0 100"). */
function ioWeight(name: string, deviceName: string): Rule {
  const whole = weight(name, 1n, 10_000n);
  return (text, version) => {
    const [device, value] = splitDevice(text);
    if (device === undefined) return whole(text.replace(/^default\s+/, ''), version);
    return weight('', 1n, 10_000n)(value, version).map(([, {value: number}]) => perDevice(deviceName, device, number));
  };
}

function splitDevice(text: string): [device: string | undefined, rest: string] {
  const [, device, rest = text] = /^(\d+:\d+)\s+(.*)$/.exec(text.trim()) ?? [];
  return [device === undefined ? undefined : `/dev/block/${device}`, rest];
}

const perDevice = (name: string, device: string, value: BusValue): Property => [
  name,
  {signature: 'a(st)', value: [[device, value]]},
];

const IO_LIMITS: Readonly<Record<string, string>> = {
  rbps: 'IOReadBandwidthMax',
  wbps: 'IOWriteBandwidthMax',
  riops: 'IOReadIOPSMax',
  wiops: 'IOWriteIOPSMax',
};

/** "8:0 rbps=1048576 wiops=max" */
function ioMax(text: string): readonly Property[] {
  const [device, limits] = splitDevice(text);
  return limits.split(/\s+/).flatMap((limit) => {
    const [key = '', amountText = ''] = limit.split('=');
    const [name, value] = [IO_LIMITS[key], parseAmount(amountText)];
    return device === undefined || name === undefined || value === undefined
      ? []
      : [perDevice(name, device, u64(value).value)];
  });
}

/** cgroup v1: "8:0 1048576", 0 for no limit. */
function throttle(name: string): Rule {
  return (text) => {
    const [device, value] = [splitDevice(text)[0], parseAmount(splitDevice(text)[1])];
    return device === undefined || value === undefined
      ? []
      : [perDevice(name, device, value === 0n ? INFINITY : value)];
  };
}

function cpuSet(name: string): Rule {
  return (text, version) => {
    if (version < 244) return [];
    try {
      return [[name, {signature: 'ay', value: cpuMask(text.trim())}]];
    } catch (error) {
      // A list that the kernel will refuse.
      if (error instanceof RangeError) return [];
      throw error;
    }
  };
}

const rules: Readonly<Record<string, Rule>> = {
  // cgroup v2
  'cpu.weight': weight('CPUWeight', 1n, 10_000n),
  'cpu.idle': (text, version) => {
    if (version < 252) return [];
    // Not idle any more: no weight of its own, unless one comes after this.
    return [['CPUWeight', u64(text === '0' ? INFINITY : 0n)]];
  },
  'cpuset.cpus': cpuSet('AllowedCPUs'),
  'cpuset.mems': cpuSet('AllowedMemoryNodes'),
  'memory.max': amount('MemoryMax', 1n),
  'memory.high': amount('MemoryHigh', 1n),
  'memory.low': amount('MemoryLow', 0n),
  'memory.min': amount('MemoryMin', 0n, 240),
  'memory.swap.max': amount('MemorySwapMax', 0n, 232),
  'memory.zswap.max': amount('MemoryZSwapMax', 0n, 253),
  'io.weight': ioWeight('IOWeight', 'IODeviceWeight'),
  'io.max': ioMax,
  'pids.max': amount('TasksMax', 1n),
  // cgroup v1
  'cpu.shares': weight('CPUShares', 2n, 262_144n),
  'memory.limit_in_bytes': amount('MemoryLimit', 1n),
  'blkio.weight': weight('BlockIOWeight', 10n, 1000n),
  'blkio.weight_device': (text) => {
    const [device, value] = [splitDevice(text)[0], parseAmount(splitDevice(text)[1])];
    return device === undefined || value === undefined ? [] : [perDevice('BlockIODeviceWeight', device, value)];
  },
  'blkio.throttle.read_bps_device': throttle('BlockIOReadBandwidth'),
  'blkio.throttle.write_bps_device': throttle('BlockIOWriteBandwidth'),
};

/** The properties for `writes`, each once, as systemd of this version knows them: of two writes to one file the last one counts. */
export function unitProperties(writes: readonly Write[], version: number): Property[] {
  const found = new Map<string, Variant>();
  for (const [name, value] of writes.flatMap((write) => ruleFor(write, version))) {
    found.set(name, value.signature === 'a(st)' ? joined(found.get(name), value) : value);
  }
  for (const [name, value] of quotaProperties(writes, version)) found.set(name, value);
  return [...found];
}

/** BFQ's own file has another scale: what systemd knows is the weight that stands in for it. */
function ruleFor({file, value, fallback}: Write, version: number): readonly Property[] {
  const known = Object.hasOwn(rules, file) ? {file, value} : fallback;
  return (known === undefined ? undefined : rules[known.file])?.(known?.value ?? '', version) ?? [];
}

/** Devices of one property; the last word on each. */
function joined(before: Variant | undefined, {signature, value}: Variant): Variant {
  const entries = [before?.value ?? [], value].flatMap((list) => list as readonly (readonly [string, BusValue])[]);
  return {signature, value: [...new Map(entries)]};
}
