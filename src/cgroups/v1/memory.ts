// linux.resources.memory -> memory controller of cgroup v1.
import type {Memory} from '../../generated/config.ts';
import {ConfigError} from '../../errors.ts';
import {isSet, limitOf} from '../bounds.ts';
import type {CgroupWrite, Warn} from '../write.ts';

const AT = '/linux/resources/memory';
const controller = 'memory';

export function memoryWrites(memory: Memory, warn: Warn): CgroupWrite[] {
  const limit = limitOf(memory.limit, `${AT}/limit`);
  const reservation = limitOf(memory.reservation, `${AT}/reservation`);
  const kernelTcp = limitOf(memory.kernelTCP, `${AT}/kernelTCP`);
  const writes: CgroupWrite[] = [];
  const add = (file: string, key: keyof Memory, value: bigint, more: Partial<CgroupWrite> = {}): void => {
    writes.push({controller, file, value: String(value), pointer: `${AT}/${key}`, ...more});
  };
  // The kernel keeps limit <= memsw at every moment. Lowering works in this order; when raising it refuses the limit
  // (EINVAL), which is then written again after memsw.
  if (limit !== undefined) add('memory.limit_in_bytes', 'limit', limit, {deferrable: true});
  const swap = totalSwap(memory, limit);
  // Without swap accounting there is no memsw file, and "unlimited" holds anyway.
  if (swap !== undefined) add('memory.memsw.limit_in_bytes', 'swap', swap, {optional: swap < 0n});
  if (reservation !== undefined) add('memory.soft_limit_in_bytes', 'reservation', reservation);
  if (kernelTcp !== undefined) add('memory.kmem.tcp.limit_in_bytes', 'kernelTCP', kernelTcp);
  if (isSet(memory.swappiness)) add('memory.swappiness', 'swappiness', memory.swappiness);
  if (memory.disableOOMKiller === true) add('memory.oom_control', 'disableOOMKiller', 1n);
  if ((memory.kernel ?? 0n) > 0n) {
    warn(`${AT}/kernel`, 'Linux has no limit for kernel memory alone since 5.16; it is part of memory/limit');
  }
  if (memory.useHierarchy === false) warn(`${AT}/useHierarchy`, 'Linux always counts hierarchically since 5.11');
  return writes;
}

// As runc: no limit on memory means none on swap either, for otherwise the old memory+swap limit stays in force.
function totalSwap(memory: Memory, limit: bigint | undefined): bigint | undefined {
  const swap = limitOf(memory.swap, `${AT}/swap`);
  if (swap === undefined) return limit === -1n ? -1n : undefined;
  if (swap > 0n && limit !== undefined && (limit < 0n || swap < limit)) {
    const message = `${swap} is memory+swap, so it cannot be below memory/limit (${limit})`;
    throw new ConfigError([{pointer: `${AT}/swap`, message}]);
  }
  return swap;
}
