// linux.resources (but devices) -> the writes of cgroup v1, in an order that is safe for a live container.
import {ConfigError} from '../../errors.ts';
import type {LinuxResources} from '../../generated/config.ts';
import {cpusetWrites} from '../cpuset.ts';
import {hugetlbWrites} from '../hugetlb.ts';
import {pidsWrites} from '../pids.ts';
import {rdmaWrites} from '../rdma.ts';
import type {ResourceWrites} from '../write.ts';
import {blkioWrites} from './blkio.ts';
import {cpuWrites} from './cpu.ts';
import {memoryWarnings, memoryWrites} from './memory.ts';
import {networkWrites} from './network.ts';

export function resourceWritesV1(resources: LinuxResources): ResourceWrites {
  const {memory = {}, cpu = {}, pids = {}, blockIO = {}, hugepageLimits = [], network = {}, rdma = {}} = resources;
  if (resources.unified !== undefined && Object.keys(resources.unified).length > 0) {
    const message = 'names files of cgroup v2, but this host has cgroup v1';
    throw new ConfigError([{pointer: '/linux/resources/unified', message}]);
  }
  return {
    families: [
      cpusetWrites(cpu),
      memoryWrites(memory),
      cpuWrites(cpu),
      pidsWrites(pids),
      blkioWrites(blockIO),
      hugetlbWrites(hugepageLimits, 1),
      networkWrites(network),
      rdmaWrites(rdma),
    ],
    warnings: memoryWarnings(memory),
  };
}
