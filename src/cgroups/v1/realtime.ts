// Realtime CPU time on cgroup v1 (kernel/sched/rt.c): a cgroup starts with none, and the shares of those directly in it may
// not sum up to more than its own. So directories that runts makes above a container's cgroup need some, too.
import type {Cpu} from '../../generated/config.ts';
import {nonZero} from '../bounds.ts';
import {readControl, writeControl} from '../control.ts';
import {children} from '../processes.ts';
import type {CgroupRecord} from '../record.ts';
import {refusal} from '../refusal.ts';

const RUNTIME = 'cpu.rt_runtime_us';
const PERIOD = 'cpu.rt_period_us';

/** Raises the realtime share of runts's own directories above `record` to what the cgroups in them have, and what this one is
 * about to get. Throws ConfigError when the cgroup above those has no more. */
export function fundRealtime({paths, ancestors}: CgroupRecord, {realtimeRuntime = 0n, realtimePeriod}: Cpu): void {
  const {cpu} = paths;
  if (cpu === undefined) return;
  let needed = Number(realtimeRuntime) / Number(nonZero(realtimePeriod) ?? numberIn(cpu, PERIOD));
  let below = cpu;
  const raised: {directory: string; runtime: number}[] = [];
  // Deepest first.
  for (const directory of ancestors.filter((ancestor) => cpu.startsWith(`${ancestor}/`))) {
    for (const sibling of children(directory)) if (sibling !== below) needed += shareOf(sibling);
    const runtime = Math.ceil(needed * numberIn(directory, PERIOD));
    if (runtime > numberIn(directory, RUNTIME)) raised.unshift({directory, runtime});
    below = directory;
  }
  for (const {directory, runtime} of raised) raise(directory, runtime);
}

function raise(directory: string, runtime: number): void {
  const pointer = '/linux/resources/cpu/realtimeRuntime';
  const write = {controller: 'cpu', file: RUNTIME, value: String(runtime), pointer};
  try {
    writeControl(`${directory}/${RUNTIME}`, write.value);
  } catch (error) {
    throw refusal(write, RUNTIME, write.value, directory, error);
  }
}

function shareOf(directory: string): number {
  const runtime = numberIn(directory, RUNTIME);
  return runtime === 0 ? 0 : runtime / numberIn(directory, PERIOD);
}

function numberIn(directory: string, file: string): number {
  return Number(readControl(`${directory}/${file}`) ?? '0');
}
