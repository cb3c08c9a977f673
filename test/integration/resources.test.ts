// Every property of linux.resources but devices, on the v1 hierarchies of this host and, for the controllers that are not on
// v1, its v2 hierarchy: the value in the kernel's files as seen from outside and from inside, or the refusal.
// cgroup v2 is tested in the lab's guests.
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, isRunc, runtsOnly, test} from './harness.ts';
import {allCgroups, cgroupOf, entries, read} from './inspect.ts';
import type {ResourcesSpec} from './spec.ts';

interface Row {
  readonly claim: string;
  readonly resources: ResourcesSpec;
  readonly controller: string;
  /** file -> its text, without the last newline */
  readonly files: Readonly<Record<string, string>>;
  /** What runc does instead. */
  readonly runc?: string;
}

/** Any block device of this host, as "major:minor". */
const disk = entries('/sys/dev/block')[0] ?? '';
const MiB = 1 << 20;
const UNLIMITED = '9223372036854771712';
const row = (controller: string, claim: string, resources: ResourcesSpec, files: Row['files'], runc?: string): Row => ({
  claim: `${claim}: ${JSON.stringify(resources, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`,
  resources,
  controller,
  files,
  ...(runc === undefined ? {} : {runc}),
});

const memory: readonly Row[] = [
  row('memory', 'limit', {memory: {limit: 64 * MiB}}, {'memory.limit_in_bytes': String(64 * MiB)}),
  row(
    'memory',
    'limit is rounded down to pages',
    {memory: {limit: 64 * MiB + 1}},
    {'memory.limit_in_bytes': '67108864'},
  ),
  row('memory', '-1 is no limit', {memory: {limit: -1}}, {'memory.limit_in_bytes': UNLIMITED}),
  row(
    'memory',
    '0 is not set',
    {memory: {limit: 0, swap: 0, reservation: 0, kernel: 0, kernelTCP: 0}},
    {'memory.limit_in_bytes': UNLIMITED},
  ),
  row('memory', 'reservation', {memory: {reservation: 32 * MiB}}, {'memory.soft_limit_in_bytes': String(32 * MiB)}),
  row(
    'memory',
    'swap is memory+swap',
    {memory: {limit: 64 * MiB, swap: 96 * MiB}},
    {'memory.memsw.limit_in_bytes': String(96 * MiB)},
  ),
  row(
    'memory',
    'swap without limit',
    {memory: {limit: 64 * MiB, swap: -1}},
    {'memory.memsw.limit_in_bytes': UNLIMITED},
  ),
  row(
    'memory',
    'kernelTCP',
    {memory: {kernelTCP: 8 * MiB}},
    {'memory.kmem.tcp.limit_in_bytes': String(8 * MiB)},
    'runc ignores it',
  ),
  row('memory', 'swappiness', {memory: {swappiness: 11}}, {'memory.swappiness': '11'}),
  row('memory', 'swappiness 0', {memory: {swappiness: 0}}, {'memory.swappiness': '0'}),
  row(
    'memory',
    'no swappiness, as engines written in Go say it',
    {memory: {swappiness: 2n ** 64n - 1n}},
    {'memory.swappiness': '60'},
  ),
  row(
    'memory',
    'disableOOMKiller',
    {memory: {disableOOMKiller: true}},
    {'memory.oom_control': 'oom_kill_disable 1\nunder_oom 0\noom_kill 0'},
  ),
  row('memory', 'useHierarchy', {memory: {useHierarchy: true}}, {'memory.use_hierarchy': '1'}),
  row(
    'memory',
    'checkBeforeUpdate',
    {memory: {limit: 64 * MiB, checkBeforeUpdate: true}},
    {'memory.limit_in_bytes': String(64 * MiB)},
  ),
];

