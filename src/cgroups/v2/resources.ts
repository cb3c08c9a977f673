// linux.resources (but devices) -> the writes of cgroup v2, in an order that is safe for a live container.
import type {LinuxResources} from '../../generated/config.ts';
import {cpusetWrites} from '../cpuset.ts';
import {hugetlbWrites} from '../hugetlb.ts';
import {pidsWrites} from '../pids.ts';
import {rdmaWrites} from '../rdma.ts';
import {type ResourceWrites, warning} from '../write.ts';
import {cpuWrites} from './cpu.ts';
import {ioWarnings, ioWrites} from './io.ts';
import {memoryWarnings, memoryWrites} from './memory.ts';
import {unifiedWrites} from './unified.ts';

export function resourceWritesV2(resources: LinuxResources): ResourceWrites {
  const {memory = {}, cpu = {}, pids = {}, blockIO = {}, hugepageLimits = [], rdma = {}, unified = {}} = resources;
  const warnings = [...memoryWarnings(memory), ...ioWarnings(blockIO)];
  const {classID, priorities = []} = resources.network ?? {};
  if (classID || priorities.length > 0) {
    warnings.push(warning('/linux/resources/network', 'cgroup v2 has no net_cls and net_prio'));
  }
  return {
    families: [
      pidsWrites(pids),
      memoryWrites(memory),
      ioWrites(blockIO),
      cpuWrites(cpu),
      cpusetWrites(cpu),
      hugetlbWrites(hugepageLimits, 2),
      rdmaWrites(rdma),
      unifiedWrites(unified),
    ],
    warnings,
  };
}
