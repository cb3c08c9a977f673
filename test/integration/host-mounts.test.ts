// A container without a mount namespace: what it mounts is in that of the host until it is deleted.
import {readFileSync, readlinkSync} from 'node:fs';
import {expect} from 'vitest';
import {type Box, runtsOnly} from './harness.ts';
import {until} from './inspect.ts';
import type {Spec} from './spec.ts';

const WHY = 'runc 1.1 leaves all mounts behind, and makes those of the host slaves';

const withoutMounts = (spec: Spec): void => {
  spec.linux.namespaces = spec.linux.namespaces.filter(({type}) => type !== 'mount');
};
const mountsIn = (box: Box): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(box.dir));
/** What a mount of the host propagates to. */
const propagation = (box: Box): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => !line.includes(box.dir))
    .map((line) => line.split(' - ')[0] ?? '');

runtsOnly(WHY, 'namespaces: without one for mounts it is in that of the host, which is left as it was', async (box) => {
  const before = propagation(box);
  const it = box.container(['sleep', '60'], (spec) => {
    withoutMounts(spec);
    spec.root.readonly = true;
    spec.linux.rootfsPropagation = 'shared';
  });
  await it.create();
  await it.start();
  const {pid} = await it.state();
  expect(readlinkSync(`/proc/${pid}/ns/mnt`)).toBe(readlinkSync('/proc/self/ns/mnt'));
  expect(readlinkSync(`/proc/${pid}/root`)).toBe(it.rootfs);
  expect(mountsIn(box).length).toBeGreaterThan(4);
  expect(propagation(box)).toEqual(before);
  const inside = await box.ok([
    'exec',
    it.id,
    'sh',
    '-c',
    'ls -d /proc/self /dev/null; touch /x 2>/dev/null || echo readonly',
  ]);
  expect(inside.stdout).toBe('/dev/null\n/proc/self\nreadonly\n');
  await box.ok(['delete', '--force', it.id]);
  expect(mountsIn(box)).toEqual([]);
  expect(propagation(box)).toEqual(before);
});

runtsOnly(
  WHY,
  'namespaces: without one for mounts nothing is left of a create that failed or was killed',
  async (box) => {
    const fails = await box.run('true', (spec) => {
      withoutMounts(spec);
      spec.mounts.push({destination: '/x', type: 'nosuchfs', source: 'x'});
    });
    expect(fails.code).toBe(1);
    expect(mountsIn(box)).toEqual([]);

    const it = box.container(['true'], (spec) => {
      withoutMounts(spec);
      spec.hooks = {createRuntime: [{path: '/bin/sleep', args: ['sleep', '60']}]};
    });
    const creating = box.start(['create', '--bundle', it.dir, it.id]);
    await until('the mounts are there', () => mountsIn(box).length > 4);
    process.kill(creating.pid, 'SIGKILL');
    await creating.done;
    await box.ok(['delete', '--force', it.id]);
    expect(mountsIn(box)).toEqual([]);
  },
);

runtsOnly(WHY, 'namespaces: without one for mounts a foreground run unmounts, too', async (box) => {
  expect((await box.run('readlink /proc/self/ns/mnt', withoutMounts)).stdout.trim()).toBe(
    readlinkSync('/proc/self/ns/mnt'),
  );
  expect(mountsIn(box)).toEqual([]);
});