const cpu: readonly Row[] = [
  row('cpu', 'shares', {cpu: {shares: 333}}, {'cpu.shares': '333'}),
  row(
    'cpu',
    '0 is not set',
    {cpu: {shares: 0, quota: 0, period: 0, realtimeRuntime: 0, realtimePeriod: 0}},
    {'cpu.shares': '1024', 'cpu.cfs_quota_us': '-1', 'cpu.cfs_period_us': '100000'},
  ),
  row(
    'cpu',
    'quota and period',
    {cpu: {quota: 25_000, period: 50_000}},
    {'cpu.cfs_quota_us': '25000', 'cpu.cfs_period_us': '50000'},
  ),
  row('cpu', 'period alone', {cpu: {period: 50_000}}, {'cpu.cfs_quota_us': '-1', 'cpu.cfs_period_us': '50000'}),
  row('cpu', 'quota -1 is no limit', {cpu: {quota: -1}}, {'cpu.cfs_quota_us': '-1'}),
  row(
    'cpu',
    'burst',
    {cpu: {quota: 50_000, burst: 20_000}},
    {'cpu.cfs_burst_us': '20000'},
    'runc 1.1 does not know it',
  ),
  row('cpu', 'idle', {cpu: {idle: 1}}, {'cpu.idle': '1'}, 'runc 1.1 does not know it'),
  row(
    'cpu',
    'realtime',
    {cpu: {realtimeRuntime: 4000, realtimePeriod: 500_000}},
    {'cpu.rt_runtime_us': '4000', 'cpu.rt_period_us': '500000'},
  ),
  row('cpuset', 'cpus', {cpu: {cpus: '1'}}, {'cpuset.cpus': '1', 'cpuset.effective_cpus': '1'}),
  row('cpuset', 'mems', {cpu: {mems: '0'}}, {'cpuset.mems': '0', 'cpuset.effective_mems': '0'}),
];

const rest: readonly Row[] = [
  row('pids', 'limit', {pids: {limit: 77}}, {'pids.max': '77'}),
  row('pids', '-1 is no limit', {pids: {limit: -1}}, {'pids.max': 'max'}),
  row(
    'pids',
    '0 is the smallest limit',
    {pids: {limit: 0}},
    {'pids.max': '1'},
    'runc 1.1 takes it as no limit, runc 1.4 as this',
  ),
  row('blkio', 'weight', {blockIO: {weight: 333}}, {'blkio.bfq.weight': '333'}),
  row(
    'blkio',
    'throttles of a device',
    {blockIO: throttles(disk)},
    {
      'blkio.throttle.read_bps_device': `${disk} 1048576`,
      'blkio.throttle.write_bps_device': `${disk} 2097152`,
      'blkio.throttle.read_iops_device': `${disk} 300`,
      'blkio.throttle.write_iops_device': `${disk} 400`,
    },
  ),
];

function throttles(device: string): Record<string, unknown> {
  const rates = {ReadBps: 1_048_576, WriteBps: 2_097_152, ReadIOPS: 300, WriteIOPS: 400};
  return Object.fromEntries(
    Object.entries(rates).map(([name, rate]) => [`throttle${name}Device`, [{...numbers(device), rate}]]),
  );
}

function numbers(device: string): {major: number; minor: number} {
  const [major = 0, minor = 0] = device.split(':').map(Number);
  return {major, minor};
}

