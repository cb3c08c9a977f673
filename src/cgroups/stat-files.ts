// The formats of the files that cgroups count in (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst).
import {readdirSync} from 'node:fs';
import {hasCode} from '../errors.ts';
import {readControl} from './control.ts';
import type {Counter, HugetlbUsage} from './stats.ts';

/** How Go writes "no limit" where the kernel says "max". */
export const UNLIMITED = 2n ** 64n - 1n;

/** The number in a file, "max" as UNLIMITED; undefined when there is no such file. */
export function readCount(directory: string | undefined, file: string): bigint | undefined {
  const text = directory === undefined ? undefined : readControl(`${directory}/${file}`);
  if (text === undefined || text === '') return undefined;
  return text === 'max' ? UNLIMITED : BigInt(text);
}

/** Lines of `key number`. */
export function readTable(directory: string | undefined, file: string): Readonly<Record<string, bigint>> {
  const text = (directory === undefined ? undefined : readControl(`${directory}/${file}`)) ?? '';
  const entries = text.split('\n').map((line) => line.split(' '));
  return Object.fromEntries(entries.flatMap(([key, value]) => (key && value ? [[key, BigInt(value)]] : [])));
}

/** Leaves out a zero. */
export function counted(value: bigint | undefined): Counter {
  return value === 0n ? undefined : value;
}

/** hugetlb: what has been reserved where the kernel counts that (Linux 5.7), else what is in use. */
export function readHugetlb(
  directory: string | undefined,
  suffix: string,
  read: (directory: string, prefix: string) => HugetlbUsage | undefined,
): Readonly<Record<string, HugetlbUsage>> {
  const usages: [string, HugetlbUsage][] = [];
  for (const name of directory === undefined ? [] : filesOf(directory)) {
    const [, size] = /^hugetlb\.([0-9]+[KMG]B)\.(\w+)$/.exec(name) ?? [];
    if (directory === undefined || size === undefined || !name.endsWith(suffix)) continue;
    const usage = read(directory, `hugetlb.${size}.rsvd`) ?? read(directory, `hugetlb.${size}`);
    if (usage !== undefined) usages.push([size, usage]);
  }
  return Object.fromEntries(usages);
}

function filesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
