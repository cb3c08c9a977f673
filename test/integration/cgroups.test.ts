// linux.cgroupsPath, and linux.resources in effect (cgroup v1; v2 is tested in the lab's guests). Values: resources.test.ts.
import {existsSync, mkdirSync, rmdirSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Edit, isRunc, runtsOnly, test} from './harness.ts';
import {allCgroups, cgroupOf, hierarchy, read, until} from './inspect.ts';
import type {ResourcesSpec} from './spec.ts';

const with_ =
  (resources: ResourcesSpec, more?: Edit): Edit =>
  (spec) => {
    spec.linux.resources = {...spec.linux.resources, ...resources};
    more?.(spec);
  };

/** Creates a container with these resources; returns a reader of its cgroup files. */
async function created(box: Box, resources: ResourcesSpec, more?: Edit) {
  const it = box.container(['/bin/sleep', '100'], with_(resources, more));
  await it.create();
  const {pid} = await it.state();
  return (controller: string, file: string): string => read(join(cgroupOf(pid, controller), file)).trim();
}

describe('memory', () => {
  test('memory: a limit that a double cannot hold is exact', async ({box}) => {
    const value = await created(box, {memory: {limit: 9_223_372_036_854_767_616n}});
    expect(value('memory', 'memory.limit_in_bytes')).toBe('9223372036854767616');
  });

  test('memory: the limit that engines send for "none" works', async ({box}) => {
    const value = await created(box, {memory: {limit: 9_223_372_036_854_771_712n}});
    expect(value('memory', 'memory.limit_in_bytes')).toBe('9223372036854771712');
  });

  test('memory: a program that wants more is killed', async ({box}) => {
    const outcome = await box.run('head -c 64m /dev/zero | tail', with_({memory: {limit: 16 << 20, swap: 16 << 20}}));
    expect(outcome.code).toBe(137);
  });
});

describe('cpu', () => {
  test('cpu: the program may use only those cpus', async ({box}) => {
    expect(await box.sh('grep Cpus_allowed_list /proc/self/status; nproc', with_({cpu: {cpus: '0'}}))).toBe(
      'Cpus_allowed_list:\t0\n1',
    );
  });

  test('cpu: without cpus the container has those of its parent', async ({box}) => {
    const value = await created(box, {});
    expect(value('cpuset', 'cpuset.cpus')).toBe(read(join(hierarchy('cpuset'), 'cpuset.cpus')).trim());
    expect(value('cpuset', 'cpuset.mems')).toBe(read(join(hierarchy('cpuset'), 'cpuset.mems')).trim());
  });
});

describe('pids', () => {
  test('pids: a fork beyond the limit is refused', async ({box}) => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; echo not reached';
    const outcome = await box.run(script, with_({pids: {limit: 5}}));
    expect(outcome.stderr).toMatch(/can't fork/);
    expect(outcome.stdout).toBe('');
  });
});

describe('devices', () => {
  test('devices: only the default ones may be used when all others are denied', async ({box}) => {
    const value = await created(box, {devices: [{allow: false, access: 'rwm'}]});
    const list = value('devices', 'devices.list').split('\n');
    expect(list).toEqual(
      expect.arrayContaining([
        'c 1:3 rwm',
        'c 1:5 rwm',
        'c 1:7 rwm',
        'c 1:8 rwm',
        'c 1:9 rwm',
        'c 5:0 rwm',
        'c 5:2 rwm',
        'c 136:* rwm',
        'c *:* m',
        'b *:* m',
      ]),
    );
    expect(list).not.toContain('a *:* rwm');
  });

  test('devices: a rule of the config opens one', async ({box}) => {
    const out = await box.sh(
      'head -c 1 /dev/kmsg2 2>&1 >/dev/null; true; cat /dev/disk 2>&1 | head -c 0; echo; cat /dev/disk 2>&1 >/dev/null | tail -n 1',
      (spec) => {
        spec.linux.devices = [{type: 'b', path: '/dev/disk', major: 254, minor: 0, fileMode: 0o666}];
      },
    );
    expect(out).toMatch(/Operation not permitted/);
    const value = await created(box, {
      devices: [
        {allow: false, access: 'rwm'},
        {allow: true, type: 'b', major: 7, minor: 3, access: 'r'},
        {allow: true, type: 'c', major: 10, access: 'rw'},
      ],
    });
    const list = value('devices', 'devices.list').split('\n');
    expect(list).toContain('b 7:3 r');
    expect(list.some((line) => line.startsWith('c 10:* rw'))).toBe(true);
  });

  test('devices: an unlisted one cannot be opened, even by root with its node', async ({box}) => {
    const out = await box.sh('head -c 1 /dev/loop 2>&1 | cat; true', (spec) => {
      spec.linux.devices = [{type: 'b', path: '/dev/loop', major: 7, minor: 0, fileMode: 0o666}];
    });
    expect(out).toMatch(/Operation not permitted/);
  });

  test('devices: everything may be allowed', async ({box}) => {
    const value = await created(box, {devices: [{allow: true, access: 'rwm'}]});
    expect(value('devices', 'devices.list')).toBe('a *:* rwm');
  });
});

