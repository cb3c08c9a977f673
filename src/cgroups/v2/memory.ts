// linux.resources.memory -> memory controller of cgroup v2.
import {ConfigError} from '../../errors.ts';
import type {Memory} from '../../generated/config.ts';
import {isSet, limitOf, orMax} from '../bounds.ts';
import type {CgroupWrite, Warn} from '../write.ts';

const AT = '/linux/resources/memory';
const controller = 'memory';

export function memoryWrites(memory: Memory, warn: Warn): CgroupWrite[] {
  const limit = limitOf(memory.limit, `${AT}/limit`);
  const reservation = limitOf(memory.reservation, `${AT}/reservation`);
  const swap = swapAlone(memory, limit);
  const writes: CgroupWrite[] = [];
  const add = (file: string, key: keyof Memory, value: bigint, optional = false): void => {
    const write = {controller, file, value: orMax(value), pointer: `${AT}/${key}`};
    writes.push(optional ? {...write, optional} : write);
  };
  // Without swap accounting there is no memory.swap.max, and neither "max" nor "0" is worth failing for.
  if (swap !== undefined) add('memory.swap.max', 'swap', swap, swap <= 0n);
  if (limit !== undefined) add('memory.max', 'limit', limit);
  if (reservation !== undefined) add('memory.low', 'reservation', reservation);
  warnOfV1(memory, warn);
  return writes;
}

// Engines pass these on as users gave them on a command line that has no other for v2, and runc is silent about them.
function warnOfV1(memory: Memory, warn: Warn): void {
  const none = (key: keyof Memory, why: string): void => warn(`${AT}/${key}`, why);
  if ((memory.kernel ?? 0n) > 0n) none('kernel', 'cgroup v2 counts kernel memory in memory/limit');
  if ((memory.kernelTCP ?? 0n) > 0n) none('kernelTCP', 'cgroup v2 counts TCP buffers in memory/limit');
  if (isSet(memory.swappiness)) none('swappiness', 'cgroup v2 has no swappiness of its own');
  if (memory.disableOOMKiller === true) none('disableOOMKiller', 'cgroup v2 cannot switch the OOM killer off');
  if (memory.useHierarchy === false) none('useHierarchy', 'cgroup v2 always counts hierarchically');
}

// The spec's `swap` is memory+swap, as in cgroup v1; v2 wants swap alone. Equal numbers mean no swap: "0".
function swapAlone(memory: Memory, limit: bigint | undefined): bigint | undefined {
  const pointer = `${AT}/swap`;
  const total = limitOf(memory.swap, pointer);
  if (total === undefined) return limit === -1n ? -1n : undefined;
  if (total === -1n) return -1n;
  if (limit === undefined) throw new ConfigError([{pointer, message: 'is memory+swap, so it needs memory/limit'}]);
  if (limit === -1n || total < limit) {
    throw new ConfigError([
      {pointer, message: `${total} is memory+swap, so it cannot be below memory/limit (${limit})`},
    ]);
  }
  return total - limit;
}
