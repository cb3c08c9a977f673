// Lists of CPUs as cpuset(7) has them, "0-3,7".

/** The largest NR_CPUS that a kernel can be built with. */
const MAX_CPUS = 8192;

/** First and last CPU of each range. Throws RangeError, with the reason, on what is no such list. */
export function cpuRanges(list: string): (readonly [first: number, last: number])[] {
  return list.split(',').map((range) => {
    const [, low, high = low] = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(range) ?? [];
    if (low === undefined) throw new RangeError(`"${range}" is neither a CPU nor a range of CPUs`);
    const [first, last] = [Number(low), Number(high)];
    if (first > last) throw new RangeError(`the range ${first}-${last} ends before it begins`);
    if (last >= MAX_CPUS) throw new RangeError(`there is no CPU ${last}: Linux has ${MAX_CPUS} at most`);
    return [first, last];
  });
}

/** For sched_setaffinity(2): bit n%8 of byte n/8 stands for CPU n. Empty for an empty list. */
export function cpuMask(list: string): Uint8Array {
  if (list === '') return new Uint8Array();
  const ranges = cpuRanges(list);
  const last = Math.max(...ranges.map(([, end]) => end));
  // Whole words, as the kernel wants it.
  const mask = new Uint8Array(8 * (Math.floor(last / 64) + 1));
  for (const [first, end] of ranges) {
    for (let cpu = first; cpu <= end; cpu++) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  }
  return mask;
}