describe('cgroupsPath', () => {
  const controllers = ['memory', 'cpu', 'cpuset', 'pids', 'devices', 'freezer', 'blkio'];

  test('cgroupsPath: an absolute path is taken from the root of each hierarchy', async ({box}) => {
    const it = box.container(['/bin/sleep', '100'], (spec) => {
      spec.linux.cgroupsPath = `/${box.token}-at-the-top`;
    });
    await it.create();
    const {pid} = await it.state();
    for (const controller of controllers) {
      expect(cgroupOf(pid, controller)).toBe(join(hierarchy(controller), `${box.token}-at-the-top`));
    }
  });

  test('cgroupsPath: without one the cgroup is named after the container', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    expect(cgroupOf((await it.state()).pid, 'memory').endsWith(`/${it.id}`)).toBe(true);
  });

  test('cgroupsPath: a relative one is below a place of the runtime', async ({box}) => {
    const it = box.container(['/bin/sleep', '100'], (spec) => {
      spec.linux.cgroupsPath = `${box.token}-relative`;
    });
    await it.create();
    expect(cgroupOf((await it.state()).pid, 'memory').endsWith(`/${box.token}-relative`)).toBe(true);
  });

  runtsOnly('runc leaves them', 'cgroupsPath: directories above it that were made for it go with it', async (box) => {
    const it = box.container(['/bin/true'], (spec) => {
      spec.linux.cgroupsPath = `/${box.token}/a/b/c`;
    });
    await it.create();
    expect(allCgroups().filter((path) => path.includes(box.token)).length).toBeGreaterThan(4 * controllers.length - 1);
    await it.delete();
    expect(allCgroups().filter((path) => path.includes(box.token))).toEqual([]);
  });

  test('cgroupsPath: a parent that was there before, and others in it, stay', async ({box}) => {
    const parents = controllers.map((controller) => join(hierarchy(controller), `${box.token}-parent`));
    for (const parent of parents) mkdirSync(parent);
    const edit =
      (name: string): Edit =>
      (spec) => {
        spec.linux.cgroupsPath = `/${box.token}-parent/${name}`;
      };
    const [one, two] = [
      box.container(['/bin/sleep', '100'], edit('one')),
      box.container(['/bin/sleep', '100'], edit('two')),
    ];
    await one.create();
    await two.create();
    await one.delete();
    const rest = cgroupOf((await two.state()).pid, 'memory');
    expect(rest.endsWith(`/${box.token}-parent/two`)).toBe(true);
    await two.delete();
    for (const parent of parents) {
      expect(statSync(parent).isDirectory()).toBe(true);
      rmdirSync(parent);
    }
    // runc leaves those that it made in the other hierarchies.
    if (isRunc) for (const parent of allCgroups().filter((path) => path.includes(box.token))) rmdirSync(parent);
  });

  test('cgroupsPath: .. cannot leave the hierarchy', async ({box}) => {
    const it = box.container(['/bin/sleep', '100'], (spec) => {
      spec.linux.cgroupsPath = `/../../../${box.token}-up`;
    });
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
    if (outcome.code === 0) {
      expect(cgroupOf((await it.state()).pid, 'memory')).toBe(join(hierarchy('memory'), `${box.token}-up`));
    }
    expect(existsSync(join(dirname(dirname(hierarchy('memory'))), `${box.token}-up`))).toBe(false);
  });
});

describe('removal', () => {
  test('cgroups: are gone after delete', async ({box}) => {
    const it = box.container(['/bin/true']);
    await it.create();
    await it.start();
    await it.stopped();
    await it.delete();
    expect(allCgroups().filter((path) => path.includes(box.token))).toEqual([]);
  });

  test('cgroups: cgroups that the container made inside its own go too', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const {pid} = await it.state();
    for (const controller of ['memory', 'pids', 'freezer']) {
      mkdirSync(join(cgroupOf(pid, controller), 'inner/most'), {recursive: true});
    }
    await it.delete();
    await until('clean', () => allCgroups().filter((path) => path.includes(box.token)).length === 0);
  });

  test('cgroups: limits are in place before the program runs', async ({box}) => {
    const out = await box.sh(
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max',
      with_(
        {memory: {limit: 64 << 20}, pids: {limit: 50}},
        (spec) =>
          void spec.mounts.push({destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro']}),
      ),
    );
    expect(out).toBe(`${64 << 20}\n50`);
  });
});
