// events: what a container uses, and when it runs out of memory.
import {describe, expect} from 'vitest';
import {type Box, type Container, runtsOnly, test} from './harness.ts';
import {until} from './inspect.ts';

async function running(box: Box, script: string, memory?: number): Promise<Container> {
  const it = box.container(script, (spec) => {
    if (memory !== undefined) spec.linux.resources = {...spec.linux.resources, memory: {limit: memory, swap: memory}};
  });
  await it.create();
  await it.start();
  return it;
}

interface Line {
  type: string;
  id: string;
  data: any;
}

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

describe('events --stats', () => {
  test('events: one line in the shape of runc', async ({box}) => {
    const it = await running(box, 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 100', 64 << 20);
    const [line, ...more] = await until('it has run for a while', async () => {
      const lines = linesOf((await box.ok(['events', '--stats', it.id])).stdout);
      return (lines[0]?.data.cpu.usage.total ?? 0) > 10_000_000 ? lines : undefined;
    });
    expect(more).toEqual([]);
    expect(line).toMatchObject({type: 'stats', id: it.id});
    expect(Object.keys(line?.data)).toEqual([
      'cpu',
      'cpuset',
      'memory',
      'pids',
      'blkio',
      'hugetlb',
      'intel_rdt',
      'network_interfaces',
    ]);
    const {cpu, cpuset, memory, pids, network_interfaces: interfaces} = line?.data ?? {};
    expect(cpu.usage.percpu.reduce((sum: number, value: number) => sum + value)).toBe(cpu.usage.total);
    expect(cpu.usage.percpu_user).toHaveLength(cpu.usage.percpu.length);
    expect(cpu.throttling).toEqual({});
    expect(cpuset.cpus.length).toBeGreaterThan(0);
    expect(cpuset.sched_relax_domain_level).toBe(-1);
    expect(memory.usage).toMatchObject({limit: 64 << 20, failcnt: 0});
    expect(memory.usage.usage).toBeGreaterThan(0);
    expect(memory.usage.max).toBeGreaterThanOrEqual(memory.usage.usage);
    expect(memory.swap.limit).toBe(64 << 20);
    expect(memory.raw.hierarchical_memory_limit).toBe(64 << 20);
    expect(pids.current).toBeGreaterThan(0);
    expect(interfaces).toBeNull();
  });

  test('events: numbers beyond a double are exact', async ({box}) => {
    const it = await running(box, 'sleep 100');
    const {stdout} = await box.ok(['events', '--stats', it.id]);
    expect(stdout).toContain('"limit":9223372036854771712');
  });

  test('events: throttling and limits show', async ({box}) => {
    const it = box.container('while :; do :; done', (spec) => {
      spec.linux.resources = {...spec.linux.resources, cpu: {quota: 5000, period: 50000}, pids: {limit: 7}};
    });
    await it.create();
    await it.start();
    const {cpu, pids} = await until('it has been throttled', async () => {
      const [line] = linesOf((await box.ok(['events', '--stats', it.id])).stdout);
      return line?.data.cpu.throttling.throttledPeriods > 0 ? line?.data : undefined;
    });
    expect(cpu.throttling.periods).toBeGreaterThan(0);
    expect(cpu.throttling.throttledTime).toBeGreaterThan(0);
    expect(pids.limit).toBe(7);
  });
});

describe('events', () => {
  runtsOnly(
    'runc goes on until the container is deleted',
    'events: a line each interval, until the end',
    async (box) => {
      const it = await running(box, 'sleep 100');
      const following = box.start(['events', '--interval', '100ms', it.id]);
      await until('three lines', () => linesOf(following.stdout()).length >= 3);
      await it.kill('KILL');
      const {code, stdout, stderr} = await following.done;
      expect([code, stderr]).toEqual([0, '']);
      expect(new Set(linesOf(stdout).map(({type}) => type))).toEqual(new Set(['stats']));
    },
  );

  test('events: running out of memory is told', async ({box}) => {
    // The shell lives on when one of its children is killed, and these are the ones that the kernel chooses.
    const child = 'echo 1000 >/proc/self/oom_score_adj; exec tail -c 100000000 /dev/zero';
    const it = await running(box, `while :; do sh -c '${child}'; sleep 1; done`, 20 << 20);
    const following = box.start(['events', '--interval', '1h', it.id]);
    const [line] = await until(
      'an event',
      () => {
        const lines = linesOf(following.stdout());
        return lines.length > 0 ? lines : undefined;
      },
      15_000,
    );
    expect(line).toEqual({type: 'oom', id: it.id});
    await it.kill('KILL');
    await it.stopped();
    await it.delete();
    await following.done;
  });

  test('events: of a stopped container there are none', async ({box}) => {
    const it = await running(box, 'true');
    await it.stopped();
    for (const flags of [[], ['--stats']]) {
      const {code, stdout, stderr} = await box.runtime(['events', ...flags, it.id]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`container with id ${it.id} is not running`);
    }
  });

  test('events: an interval must be a positive duration', async ({box}) => {
    const it = await running(box, 'sleep 100');
    for (const interval of ['0', '-1s']) {
      const {code, stderr} = await box.runtime(['events', `--interval=${interval}`, it.id]);
      expect(code).toBe(1);
      expect(stderr).toContain('duration interval must be greater than 0');
    }
    expect((await box.runtime(['events', '--interval', 'soon', it.id])).stderr).toContain('invalid value');
  });

  runtsOnly('runc prints on to nobody', 'events: ends when nobody listens any more', async (box) => {
    const it = await running(box, 'sleep 100');
    const command = box.command('events', '--interval', '50ms', it.id).join(' ');
    const {code, stdout} = await box.host(['bash', '-c', `set -o pipefail; ${command} | head -n 1 | wc -l`]);
    expect([code, stdout]).toEqual([0, '1\n']);
  });
});
