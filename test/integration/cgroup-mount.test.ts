// Mounts of type cgroup on this host: in the host's cgroup namespace and in one of the container's own, writable and not.
// For cgroup v2 see test/lab/mounts.test.sh.
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Container, isRunc, test} from './harness.ts';
import {allCgroups, hierarchies, type MountLine, parseMountinfo, read, until} from './inspect.ts';
import {privileged} from './spec.ts';

const SHOW = 'cat /proc/self/mountinfo; echo --; ls /sys/fs/cgroup; echo --; ls -d /sys/fs/cgroup/*/cgroup.procs';

function withCgroup(box: Box, command: string, own: boolean, options: string[]): Container {
  return box.container(command, (spec) => {
    privileged(spec);
    if (own) spec.linux.namespaces.push({type: 'cgroup'});
    spec.mounts.push({destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options});
  });
}

const below = (info: string): MountLine[] =>
  parseMountinfo(info.slice(0, info.indexOf('--'))).filter(({target}) => target.startsWith('/sys/fs/cgroup'));

/** The v1 hierarchies of the host, by the names of their folders. */
const names = parseMountinfo(read('/proc/self/mountinfo'))
  .filter(({type}) => type === 'cgroup')
  .map(({target}) => target.split('/').at(-1) ?? '');

describe.skipIf(hierarchies().length === 1)('cgroup v1', () => {
  for (const own of [false, true]) {
    for (const readonly of [true, false]) {
      const where = own ? 'its own cgroup namespace' : "the host's cgroup namespace";
      const options = ['nosuid', 'noexec', 'nodev', 'relatime', ...(readonly ? ['ro'] : [])];

      test(`cgroup mount: ${readonly ? 'read-only' : 'writable'} in ${where}`, async ({box}) => {
        const it = withCgroup(box, SHOW, own, options);
        const out = (await box.ok(['run', '--bundle', it.dir, it.id])).stdout;
        const [folder, ...mounts] = below(out);
        expect(folder).toMatchObject({target: '/sys/fs/cgroup', type: 'tmpfs'});
        expect(mounts.map(({target}) => target.split('/').at(-1)).sort()).toEqual([...names].sort());
        for (const {target, root, options: seen} of mounts) {
          expect(seen, target).toEqual(expect.arrayContaining([readonly ? 'ro' : 'rw', 'nosuid', 'nodev', 'noexec']));
          if (own) expect(root, target).toBe('/');
          else expect(root, target).toMatch(new RegExp(`/${it.id}$`));
        }
        // runc 1.1 leaves the folder writable in a cgroup namespace.
        if (!isRunc) expect(folder?.options).toContain(readonly ? 'ro' : 'rw');
        const processes = out.split('--\n').at(-1)?.trim().split('\n');
        expect(processes).toHaveLength(names.length);
      });

      test(`cgroup mount: a container ${readonly ? 'cannot' : 'can'} make cgroups in ${where}`, async ({box}) => {
        const it = withCgroup(box, 'mkdir /sys/fs/cgroup/pids/sub 2>&1 && echo made; sleep 100', own, options);
        await it.create();
        await it.start();
        const {pid} = await it.state();
        const path = read(`/proc/${pid}/cgroup`);
        expect(path).toContain(it.id);
        if (readonly) {
          await until('the refusal', () => it.output().includes('Read-only file system'));
        } else {
          await until('the cgroup', () => it.output().includes('made'));
          expect(allCgroups().filter((cgroup) => cgroup.endsWith(join(it.id, 'sub')))).toHaveLength(1);
        }
        await it.delete('--force');
      });
    }
  }

  test('cgroup mount: links lead to hierarchies of several controllers', async ({box}) => {
    const it = withCgroup(box, SHOW, false, ['ro']);
    const out = (await box.ok(['run', '--bundle', it.dir, it.id])).stdout;
    const shown = out.split('--\n')[1]?.trim().split('\n') ?? [];
    const expected = names.flatMap((name) => (name.includes(',') ? [name, ...name.split(',')] : [name]));
    expect(shown.sort()).toEqual(expected.sort());
  });
});

test('cgroup mount: runc mounts the same', async ({box, skip}) => {
  skip(isRunc, 'it would be compared with itself');
  for (const own of [false, true]) {
    const it = withCgroup(box, SHOW, own, ['nosuid', 'noexec', 'nodev', 'relatime', 'ro']);
    const shown = (info: string): unknown[] =>
      below(info)
        .slice(1)
        .map(({target, root, options, type}) => ({target, root, options, type}))
        .sort((a, b) => a.target.localeCompare(b.target));
    const ours = (await box.ok(['run', '--bundle', it.dir, it.id])).stdout;
    const theirs = await box.host(['runc', '--root', join(box.dir, 'runc'), 'run', '--bundle', it.dir, it.id]);
    expect(theirs.code).toBe(0);
    expect(shown(ours)).toEqual(shown(theirs.stdout));
  }
});
