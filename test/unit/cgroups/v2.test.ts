import {describe, expect, it} from 'vitest';
import {weightOfShares} from '../../../src/cgroups/v2/cpu.ts';
import {weightOfBlkio} from '../../../src/cgroups/v2/io.ts';
import {resourceWrites} from '../../../src/cgroups/resources.ts';
import type {LinuxResources} from '../../../src/generated/config.ts';

function lines(resources: LinuxResources): string[] {
  return resourceWrites(resources, () => 2)
    .families.flat()
    .map(({file, value, optional, readBack, deferrable, fallback}) => {
      const marks = `${optional ? '?' : ''}${readBack ? '!' : ''}${deferrable ? '~' : ''}`;
      return `${file}${marks} = ${value}${fallback ? ` | ${fallback.file} = ${fallback.value}` : ''}`;
    });
}

describe('cgroup v2 writes', () => {
  it('nothing asked, nothing written', () => {
    expect(lines({})).toEqual([]);
    expect(
      lines({memory: {limit: 0n, swap: 0n}, cpu: {shares: 0n, quota: 0n, period: 0n, realtimeRuntime: 0n}}),
    ).toEqual([]);
  });

  it('memory: swap alone, which is memory+swap less memory', () => {
    expect(lines({memory: {limit: 1000n, swap: 3000n, reservation: 500n}})).toEqual([
      'memory.swap.max = 2000',
      'memory.max = 1000',
      'memory.low = 500',
    ]);
    expect(lines({memory: {limit: 1000n, swap: 1000n}})).toEqual(['memory.swap.max? = 0', 'memory.max = 1000']);
    expect(lines({memory: {limit: 1000n, swap: -1n}})).toEqual(['memory.swap.max? = max', 'memory.max = 1000']);
    expect(lines({memory: {limit: -1n}})).toEqual(['memory.swap.max? = max', 'memory.max = max']);
    expect(lines({memory: {limit: 1000n}})).toEqual(['memory.max = 1000']);
    expect(lines({memory: {swap: -1n, reservation: -1n}})).toEqual(['memory.swap.max? = max', 'memory.low = max']);
    expect(lines({memory: {limit: 9223372036854771712n}})).toEqual(['memory.max = 9223372036854771712']);
  });

  it('memory: impossible numbers name their property', () => {
    const at = 'config.json#/linux/resources/memory/swap: ';
    expect(() => lines({memory: {swap: 10n}})).toThrow(`${at}is memory+swap, so it needs memory/limit`);
    expect(() => lines({memory: {limit: 10n, swap: 9n}})).toThrow(
      `${at}9 is memory+swap, so it cannot be below memory/limit (10)`,
    );
    expect(() => lines({memory: {limit: -1n, swap: 9n}})).toThrow(at);
  });

  it('what v2 does not have: tuning is a warning, a limit is an error', () => {
    const memory = {kernel: 1n, kernelTCP: 1n, swappiness: 60n, disableOOMKiller: true, useHierarchy: false};
    const {warnings} = resourceWrites({memory}, () => 2);
    expect(warnings.map((text) => text.replace(/: .*/, ''))).toEqual([
      'config.json#/linux/resources/memory/kernel',
      'config.json#/linux/resources/memory/kernelTCP',
      'config.json#/linux/resources/memory/swappiness',
      'config.json#/linux/resources/memory/disableOOMKiller',
      'config.json#/linux/resources/memory/useHierarchy',
    ]);
    const unset = {kernel: -1n, kernelTCP: 0n, swappiness: 2n ** 64n - 1n, disableOOMKiller: false, useHierarchy: true};
    expect(resourceWrites({memory: unset}, () => 2).warnings).toEqual([]);
    const errors: [LinuxResources, string[]][] = [
      [
        {blockIO: {leafWeight: 10, weightDevice: [{major: 1n, minor: 1n, leafWeight: 10}]}},
        ['blockIO/leafWeight', 'blockIO/weightDevice/0/leafWeight'],
      ],
      [{network: {classID: 1, priorities: [{name: 'lo', priority: 1}]}}, ['network/classID', 'network/priorities']],
    ];
    for (const [resources, properties] of errors) {
      const pattern = properties.map((name) => `config.json#/linux/resources/${name}: cgroup v2 has no .*`).join('\n');
      expect(() => lines(resources)).toThrow(new RegExp(`^${pattern}$`));
    }
    expect(lines({network: {classID: 0, priorities: []}, blockIO: {leafWeight: 0}})).toEqual([]);
    expect(() => lines({cpu: {realtimeRuntime: 5n}})).toThrow(
      'config.json#/linux/resources/cpu/realtimeRuntime: cgroup v2',
    );
  });

  it('cpu', () => {
    expect(lines({cpu: {shares: 1024n, quota: 50000n, period: 200000n, burst: 100n, cpus: '0', mems: '0'}})).toEqual([
      'cpuset.cpus! = 0',
      'cpuset.mems! = 0',
      'cpu.weight = 100',
      'cpu.max.burst~ = 100',
      'cpu.max = 50000 200000',
    ]);
    expect(lines({cpu: {quota: 50000n}})).toEqual(['cpu.max = 50000 100000']);
    expect(lines({cpu: {quota: -1n}})).toEqual(['cpu.max = max 100000']);
    expect(lines({cpu: {period: 5000n}})).toEqual(['cpu.max = max 5000']);
    expect(lines({cpu: {idle: 1n, shares: 2n}})).toEqual(['cpu.weight = 1', 'cpu.idle = 1']);
    expect(lines({cpu: {idle: 0n, shares: 2n}})).toEqual(['cpu.idle = 0', 'cpu.weight = 1']);
  });

  it.each([
    [1n, 1],
    [2n, 1],
    [100n, 17],
    [256n, 35],
    [512n, 59],
    [1024n, 100],
    [2048n, 174],
    [10000n, 627],
    [65536n, 3023],
    [262144n, 10000],
    [18446744073709551615n, 10000],
  ])('shares %d are weight %d', (shares, weight) => {
    expect(weightOfShares(shares)).toBe(weight);
  });

  it('pids', () => {
    expect(lines({pids: {limit: 0n}})).toEqual(['pids.max = 1']);
    expect(lines({pids: {limit: -5n}})).toEqual(['pids.max = max']);
    expect(lines({pids: {limit: 9n}})).toEqual(['pids.max = 9']);
  });

  it('io', () => {
    expect(
      lines({
        blockIO: {
          weight: 300,
          weightDevice: [{major: 8n, minor: 0n, weight: 1000}],
          throttleReadBpsDevice: [{major: 8n, minor: 0n, rate: 1048576n}],
          throttleWriteBpsDevice: [{major: 8n, minor: 16n, rate: 0n}],
          throttleReadIOPSDevice: [{major: 8n, minor: 0n, rate: 3n}],
          throttleWriteIOPSDevice: [{major: 253n, minor: 1n, rate: 5n}],
        },
      }),
    ).toEqual([
      'io.bfq.weight = 300 | io.weight = 2930',
      'io.bfq.weight = 8:0 1000 | io.weight = 8:0 10000',
      'io.max = 8:0 rbps=1048576',
      'io.max = 8:16 wbps=max',
      'io.max = 8:0 riops=3',
      'io.max = 253:1 wiops=5',
    ]);
  });

  it('blkio weights span the range of io weights', () => {
    expect([10, 11, 500, 1000].map(weightOfBlkio)).toEqual([1, 11, 4950, 10000]);
  });

  it('hugetlb, rdma, and unified last', () => {
    expect(
      lines({
        unified: {'memory.high': '5', 'io.max': '8:0 rbps=1\n8:16 rbps=2\n'},
        hugepageLimits: [{pageSize: '1GB', limit: 0n}],
        rdma: {mlx5_1: {hcaHandles: 3}},
      }),
    ).toEqual([
      'hugetlb.1GB.max = 0',
      'hugetlb.1GB.rsvd.max? = 0',
      'rdma.max = mlx5_1 hca_handle=3',
      'memory.high = 5',
      'io.max = 8:0 rbps=1',
      'io.max = 8:16 rbps=2',
    ]);
  });

  it('unified takes limits only', () => {
    for (const file of ['cgroup.procs', 'cgroup.freeze', 'cgroup.kill', 'cgroup.type', 'cgroup.subtree_control']) {
      expect(() => lines({unified: {[file]: '1'}})).toThrow(
        `config.json#/linux/resources/unified/${file}: is not a limit`,
      );
    }
    expect(lines({unified: {'cgroup.max.depth': '1', 'cpuset.cpus': '0', 'cpuset.cpus.partition': 'root'}})).toEqual([
      'cgroup.max.depth = 1',
      'cpuset.cpus! = 0',
      'cpuset.cpus.partition! = root',
    ]);
  });

  it('unified takes names of control files only', () => {
    for (const file of ['../x', 'memory/high', 'high', '.x']) {
      expect(() => lines({unified: {[file]: '1'}})).toThrow('is not the name of a cgroup file');
    }
  });
});
