import {describe, expect, it} from 'vitest';
import {deviceRules} from '../../../../src/cgroups/device-rules.ts';
import type {CgroupRecord} from '../../../../src/cgroups/record.ts';
import {resourceWrites} from '../../../../src/cgroups/resources.ts';
import {deviceProperties, parseDeviceNames} from '../../../../src/cgroups/systemd/devices.ts';
import {unitProperties} from '../../../../src/cgroups/systemd/properties.ts';
import {scopeProperties} from '../../../../src/cgroups/systemd/scope.ts';
import {deviceWrites} from '../../../../src/cgroups/v1/devices.ts';
import type {LinuxResources} from '../../../../src/generated/config.ts';

const INFINITY = 2n ** 64n - 1n;

/** What systemd of a version is told, without the types. */
function told(resources: LinuxResources, systemd = 252, cgroup: 1 | 2 = 2): Record<string, unknown> {
  const {families} = resourceWrites(resources, () => cgroup);
  return Object.fromEntries(unitProperties(families.flat(), systemd).map(([name, {value}]) => [name, value]));
}

const types = (resources: LinuxResources): Record<string, string> =>
  Object.fromEntries(
    unitProperties(resourceWrites(resources, () => 2).families.flat(), 252).map(([name, {signature}]) => [
      name,
      signature,
    ]),
  );

const device = {major: 8n, minor: 16n};
const path = '/dev/block/8:16';

