// pause and resume, and ps.
import {writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Container, runtsOnly, test} from './harness.ts';
import {cgroupOf, read, until} from './inspect.ts';
import {withoutNamespace} from './spec.ts';

const COUNTER = 'i=0; while :; do i=$((i+1)); echo $i > /count; done';

async function running(box: Box, script: string): Promise<Container> {
  const it = box.container(script);
  await it.create();
  await it.start();
  return it;
}

describe('pause', () => {
  const count = (it: Container): number => Number(read(join(it.rootfs, 'count')));

  test('pause: all processes stop until resume', async ({box}) => {
    const it = await running(box, COUNTER);
    await until('it counts', () => count(it) > 0);
    await box.ok(['pause', it.id]);
    expect(await it.status()).toBe('paused');
    const before = read(join(it.rootfs, 'count'));
    await box.host(['sleep', '0.2']);
    expect(read(join(it.rootfs, 'count'))).toBe(before);
    await box.ok(['resume', it.id]);
    expect(await it.status()).toBe('running');
    await until('it goes on', () => count(it) > Number(before));
  });

  test('pause: twice is an error, and so is resume twice', async ({box}) => {
    const it = await running(box, 'sleep 100');
    await box.ok(['pause', it.id]);
    const again = await box.runtime(['pause', it.id]);
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toContain('container not running');
    await box.ok(['resume', it.id]);
    const resumed = await box.runtime(['resume', it.id]);
    expect([resumed.code, resumed.stdout]).toEqual([1, '']);
    expect(resumed.stderr).toContain('container not paused');
  });

  runtsOnly('runc calls it running', 'pause: a created container is created again after resume', async (box) => {
    const it = box.container('exit 3');
    await it.create();
    await box.ok(['pause', it.id]);
    const start = await box.runtime(['start', it.id]);
    expect(start.stderr).toContain('cannot start a container in the paused state');
    await box.ok(['resume', it.id]);
    expect(await it.status()).toBe('created');
    await it.start();
    await it.stopped();
  });

  test('pause: a queued signal is delivered after resume', async ({box}) => {
    const it = await running(box, 'trap "exit 0" TERM; echo ready > /count; while :; do sleep 0.05; done');
    await until('the trap is set', () => read(join(it.rootfs, 'count')) !== '');
    await box.ok(['pause', it.id]);
    await it.kill('TERM');
    expect(await it.status()).toBe('paused');
    await box.ok(['resume', it.id]);
    await it.stopped();
  });

  runtsOnly('runc reports success', 'pause: resume tells of a cgroup above that is frozen', async (box) => {
    const it = box.container('sleep 100', (spec) => {
      spec.linux.cgroupsPath = `/${box.token}-above/inner`;
    });
    await it.create();
    await it.start();
    const above = dirname(cgroupOf((await it.state()).pid, 'freezer'));
    writeFileSync(join(above, 'freezer.state'), 'FROZEN');
    await until('frozen', () => read(join(above, 'freezer.state')) === 'FROZEN\n');
    try {
      const resumed = await box.runtime(['resume', it.id]);
      expect(resumed.code).toBe(1);
      expect(resumed.stderr).toContain('a cgroup above its own is frozen');
    } finally {
      writeFileSync(join(above, 'freezer.state'), 'THAWED');
    }
    expect(await it.status()).toBe('running');
  });
});

describe('ps', () => {
  test('ps: json has the pids on the host', async ({box}) => {
    const it = await running(box, 'sleep 1000 & wait');
    const pid = (await it.state()).pid;
    const pids = await until('both processes', async () => {
      const found = JSON.parse((await box.ok(['ps', '--format', 'json', it.id])).stdout) as number[];
      return found.length === 2 ? found : undefined;
    });
    expect(pids[0]).toBe(pid);
    expect(read(`/proc/${pids[1]}/cmdline`)).toBe('sleep\x001000\0');
  });

  test('ps: a table has the columns of ps -ef, or of the options given', async ({box}) => {
    const it = await running(box, 'exec sleep 1234');
    const {pid} = await it.state();
    const table = (await box.ok(['ps', it.id])).stdout.split('\n');
    expect(table[0]).toMatch(/^UID\s+PID\s+PPID\s+C\s+STIME\s+TTY\s+TIME\s+CMD$/);
    expect(table.slice(1)).toHaveLength(2);
    expect(table[1]).toContain(`${pid}`);
    const own = (await box.ok(['ps', it.id, '-e', '-o', 'pid,args'])).stdout.split('\n');
    expect(own.slice(0, 2).map((line) => line.trim().split(/\s+/))).toEqual([
      ['PID', 'COMMAND'],
      [`${pid}`, 'sleep', '1234'],
    ]);
    const formatted = (await box.ok(['ps', '--format', 'table', it.id, 'aux'])).stdout;
    expect(formatted).toMatch(/^USER\s+PID/);
  });

  test('ps: what it refuses', async ({box}) => {
    const it = await running(box, 'sleep 100');
    for (const [args, message] of [
      [['ps', it.id, '-o', 'args'], "couldn't find PID field in ps output"],
      [['ps', '--format', 'xml', it.id], 'invalid format option'],
    ] as const) {
      const {code, stdout, stderr} = await box.runtime(args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(message);
    }
  });

  runtsOnly('runc passes on the exit code only', 'ps: an option that ps does not know', async (box) => {
    const it = await running(box, 'sleep 100');
    const {code, stderr} = await box.runtime(['ps', it.id, '--frobnicate']);
    expect(code).toBe(1);
    expect(stderr).toContain('ps --frobnicate: exit status 1: ');
  });

  test('ps: of a stopped container nothing is left to show', async ({box}) => {
    const it = await running(box, 'true');
    await it.stopped();
    expect((await box.ok(['ps', it.id])).stdout.trim().split('\n')).toHaveLength(1);
    expect((await box.ok(['ps', '-f', 'json', it.id])).stdout).toBe('null\n');
  });

  test('ps: in the pid namespace of the host too', async ({box}) => {
    const it = box.container('sleep 1000 & wait', (spec) => withoutNamespace(spec, 'pid'));
    await it.create();
    await it.start();
    const {pid} = await it.state();
    expect(JSON.parse((await box.ok(['ps', '-f', 'json', it.id])).stdout)).toContain(pid);
  });
});