const CGROUP_MOUNT = {destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro']};

/** The files as the host has them for a created container, and as its program reads them. */
async function values(box: Box, {resources, controller, files}: Row) {
  const names = Object.keys(files);
  // A lone process: some limits allow no other.
  const it = box.container(['/bin/cat', ...names.map((name) => `/sys/fs/cgroup/${controller}/${name}`)], (spec) => {
    spec.linux.resources = {...spec.linux.resources, ...resources};
    spec.mounts.push(CGROUP_MOUNT);
  });
  const {stderr} = await it.create();
  const {pid} = await it.state();
  const outside = names.map((name) => read(join(cgroupOf(pid, controller), name))).join('');
  await it.start();
  await it.stopped();
  return {stderr, outside, inside: it.output()};
}

describe.each([
  ['memory', memory],
  ['cpu', cpu],
  ['pids and blockIO', rest],
])('%s', (_, rows) => {
  test.for(rows)('$claim', async (one, {box, skip}) => {
    skip(isRunc && one.runc !== undefined, one.runc);
    const {outside, inside, stderr} = await values(box, one);
    const expected = Object.values(one.files).map((text) => `${text}\n`);
    expect(outside).toBe(expected.join(''));
    expect(inside).toBe(expected.join(''));
    // runc warns of memory/kernel even when it is 0.
    if (!isRunc) expect(stderr).toBe('');
  });
});

describe('what has no effect here', () => {
  runtsOnly('runc says it in other words', 'is passed over with a warning', async (box) => {
    const it = box.container(['/bin/true'], (spec) => {
      spec.linux.resources = {memory: {kernel: 8 * MiB, useHierarchy: false}};
    });
    const {stderr} = await it.create();
    expect(stderr).toMatch(/resources\/memory\/kernel: Linux has no limit for kernel memory alone since 5.16/);
    expect(stderr).toMatch(/resources\/memory\/useHierarchy: Linux always counts hierarchically/);
  });
});

/** What cannot be in force is an error that names it; nothing is left behind, which the sandbox checks. */
const refusals: readonly [claim: string, resources: ResourcesSpec, says: RegExp, runc?: string][] = [
  ['memory.limit below what runts needs', {memory: {limit: 4096}}, /.*/],
  [
    'memory.swap below memory.limit',
    {memory: {limit: 64 * MiB, swap: MiB}},
    /memory\/swap: memory\+swap limit should be >= memory limit/,
    'runc 1.1 lets the kernel say so',
  ],
  [
    'cpu.shares that the kernel lowers',
    {cpu: {shares: 300_000}},
    /cpu\/shares: .*the kernel made it 262144/,
    'runc has other words',
  ],
  [
    'cpu.shares that the kernel raises',
    {cpu: {shares: 1}},
    /cpu\/shares: .*the kernel made it 2/,
    'runc has other words',
  ],
  ['cpu.quota too small', {cpu: {quota: 999}}, /cpu\/quota: must be at least 1000/, 'runc lets the kernel say so'],
  [
    'cpu.realtimeRuntime above what there is',
    {cpu: {realtimeRuntime: 990_000, realtimePeriod: 1_000_000}},
    /cpu\/realtimeRuntime: .*more than the cgroup above has left of its cpu.rt_runtime_us, which is \d+ of each 1000000 us/,
    'runc has other words',
  ],
  [
    'cpu.cpus that are not there',
    {cpu: {cpus: '700'}},
    /cpu\/cpus: .*the cgroup above has cpuset.cpus 0/,
    'runc has other words',
  ],
  [
    'cpu.mems that are not there',
    {cpu: {mems: '9'}},
    /cpu\/mems: .*the cgroup above has cpuset.mems 0/,
    'runc has other words',
  ],
  [
    'pids.limit beyond all pids',
    {pids: {limit: 5_000_000}},
    /pids\/limit: .*Linux has 4194304 pids at most/,
    'runc has other words',
  ],
  [
    'blockIO.leafWeight',
    {blockIO: {leafWeight: 100}},
    /blockIO\/leafWeight: .*no I\/O scheduler with weights/,
    'runc has other words',
  ],
  [
    'blockIO.weightDevice without a scheduler for it',
    {blockIO: {weightDevice: [{...numbers(disk), weight: 100}]}},
    /blockIO\/weightDevice\/0\/weight: .*echo bfq >\/sys\/dev\/block\/\d+:\d+\/queue\/scheduler/,
    'runc has other words',
  ],
  [
    'blockIO throttles of no device',
    {blockIO: throttles('999:0')},
    /blockIO\/throttleReadBpsDevice\/0: .*there is no such block device/,
    'runc has other words',
  ],
  [
    'hugepageLimits of a size that is not there',
    {hugepageLimits: [{pageSize: '3MB', limit: 0}]},
    /hugepageLimits\/0: .*no huge pages of that size/,
    'runc has other words',
  ],
  [
    'network.classID without its controller',
    {network: {classID: 0x10001}},
    /network\/classID: the controller "net_cls" is not mounted on this host: mkdir .* && mount -t cgroup -o net_cls/,
    'runc has other words',
  ],
  [
    'network.priorities without their controller',
    {network: {priorities: [{name: 'lo', priority: 1}]}},
    /network\/priorities\/0: the controller "net_prio" is not mounted/,
    'runc has other words',
  ],
  [
    'rdma without its controller',
    {rdma: {mlx5_1: {hcaHandles: 3}}},
    /rdma\/mlx5_1: this kernel has no controller "rdma" \(CONFIG_CGROUP_RDMA\)/,
    'runc has other words',
  ],
  [
    'unified of a controller on v1',
    {unified: {'memory.high': '1000000'}},
    /unified\/memory.high: cannot use unified on cgroup v1/,
    'runc has other words',
  ],
  [
    'unified of what is no limit',
    {unified: {'cgroup.freeze': '1'}},
    /unified\/cgroup.freeze: is not a limit/,
    'runc has other words',
  ],
];

describe('refused', () => {
  test.for(refusals.map(([claim, ...others]) => ({claim, others})))('$claim', async ({others}, {box, skip}) => {
    const [resources, says, runc] = others;
    const it = box.container(['/bin/true'], (spec) => {
      spec.linux.resources = {...spec.linux.resources, ...resources};
    });
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(outcome.code).not.toBe(0);
    skip(isRunc && runc !== undefined, runc);
    expect(outcome.stderr.replaceAll('\\"', '"')).toMatch(says);
    expect(allCgroups().filter((path) => path.includes(it.id))).toEqual([]);
  });
});

describe('realtime', () => {
  runtsOnly('runc leaves it to the engine', 'directories that runts makes above get what is needed', async (box) => {
    const make = async (name: string, realtimeRuntime: number): Promise<string> => {
      const it = box.container(['/bin/sleep', '100'], (spec) => {
        spec.linux.cgroupsPath = `/${box.token}/a/${name}`;
        spec.linux.resources = {cpu: {realtimeRuntime}};
      });
      await it.create();
      return cgroupOf((await it.state()).pid, 'cpu');
    };
    const budget = (path: string): string => read(join(path, 'cpu.rt_runtime_us')).trim();
    const one = await make('one', 3000);
    expect([one, join(one, '..'), join(one, '../..')].map(budget)).toEqual(['3000', '3000', '3000']);
    const two = await make('two', 2000);
    expect([two, join(two, '..'), join(two, '../..')].map(budget)).toEqual(['2000', '5000', '5000']);
    expect(budget(one)).toBe('3000');
  });
});

// On this host the controllers that no v1 hierarchy has are on v2.
describe('hybrid', () => {
  const unified = '/sys/fs/cgroup/unified';
  const offered = read(join(unified, 'cgroup.controllers')).split(/\s+/);

  runtsOnly('runc looks on v1 only', 'hugepageLimits and unified go to the v2 hierarchy', async (box) => {
    expect(offered).toContain('hugetlb');
    const it = box.container(['/bin/sleep', '100'], (spec) => {
      spec.linux.cgroupsPath = `/${box.token}/c`;
      spec.linux.resources = {
        hugepageLimits: [{pageSize: '2MB', limit: 4 * MiB}],
        unified: {'hugetlb.1GB.max': '1073741824', 'cgroup.max.depth': '3'},
      };
    });
    await it.create();
    const directory = `${unified}/${box.token}/c`;
    expect(read(`${directory}/cgroup.procs`).trim()).toBe(String((await it.state()).pid));
    const files = ['hugetlb.2MB.max', 'hugetlb.2MB.rsvd.max', 'hugetlb.1GB.max', 'cgroup.max.depth'];
    expect(files.map((name) => read(join(directory, name)).trim())).toEqual(['4194304', '4194304', '1073741824', '3']);
    await it.delete();
    expect(existsSync(directory)).toBe(false);
  });
});
