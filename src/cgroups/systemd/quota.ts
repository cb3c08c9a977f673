// CPU bandwidth as systemd has it: microseconds of CPU time in each second, and the length of a period.
import type {CgroupWrite} from '../write.ts';
import {INFINITY, type Property, u64} from './property.ts';

type Write = Pick<CgroupWrite, 'file' | 'value'>;

const SECOND = 1_000_000n;
const DEFAULT_PERIOD = 100_000n;
/** In the unit's file the quota is a whole percentage, rounded down; the cgroup must not get less than it was given. */
const PERCENT = 10_000n;

/** What cpu.max, or its two files on cgroup v1, say; nothing when there is no write to them, or one that the kernel will refuse. */
export function quotaProperties(writes: readonly Write[], version: number): Property[] {
  const last = (file: string): string | undefined => writes.findLast((write) => write.file === file)?.value.trim();
  const [quotaText = last('cpu.cfs_quota_us'), periodText = last('cpu.cfs_period_us')] =
    last('cpu.max')?.split(/\s+/) ?? [];
  if (quotaText === undefined && periodText === undefined) return [];
  const quota = quotaText === 'max' || quotaText === undefined ? -1n : numberIn(quotaText);
  const period = periodText === undefined ? undefined : numberIn(periodText);
  if (quota === undefined || (periodText !== undefined && (period === undefined || period <= 0n))) return [];
  const properties: Property[] = [['CPUQuotaPerSecUSec', u64(perSecond(quota, period ?? DEFAULT_PERIOD))]];
  if (period !== undefined && version >= 242) properties.push(['CPUQuotaPeriodUSec', u64(period)]);
  return properties;
}

function perSecond(quota: bigint, period: bigint): bigint {
  if (quota <= 0n) return INFINITY;
  const exact = (quota * SECOND) / period;
  return ((exact + PERCENT - 1n) / PERCENT) * PERCENT;
}

function numberIn(text: string): bigint | undefined {
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}
