import {describe, expect, it} from 'vitest';
import {resourceWrites} from '../../../src/cgroups/resources.ts';
import type {LinuxResources} from '../../../src/generated/config.ts';

/** "file = value" in the order of writing, with marks: ? optional, ! read back, ~ may be written later. */
function lines(resources: LinuxResources): string[] {
  return resourceWrites(resources, () => 1)
    .families.flat()
    .map(({file, value, optional, readBack, deferrable, fallback}) => {
      const marks = `${optional ? '?' : ''}${readBack ? '!' : ''}${deferrable ? '~' : ''}`;
      return `${file}${marks} = ${value}${fallback ? ` | ${fallback.file} = ${fallback.value}` : ''}`;
    });
}

describe('cgroup v1 writes', () => {
  it('nothing asked, nothing written', () => {
    expect(lines({})).toEqual([]);
    expect(lines({memory: {limit: 0n, swap: 0n, reservation: 0n}, cpu: {shares: 0n, quota: 0n, period: 0n}})).toEqual(
      [],
    );
    expect(lines({memory: {disableOOMKiller: false}, cpu: {cpus: '', mems: ''}, blockIO: {weight: 0}})).toEqual([]);
  });

  it('memory: the limit first, memory+swap after it', () => {
    expect(
      lines({
        memory: {limit: 1000n, swap: 3000n, reservation: 500n, kernelTCP: 9n, swappiness: 0n, disableOOMKiller: true},
      }),
    ).toEqual([
      'memory.limit_in_bytes~ = 1000',
      'memory.memsw.limit_in_bytes = 3000',
      'memory.soft_limit_in_bytes = 500',
      'memory.kmem.tcp.limit_in_bytes = 9',
      'memory.swappiness = 0',
      'memory.oom_control = 1',
    ]);
  });

  it('memory: 64-bit numbers stay exact', () => {
    expect(lines({memory: {limit: 9223372036854771712n}})).toEqual(['memory.limit_in_bytes~ = 9223372036854771712']);
  });

  it('memory: unlimited, which lifts the limit on memory+swap too', () => {
    const both = ['memory.limit_in_bytes~ = -1', 'memory.memsw.limit_in_bytes? = -1'];
    expect(lines({memory: {limit: -1n}})).toEqual(both);
    expect(lines({memory: {limit: -1n, swap: -1n}})).toEqual(both);
    expect(lines({memory: {limit: 5n, swap: -1n}})).toEqual([
      'memory.limit_in_bytes~ = 5',
      'memory.memsw.limit_in_bytes? = -1',
    ]);
  });

  it('memory: impossible numbers name their property', () => {
    expect(() => lines({memory: {limit: -2n}})).toThrow(
      'config.json#/linux/resources/memory/limit: -2 is no limit; -1 is unlimited',
    );
    expect(() => lines({memory: {limit: 10n, swap: 9n}})).toThrow(
      'config.json#/linux/resources/memory/swap: 9 is memory+swap, so it cannot be below memory/limit (10)',
    );
    expect(() => lines({memory: {limit: -1n, swap: 9n}})).toThrow('memory/swap');
  });

  it('memory: what Linux no longer has is a warning, and no value at all is nothing', () => {
    expect(resourceWrites({memory: {kernel: 5n, useHierarchy: false}}, () => 1).warnings).toEqual([
      'config.json#/linux/resources/memory/kernel: Linux has no limit for kernel memory alone since 5.16; it is part of memory/limit; ignoring it',
      'config.json#/linux/resources/memory/useHierarchy: Linux always counts hierarchically since 5.11; ignoring it',
    ]);
    const memory = {kernel: -1n, kernelTCP: 0n, swappiness: 2n ** 64n - 1n, useHierarchy: true};
    expect(resourceWrites({memory}, () => 1)).toEqual({families: expect.anything(), warnings: []});
    expect(lines({memory})).toEqual([]);
  });

  it('cpu', () => {
    expect(
      lines({
        cpu: {
          shares: 512n,
          quota: -1n,
          period: 50000n,
          burst: 7n,
          realtimePeriod: 1000000n,
          realtimeRuntime: 950000n,
          cpus: '0-1',
          mems: '0',
        },
      }),
    ).toEqual([
      'cpuset.cpus = 0-1',
      'cpuset.mems = 0',
      'cpu.shares! = 512',
      'cpu.rt_period_us~ = 1000000',
      'cpu.rt_runtime_us = 950000',
      'cpu.cfs_burst_us~ = 7',
      'cpu.cfs_period_us~ = 50000',
      'cpu.cfs_quota_us = -1',
    ]);
  });

  it('cpu.idle: off before shares, on after them', () => {
    expect(lines({cpu: {idle: 1n, shares: 2n}})).toEqual(['cpu.shares! = 2', 'cpu.idle = 1']);
    expect(lines({cpu: {idle: 0n, shares: 2n}})).toEqual(['cpu.idle = 0', 'cpu.shares! = 2']);
  });

  it('pids: 0 is the smallest limit, below 0 is none', () => {
    expect(lines({pids: {limit: 12n}})).toEqual(['pids.max = 12']);
    expect(lines({pids: {limit: 0n}})).toEqual(['pids.max = 1']);
    expect(lines({pids: {limit: -1n}})).toEqual(['pids.max = max']);
    expect(lines({pids: {}})).toEqual([]);
  });

  it('blkio: weights of CFQ or BFQ, throttles per device', () => {
    expect(
      lines({
        blockIO: {
          weight: 300,
          leafWeight: 20,
          weightDevice: [{major: 8n, minor: 0n, weight: 100, leafWeight: 50}],
          throttleReadBpsDevice: [{major: 8n, minor: 0n, rate: 1048576n}],
          throttleWriteBpsDevice: [{major: 8n, minor: 16n, rate: 0n}],
          throttleReadIOPSDevice: [{major: 8n, minor: 0n, rate: 18446744073709551615n}],
          throttleWriteIOPSDevice: [{major: 253n, minor: 1n, rate: 5n}],
        },
      }),
    ).toEqual([
      'blkio.weight = 300 | blkio.bfq.weight = 300',
      'blkio.leaf_weight = 20',
      'blkio.weight_device = 8:0 100 | blkio.bfq.weight_device = 8:0 100',
      'blkio.leaf_weight_device = 8:0 50',
      'blkio.throttle.read_bps_device = 8:0 1048576',
      'blkio.throttle.write_bps_device = 8:16 0',
      'blkio.throttle.read_iops_device = 8:0 18446744073709551615',
      'blkio.throttle.write_iops_device = 253:1 5',
    ]);
  });

  it('hugetlb, net_cls, net_prio, rdma', () => {
    expect(
      lines({
        hugepageLimits: [{pageSize: '2MB', limit: 4194304n}],
        network: {classID: 1048577, priorities: [{name: 'eth0', priority: 5}]},
        rdma: {mlx5_1: {hcaHandles: 3, hcaObjects: 10000}, mlx4_0: {hcaObjects: 7}},
      }),
    ).toEqual([
      'hugetlb.2MB.limit_in_bytes = 4194304',
      'hugetlb.2MB.rsvd.limit_in_bytes? = 4194304',
      'net_cls.classid = 1048577',
      'net_prio.ifpriomap = eth0 5',
      'rdma.max = mlx5_1 hca_handle=3 hca_object=10000',
      'rdma.max = mlx4_0 hca_object=7',
    ]);
  });

  it('every write names its property', () => {
    const {families} = resourceWrites(
      {
        blockIO: {weightDevice: [{major: 1n, minor: 2n, weight: 9}]},
        rdma: {'a/b': {hcaObjects: 1}, none: {}},
      },
      () => 1,
    );
    expect(families.flat().map(({pointer}) => pointer)).toEqual([
      '/linux/resources/blockIO/weightDevice/0/weight',
      '/linux/resources/rdma/a~1b',
    ]);
  });

  it('unified is an error', () => {
    expect(() => lines({unified: {'memory.high': '1'}})).toThrow(
      'config.json#/linux/resources/unified/memory.high: cannot use unified on cgroup v1',
    );
    expect(lines({unified: {}})).toEqual([]);
  });

  it('hybrid: each controller is written as the version that has it wants it', () => {
    const {families} = resourceWrites(
      {
        memory: {limit: 5n},
        hugepageLimits: [{pageSize: '2MB', limit: 7n}],
        blockIO: {weight: 10},
        unified: {'hugetlb.1GB.max': '8'},
      },
      (v1, v2) => (v1 === 'hugetlb' || v2 === 'io' ? 2 : 1),
    );
    expect(families.flat().map(({file}) => file)).toEqual([
      'memory.limit_in_bytes',
      'io.bfq.weight',
      'hugetlb.2MB.max',
      'hugetlb.2MB.rsvd.max',
      'hugetlb.1GB.max',
    ]);
  });
});
