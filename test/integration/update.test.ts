// update: other limits for a container that is there.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Container, type Edit, runtsOnly, test} from './harness.ts';
import {cgroupOf, read} from './inspect.ts';

async function running(box: Box, edit?: Edit): Promise<Container> {
  const it = box.container(['/bin/sleep', '100'], edit);
  await it.create();
  await it.start();
  return it;
}

const limited: Edit = (spec) => {
  spec.linux.resources = {
    ...spec.linux.resources,
    memory: {limit: 64 << 20, swap: 64 << 20, reservation: 32 << 20},
    cpu: {quota: 20_000, period: 100_000, shares: 512},
    pids: {limit: 50},
  };
};

/** What the kernel has, of `controller/file`. */
async function value(it: Container, name: string): Promise<string> {
  const [controller = '', file = ''] = name.split('/');
  return read(join(cgroupOf((await it.state()).pid, controller), file)).trim();
}

const MiB = 1 << 20;

describe('update by options', () => {
  const cases: [flags: string[], name: string, expected: string][] = [
    [['--memory', `${48 * MiB}`], 'memory/memory.limit_in_bytes', `${48 * MiB}`],
    [['--memory', '48m'], 'memory/memory.limit_in_bytes', `${48 * MiB}`],
    [['--memory', '96m', '--memory-swap', '96m'], 'memory/memory.memsw.limit_in_bytes', `${96 * MiB}`],
    [['--memory-swap', '1g'], 'memory/memory.memsw.limit_in_bytes', `${1024 * MiB}`],
    [['--memory-reservation', '16m'], 'memory/memory.soft_limit_in_bytes', `${16 * MiB}`],
    [['--cpu-quota', '30000'], 'cpu/cpu.cfs_quota_us', '30000'],
    [['--cpu-quota', '-1'], 'cpu/cpu.cfs_quota_us', '-1'],
    [['--cpu-period', '50000'], 'cpu/cpu.cfs_period_us', '50000'],
    [['--cpu-share', '256'], 'cpu/cpu.shares', '256'],
    [['--cpuset-cpus', '1'], 'cpuset/cpuset.cpus', '1'],
    [['--cpuset-mems', '0'], 'cpuset/cpuset.mems', '0'],
    [['--pids-limit', '7'], 'pids/pids.max', '7'],
    [['--pids-limit', '-1'], 'pids/pids.max', 'max'],
  ];
  for (const [flags, name, expected] of cases) {
    test(`update ${flags.join(' ')}`, async ({box}) => {
      const it = await running(box, limited);
      const {stdout, stderr} = await box.ok(['update', ...flags, it.id]);
      expect([stdout, stderr]).toEqual(['', '']);
      expect(await value(it, name)).toBe(expected);
    });
  }

  runtsOnly('flags of newer runc', 'update: burst and idle', async (box) => {
    const it = await running(box, limited);
    await box.ok(['update', '--cpu-burst', '10000', it.id]);
    expect(await value(it, 'cpu/cpu.cfs_burst_us')).toBe('10000');
    await box.ok(['update', '--cpu-idle', '1', it.id]);
    expect(await value(it, 'cpu/cpu.idle')).toBe('1');
  });

  test('update: what is not named stays', async ({box}) => {
    const it = await running(box, limited);
    await box.ok(['update', '--cpu-share', '256', it.id]);
    expect(await value(it, 'memory/memory.limit_in_bytes')).toBe(`${64 * MiB}`);
    expect(await value(it, 'cpu/cpu.cfs_quota_us')).toBe('20000');
    expect(await value(it, 'cpu/cpu.cfs_period_us')).toBe('100000');
    expect(await value(it, 'pids/pids.max')).toBe('50');
    expect(await value(it, 'devices/devices.list')).not.toContain('a *:*');
  });

  test('update: no limit of memory is none of swap either', async ({box}) => {
    const it = await running(box, limited);
    await box.ok(['update', '--memory', '-1', it.id]);
    expect(await value(it, 'memory/memory.limit_in_bytes')).toBe('9223372036854771712');
    expect(await value(it, 'memory/memory.memsw.limit_in_bytes')).toBe('9223372036854771712');
  });

  test('update: a created and a paused container, but not one that has stopped', async ({box}) => {
    const it = box.container(['/bin/sleep', '100'], limited);
    await it.create();
    await box.ok(['update', '--pids-limit', '9', it.id]);
    expect(await value(it, 'pids/pids.max')).toBe('9');
    await it.start();
    await box.ok(['pause', it.id]);
    await box.ok(['update', '--pids-limit', '11', it.id]);
    expect(await value(it, 'pids/pids.max')).toBe('11');
    await it.kill('KILL');
    await it.stopped();
    const {code, stderr} = await box.runtime(['update', '--pids-limit', '9', it.id]);
    expect(code).toBe(1);
    expect(stderr).toContain('container not running');
    expect((await box.runtime(['update', 'nobody'])).stderr).toContain('container does not exist');
  });

  runtsOnly('the words are ours', 'update: what it refuses', async (box) => {
    const it = await running(box, limited);
    for (const [flags, message] of [
      [['--memory', 'much'], 'invalid value for memory: invalid size'],
      [['--cpu-quota', '1.5'], 'is not a whole number'],
      [['--cpu-quota', '5'], '--cpu-quota: must be at least 1000 (1 ms), got 5'],
      [['--memory-swap', '1m'], '--memory-swap: memory+swap limit should be >= memory limit'],
      [['--cpuset-cpus', '4000'], '--cpuset-cpus: '],
      [['--blkio-weight', '5'], '--blkio-weight: must be from 10 to 1000, got 5'],
      [['--l3-cache-schema', 'L3:0=f'], 'the container has no class of service'],
    ] as const) {
      const {code, stdout, stderr} = await box.runtime(['update', ...flags, it.id]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(message);
      expect(await value(it, 'memory/memory.memsw.limit_in_bytes')).toBe(`${64 * MiB}`);
    }
  });

  runtsOnly('runc leaves what it has written so far', 'update: after a refusal all is as it was', async (box) => {
    const it = await running(box, limited);
    const {code, stderr} = await box.runtime([
      'update',
      '--cpu-share',
      '300',
      '--memory',
      '32m',
      '--memory-swap',
      '4k',
      it.id,
    ]);
    expect([code, stderr.includes('--memory-swap')]).toEqual([1, true]);
    expect(await value(it, 'cpu/cpu.shares')).toBe('512');
    // The kernel refuses the second of these; the first has been written by then.
    const resources = {cpu: {cpus: '0', shares: 300}, pids: {limit: 12}, rdma: {none: {hcaHandles: 1}}};
    const late = await box.runtime(['update', '-r', '-', it.id], {input: JSON.stringify(resources)});
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('stdin#/rdma');
    expect(await value(it, 'cpu/cpu.shares')).toBe('512');
    expect(await value(it, 'pids/pids.max')).toBe('50');
    expect(await value(it, 'cpuset/cpuset.cpus')).toBe('0-1');
  });
});

describe('update by a file', () => {
  const RESOURCES = {
    memory: {limit: 80 * MiB, swap: 90 * MiB},
    cpu: {shares: 333, quota: 0, period: 0, cpus: '', mems: ''},
    pids: {limit: 21},
    devices: [{allow: true, access: 'rwm'}],
  };

  test('update: from stdin, as containerd does it, and from a file, as Podman does it', async ({box}) => {
    const it = await running(box, limited);
    const file = join(box.dir, 'resources.json');
    writeFileSync(file, JSON.stringify(RESOURCES));
    const devices = await value(it, 'devices/devices.list');
    for (const flag of ['--resources=-', `--resources=${file}`]) {
      // All other options are ignored then.
      await box.ok(['update', flag, '--pids-limit', '5', it.id], {input: JSON.stringify(RESOURCES)});
      expect(await value(it, 'memory/memory.limit_in_bytes')).toBe(`${80 * MiB}`);
      expect(await value(it, 'memory/memory.memsw.limit_in_bytes')).toBe(`${90 * MiB}`);
      expect(await value(it, 'cpu/cpu.shares')).toBe('333');
      expect(await value(it, 'cpu/cpu.cfs_quota_us')).toBe('20000');
      expect(await value(it, 'pids/pids.max')).toBe('21');
      expect(await value(it, 'devices/devices.list')).toBe(devices);
      await box.ok(['update', '--memory', '64m', '--memory-swap', '64m', '--pids-limit', '50', it.id]);
    }
  });

  runtsOnly('the words are ours', 'update: a file that is none', async (box) => {
    const it = await running(box, limited);
    for (const [input, message] of [
      ['{', 'stdin:1:2'],
      ['{"pids": {"limit": "5"}}', 'stdin#/pids/limit: '],
      ['{"memory": {"limit": 4096, "swap": 1}}', 'stdin#/memory/swap: '],
      ['[]', 'stdin#: '],
    ] as const) {
      const {code, stderr} = await box.runtime(['update', '-r', '-', it.id], {input});
      expect([input, code]).toEqual([input, 1]);
      expect(stderr).toContain(message);
    }
    const missing = await box.runtime(['update', '-r', '/nowhere', it.id]);
    expect(missing.stderr).toContain('cannot read the resources /nowhere: ENOENT');
  });
});