describe('linux.resources on cgroup v2', () => {
  it.each<[string, LinuxResources, Record<string, unknown>]>([
    ['memory limit', {memory: {limit: 64n}}, {MemoryMax: 64n}],
    ['no memory limit, which is none on swap', {memory: {limit: -1n}}, {MemoryMax: INFINITY, MemorySwapMax: INFINITY}],
    ['memory and swap', {memory: {limit: 64n, swap: 96n}}, {MemoryMax: 64n, MemorySwapMax: 32n}],
    ['no swap', {memory: {limit: 64n, swap: 64n}}, {MemoryMax: 64n, MemorySwapMax: 0n}],
    ['reservation', {memory: {reservation: 5n}}, {MemoryLow: 5n}],
    ['shares', {cpu: {shares: 1024n}}, {CPUWeight: 100n}],
    ['idle', {cpu: {shares: 512n, idle: 1n}}, {CPUWeight: 0n}],
    ['not idle', {cpu: {idle: 0n}}, {CPUWeight: INFINITY}],
    ['not idle, with shares', {cpu: {shares: 512n, idle: 0n}}, {CPUWeight: 59n}],
    [
      'quota and period',
      {cpu: {quota: 50_000n, period: 200_000n}},
      {CPUQuotaPerSecUSec: 250_000n, CPUQuotaPeriodUSec: 200_000n},
    ],
    [
      'a quota of no whole percentage',
      {cpu: {quota: 25_001n}},
      {CPUQuotaPerSecUSec: 260_000n, CPUQuotaPeriodUSec: 100_000n},
    ],
    ['a period alone', {cpu: {period: 50_000n}}, {CPUQuotaPerSecUSec: INFINITY, CPUQuotaPeriodUSec: 50_000n}],
    ['no quota', {cpu: {quota: -1n}}, {CPUQuotaPerSecUSec: INFINITY, CPUQuotaPeriodUSec: 100_000n}],
    ['pids', {pids: {limit: 9n}}, {TasksMax: 9n}],
    ['no limit of pids', {pids: {limit: -1n}}, {TasksMax: INFINITY}],
    ['pids 0', {pids: {limit: 0n}}, {TasksMax: 1n}],
    ['I/O weight', {blockIO: {weight: 1000}}, {IOWeight: 10_000n}],
    ['I/O weight of a device', {blockIO: {weightDevice: [{...device, weight: 10}]}}, {IODeviceWeight: [[path, 1n]]}],
    [
      'I/O limits',
      {
        blockIO: {
          throttleReadBpsDevice: [{...device, rate: 1n}],
          throttleWriteBpsDevice: [{...device, rate: 2n}],
          throttleReadIOPSDevice: [{...device, rate: 3n}],
          throttleWriteIOPSDevice: [
            {...device, rate: 0n},
            {major: 9n, minor: 0n, rate: 4n},
          ],
        },
      },
      {
        IOReadBandwidthMax: [[path, 1n]],
        IOWriteBandwidthMax: [[path, 2n]],
        IOReadIOPSMax: [[path, 3n]],
        IOWriteIOPSMax: [
          [path, INFINITY],
          ['/dev/block/9:0', 4n],
        ],
      },
    ],
    ['what it has no property for', {hugepageLimits: [{pageSize: '2MB', limit: 9n}], cpu: {burst: 5n}}, {}],
  ])('%s', (_, resources, expected) => {
    expect(told(resources)).toEqual(expected);
  });

  it('cpusets are bit masks', () => {
    const {AllowedCPUs, AllowedMemoryNodes} = told({cpu: {cpus: '0-1,9', mems: '0'}});
    expect([...(AllowedCPUs as Uint8Array)]).toEqual([3, 2, 0, 0, 0, 0, 0, 0]);
    expect([...(AllowedMemoryNodes as Uint8Array)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('types are those that systemd wants', () => {
    const limits = {
      memory: {limit: 1n},
      cpu: {cpus: '0', quota: 5000n},
      blockIO: {throttleReadBpsDevice: [{...device, rate: 1n}]},
    };
    expect(types(limits)).toEqual({
      MemoryMax: 't',
      AllowedCPUs: 'ay',
      CPUQuotaPerSecUSec: 't',
      CPUQuotaPeriodUSec: 't',
      IOReadBandwidthMax: 'a(st)',
    });
  });

  it('older systemd is not told what it does not know', () => {
    const cpu = {idle: 1n, quota: 5000n, cpus: '0'};
    expect(told({cpu, unified: {'memory.min': '5'}}, 239)).toEqual({CPUQuotaPerSecUSec: 50_000n});
  });
});

describe('unified', () => {
  it.each<[string, string, Record<string, unknown>]>([
    ['memory.high', '64M', {MemoryHigh: 67_108_864n}],
    ['memory.min', 'max', {MemoryMin: INFINITY}],
    ['memory.swap.max', '0', {MemorySwapMax: 0n}],
    ['memory.max', '0', {}],
    ['memory.oom.group', '1', {}],
    ['cpu.max', 'max', {CPUQuotaPerSecUSec: INFINITY}],
    ['cpu.max', '5000 10000', {CPUQuotaPerSecUSec: 500_000n, CPUQuotaPeriodUSec: 10_000n}],
    ['cpu.max', 'lots', {}],
    ['cpu.weight', '7', {CPUWeight: 7n}],
    ['cpuset.cpus', 'none', {}],
    ['pids.max', 'max', {TasksMax: INFINITY}],
    ['io.weight', 'default 50', {IOWeight: 50n}],
    ['io.weight', '8:16 50', {IODeviceWeight: [[path, 50n]]}],
    ['io.max', '8:16 rbps=1K wiops=max', {IOReadBandwidthMax: [[path, 1024n]], IOWriteIOPSMax: [[path, INFINITY]]}],
  ])('%s %j', (file, value, expected) => {
    expect(told({unified: {[file]: value}})).toEqual(expected);
  });

  it('has the last word', () => {
    expect(told({memory: {limit: 64n}, unified: {'memory.max': '32'}})).toEqual({MemoryMax: 32n});
  });
});

describe('cgroup v1', () => {
  it('has the older names', () => {
    const resources = {
      memory: {limit: 64n},
      cpu: {shares: 512n, quota: 5000n, period: 10_000n},
      pids: {limit: 9n},
      blockIO: {weight: 500, throttleReadBpsDevice: [{...device, rate: 1n}]},
    };
    expect(told(resources, 252, 1)).toEqual({
      MemoryLimit: 64n,
      CPUShares: 512n,
      CPUQuotaPerSecUSec: 500_000n,
      CPUQuotaPeriodUSec: 10_000n,
      TasksMax: 9n,
      BlockIOWeight: 500n,
      BlockIOReadBandwidth: [[path, 1n]],
    });
  });

  const names = parseDeviceNames('Character devices:\n  5 /dev/tty\n136 pts\n\nBlock devices:\n  8 sd\n');
  const devices = (rules: LinuxResources['devices']): Record<string, unknown> =>
    Object.fromEntries(
      deviceProperties(deviceWrites(deviceRules(rules)), names).map(([name, {value}]) => [name, value]),
    );

  it('devices are those that the cgroup allows', () => {
    const {DevicePolicy, DeviceAllow} = devices([{allow: true, type: 'b', major: 8n, access: 'r'}]);
    expect(DevicePolicy).toBe('strict');
    expect(DeviceAllow).toContainEqual(['block-sd', 'r']);
    expect(DeviceAllow).toContainEqual(['char-*', 'm']);
    expect(DeviceAllow).toContainEqual(['/dev/char/1:3', 'rwm']);
    expect(DeviceAllow).toContainEqual(['char-pts', 'rwm']);
  });

  it('systemd cannot forbid single devices', () => {
    const all = {allow: true, access: 'rwm'};
    expect(devices([all, {allow: false, type: 'b', major: 8n, access: 'rwm'}])).toEqual({});
  });
});

describe('the scope', () => {
  const record: CgroupRecord = {
    version: 2,
    paths: {unified: '/sys/fs/cgroup/system.slice/x.scope'},
    ancestors: [],
    systemd: {unit: 'x.scope', slice: 'system.slice', address: 'unix:path=/x', isBus: false},
  };
  const properties = (systemd: number): Record<string, unknown> =>
    Object.fromEntries(
      scopeProperties('web', 42, record, systemd, [['TasksMax', {signature: 't', value: 5n}]], {pids: {limit: 9n}}).map(
        ([name, {value}]) => [name, value],
      ),
    );

  it('is delegated, and goes with its processes', () => {
    expect(properties(252)).toEqual({
      Description: 'runts container web',
      Slice: 'system.slice',
      PIDs: [42],
      Delegate: true,
      DefaultDependencies: false,
      MemoryAccounting: true,
      CPUAccounting: true,
      IOAccounting: true,
      TasksAccounting: true,
      CollectMode: 'inactive-or-failed',
      // Limits go over annotations, as in runc.
      TasksMax: 9n,
    });
    expect(properties(235)).not.toHaveProperty('CollectMode');
  });
});
