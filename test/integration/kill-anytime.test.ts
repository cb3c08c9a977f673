// A runtime that is killed at any moment of `create` leaves a state that `delete --force` cleans fully.
import {expect} from 'vitest';
import {type Edit, isRunc, test} from './harness.ts';
import {until} from './inspect.ts';

/** A container with something of everything, so that there is much to interrupt. */
const rich: Edit = (spec) => {
  spec.linux.resources = {...spec.linux.resources, memory: {limit: 64 << 20}, pids: {limit: 50}, cpu: {shares: 100}};
  spec.linux.namespaces.push({type: 'cgroup'});
  spec.linux.seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{names: ['swapon', 'swapoff', 'reboot'], action: 'SCMP_ACT_ERRNO'}],
  };
  spec.mounts.push({destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro']});
  spec.mounts.push({destination: '/t', type: 'tmpfs', source: 'tmpfs'});
  spec.hooks = {createRuntime: [{path: '/bin/true'}], createContainer: [{path: '/bin/true'}]};
};

const STEP = 1.5;
const MOMENTS = Array.from({length: 50}, (_, index) => index * STEP);

for (let group = 0; group < MOMENTS.length; group += 10) {
  const moments = MOMENTS.slice(group, group + 10);
  test(`kill -9 of create after ${moments[0]} to ${moments.at(-1)} ms is cleaned by delete --force`, async ({
    box,
    skip,
  }) => {
    skip(isRunc, 'runc 1.1 loses track of its cgroups until state.json is written');
    const it = box.container(['/bin/sleep', '100'], rich);
    for (const moment of moments) {
      const running = box.start(['create', '--bundle', it.dir, it.id]);
      const began = performance.now();
      if (moment > 0) await new Promise((resolve) => setTimeout(resolve, moment));
      while (performance.now() - began < moment);
      try {
        process.kill(running.pid, 'SIGKILL');
      } catch {
        // It was quicker.
      }
      await running.done;
      const removed = await box.runtime(['delete', '--force', it.id]);
      expect(removed, `delete after ${moment} ms`).toMatchObject({code: 0, stderr: ''});
      await until('clean', () => box.leftovers().length === 0, 1000).catch(() => {});
      expect(box.leftovers(), `killed after ${moment} ms`).toEqual([]);
    }
    // And the id is free.
    await it.create();
    await it.start();
    expect(await it.status()).toBe('running');
  });
}

test('kill -9 of run in the foreground: the container goes on, and delete --force ends it', async ({box}) => {
  const it = box.container('echo ready; sleep 100');
  const running = box.start(['run', '--bundle', it.dir, it.id]);
  await until('the program', () => running.stdout().includes('ready'));
  process.kill(running.pid, 'SIGKILL');
  await running.done;
  await it.delete('--force');
  await until('clean', () => box.leftovers().length === 0);
});

test('kill -9 of delete --force: another one finishes the work', async ({box}) => {
  for (const moment of [0, 10, 20, 30, 40]) {
    const it = box.container(['/bin/sleep', '100'], isRunc ? undefined : rich);
    await it.create();
    await it.start();
    const running = box.start(['delete', '--force', it.id]);
    await new Promise((resolve) => setTimeout(resolve, moment));
    try {
      process.kill(running.pid, 'SIGKILL');
    } catch {
      // It was quicker.
    }
    await running.done;
    await it.delete('--force');
    await until('clean', () => box.leftovers().length === 0);
  }
});

test('kill -9 of start: the container is created, running or stopped, and can be deleted', async ({box}) => {
  for (const moment of [0, 10, 20, 30, 40]) {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const running = box.start(['start', it.id]);
    await new Promise((resolve) => setTimeout(resolve, moment));
    try {
      process.kill(running.pid, 'SIGKILL');
    } catch {
      // It was quicker.
    }
    await running.done;
    expect(['created', 'running', 'stopped']).toContain(await it.status());
    await it.delete('--force');
  }
});
