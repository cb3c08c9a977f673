// mounts and the root filesystem: every kind and option as the kernel shows it, and no way out of the rootfs.
import {existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Edit, isRunc, runtsOnly, test} from './harness.ts';
import {mountAt, parseMountinfo, read, until} from './inspect.ts';
import {type MountSpec, privileged} from './spec.ts';

const MOUNTINFO = 'cat /proc/self/mountinfo';
const adding =
  (...mounts: MountSpec[]): Edit =>
  (spec) =>
    void spec.mounts.push(...mounts);

/** A directory of the host with a file in it, to bind. */
function source(box: Box, name = 'source'): string {
  const dir = join(box.dir, name);
  mkdirSync(dir);
  writeFileSync(join(dir, 'file'), 'content\n');
  return dir;
}

describe('kinds', () => {
  test('mounts: the default ones are there with their types and options', async ({box}) => {
    const info = await box.sh(MOUNTINFO);
    expect(mountAt(info, '/proc')).toMatchObject({type: 'proc', options: ['rw', 'relatime']});
    const dev = mountAt(info, '/dev');
    expect(dev).toMatchObject({type: 'tmpfs'});
    expect(dev.options).toContain('nosuid');
    expect(dev.data).toEqual(expect.arrayContaining(['size=65536k', 'mode=755']));
    const pts = mountAt(info, '/dev/pts');
    expect(pts.type).toBe('devpts');
    expect(pts.options).toEqual(expect.arrayContaining(['nosuid', 'noexec']));
    expect(pts.data).toEqual(expect.arrayContaining(['gid=5', 'mode=620', 'ptmxmode=666']));
    const shm = mountAt(info, '/dev/shm');
    expect(shm.options).toEqual(expect.arrayContaining(['nosuid', 'nodev', 'noexec']));
    expect(mountAt(info, '/dev/mqueue').type).toBe('mqueue');
    const sys = mountAt(info, '/sys');
    expect(sys.type).toBe('sysfs');
    expect(sys.options).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']));
  });

  test('mounts: the container sees no mount of the host', async ({box}) => {
    const targets = parseMountinfo(await box.sh(MOUNTINFO)).map(({target}) => target);
    expect(targets[0]).toBe('/');
    expect(targets.filter((target) => target === '/')).toHaveLength(1);
    expect(targets.filter((target) => !/^\/$|^\/(proc|sys|dev)(\/|$)/.test(target))).toEqual([]);
  });

  test('mounts: are made in the order of the config', async ({box}) => {
    const dir = source(box);
    const out = await box.sh(
      'ls /a; ls -a /a/b | wc -l',
      adding(
        {destination: '/a', type: 'bind', source: dir, options: ['bind']},
        {destination: '/a', type: 'tmpfs', source: 'tmpfs'},
        {destination: '/a/b', type: 'tmpfs', source: 'tmpfs'},
      ),
    );
    expect(out).toBe('b\n2');
  });

  test('mounts: tmpfs has the size and mode asked for', async ({box}) => {
    const out = await box.sh(
      'stat -c %a:%u:%g /t; df -k /t | tail -n 1',
      adding({
        destination: '/t',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['mode=1751', 'size=4m', 'uid=12', 'gid=34'],
      }),
    );
    expect(out).toMatch(/^1751:12:34\ntmpfs +4096 /);
  });

  test('mounts: tmpfs without a mode has that of the directory it covers', async ({box}) => {
    const it = box.container('stat -c %a /covered', adding({destination: '/covered', type: 'tmpfs', source: 'tmpfs'}));
    mkdirSync(join(it.rootfs, 'covered'));
    await box.host(['chmod', '1711', join(it.rootfs, 'covered')]);
    expect((await box.runtime(['run', '--bundle', it.dir, it.id])).stdout).toBe('1711\n');
  });

  test('mounts: tmpcopyup fills the tmpfs with what it covers', async ({box}) => {
    const it = box.container(
      'cat /etc/group | wc -l; test -L /etc/link && ls /etc/sub; stat -c %a /etc/closed; touch /etc/new',
      adding({
        destination: '/etc',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['tmpcopyup', 'mode=755'],
      }),
    );
    mkdirSync(join(it.rootfs, 'etc/sub'));
    writeFileSync(join(it.rootfs, 'etc/sub/inner'), '');
    writeFileSync(join(it.rootfs, 'etc/closed'), '', {mode: 0o600});
    symlinkSync('group', join(it.rootfs, 'etc/link'));
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome).toMatchObject({stdout: '3\ninner\n600\n', code: 0});
    expect(existsSync(join(it.rootfs, 'etc/new'))).toBe(false);
  });

  test('mounts: overlay joins lower and upper directories', async ({box}) => {
    const lower = source(box, 'lower');
    for (const name of ['upper', 'work']) mkdirSync(join(box.dir, name));
    const out = await box.sh(
      'cat /o/file; echo new > /o/file',
      adding({
        destination: '/o',
        type: 'overlay',
        source: 'overlay',
        options: [`lowerdir=${lower}`, `upperdir=${box.dir}/upper`, `workdir=${box.dir}/work`],
      }),
    );
    expect(out).toBe('content');
    expect(read(join(lower, 'file'))).toBe('content\n');
    expect(read(join(box.dir, 'upper/file'))).toBe('new\n');
  });

  test('mounts: a second proc and a second sysfs can be mounted elsewhere', async ({box}) => {
    const out = await box.sh(
      'cat /p/1/comm; test -d /s/class && echo sys',
      adding(
        {destination: '/p', type: 'proc', source: 'proc', options: ['nosuid']},
        {destination: '/s', type: 'sysfs', source: 'sysfs', options: ['ro']},
      ),
    );
    expect(out).toBe('sh\nsys');
  });

  test('mounts: cgroup shows the hierarchies, read-only when asked', async ({box}) => {
    const out = await box
      .sh(
        'ls /sys/fs/cgroup; cat /sys/fs/cgroup/memory/cgroup.procs | head -n 1; mkdir /sys/fs/cgroup/memory/x 2>&1',
        adding({
          destination: '/sys/fs/cgroup',
          type: 'cgroup',
          source: 'cgroup',
          options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
        }),
      )
      .catch((error: Error) => error.message);
    for (const controller of ['memory', 'cpu', 'cpuset', 'pids', 'devices', 'freezer', 'blkio']) {
      expect(out).toMatch(new RegExp(`^${controller}$`, 'm'));
    }
    expect(out).toMatch(/Read-only file system/);
  });
});

describe('bind', () => {
  test('mounts: a bound directory is seen, and written through', async ({box}) => {
    const dir = source(box);
    const out = await box.sh(
      'cat /b/file; echo new > /b/other',
      adding({destination: '/b', type: 'bind', source: dir, options: ['bind']}),
    );
    expect(out).toBe('content');
    expect(read(join(dir, 'other'))).toBe('new\n');
  });

  test('mounts: a file is bound onto a file, which is made when missing', async ({box}) => {
    const dir = source(box);
    const it = box.container(
      'cat /deep/er/file',
      adding({destination: '/deep/er/file', type: 'bind', source: join(dir, 'file'), options: ['bind', 'ro']}),
    );
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.stdout).toBe('content\n');
    expect(statSync(join(it.rootfs, 'deep/er/file')).size).toBe(0);
  });

  test('mounts: bind as an option is enough, whatever the type says', async ({box}) => {
    const dir = source(box);
    for (const type of ['none', 'bind', undefined]) {
      const mount: MountSpec = {destination: '/b', source: dir, options: ['rbind']};
      if (type !== undefined) mount.type = type;
      expect(await box.sh('cat /b/file', adding(mount))).toBe('content');
    }
  });

  test('mounts: a relative source is taken from the bundle', async ({box}) => {
    const it = box.container(
      'cat /b/file',
      adding({destination: '/b', type: 'bind', source: 'data', options: ['bind']}),
    );
    mkdirSync(join(it.dir, 'data'));
    writeFileSync(join(it.dir, 'data/file'), 'of the bundle\n');
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {cwd: '/'});
    expect(outcome.stdout).toBe('of the bundle\n');
  });

  for (const [option, expected] of [
    ['bind', ''],
    ['rbind', 'inner'],
  ] as const) {
    test(`mounts: ${option} ${expected === '' ? 'leaves out' : 'brings along'} the mounts below`, async ({box}) => {
      const dir = source(box);
      mkdirSync(join(dir, 'below'));
      await box.host(['mount', '-t', 'tmpfs', 'tmpfs', join(dir, 'below')]);
      writeFileSync(join(dir, 'below/inner'), '');
      try {
        expect(
          await box.sh('ls /b/below', adding({destination: '/b', type: 'bind', source: dir, options: [option]})),
        ).toBe(expected);
      } finally {
        await box.host(['umount', join(dir, 'below')]);
      }
    });
  }

  test('mounts: a bind can be read-only while its source is not', async ({box}) => {
    const dir = source(box);
    const out = await box.sh(
      'touch /b/x 2>&1; true',
      adding({destination: '/b', type: 'bind', source: dir, options: ['bind', 'ro']}),
    );
    expect(out).toMatch(/Read-only file system/);
  });

  test('mounts: an existing target keeps its content underneath', async ({box}) => {
    const it = box.container(
      'ls /etc',
      adding({destination: '/etc', type: 'bind', source: source(box), options: ['bind']}),
    );
    expect((await box.runtime(['run', '--bundle', it.dir, it.id])).stdout).toBe('file\n');
    expect(readdirSync(join(it.rootfs, 'etc'))).toContain('passwd');
  });

  test('mounts: sockets and FIFOs can be bound', async ({box}) => {
    const fifo = join(box.dir, 'fifo');
    await box.host(['mkfifo', fifo]);
    expect(
      await box.sh(
        'test -p /run/fifo && echo fifo',
        adding({destination: '/run/fifo', type: 'bind', source: fifo, options: ['bind']}),
      ),
    ).toBe('fifo');
  });

  test('mounts: a source that is a symlink is followed on the host', async ({box}) => {
    symlinkSync(source(box), join(box.dir, 'link'));
    expect(
      await box.sh(
        'cat /b/file',
        adding({destination: '/b', type: 'bind', source: join(box.dir, 'link'), options: ['bind']}),
      ),
    ).toBe('content');
  });

  runtsOnly('runc 1.1 has no recursive attributes', 'mounts: rro makes the mounts below read-only too', async (box) => {
    const dir = source(box);
    mkdirSync(join(dir, 'below'));
    await box.host(['mount', '-t', 'tmpfs', 'tmpfs', join(dir, 'below')]);
    try {
      const info = await box.sh(
        MOUNTINFO,
        adding({
          destination: '/b',
          type: 'bind',
          source: dir,
          options: ['rbind', 'rro', 'rnosuid', 'rnodev', 'rnoexec'],
        }),
      );
      for (const target of ['/b', '/b/below']) {
        expect(mountAt(info, target).options).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']));
      }
    } finally {
      await box.host(['umount', join(dir, 'below')]);
    }
  });
});

describe('options', () => {
  /** Options and what mountinfo then shows (`!x`: does not show). */
  const FLAGS: readonly (readonly [string, string])[] = [
    ['ro', 'ro'],
    ['rw', 'rw'],
    ['nosuid', 'nosuid'],
    ['nosuid,suid', '!nosuid'],
    ['nodev', 'nodev'],
    ['nodev,dev', '!nodev'],
    ['noexec', 'noexec'],
    ['noexec,exec', '!noexec'],
    ['noatime', 'noatime'],
    ['nodiratime', 'nodiratime'],
    ['nodiratime,diratime', '!nodiratime'],
    ['relatime', 'relatime'],
    ['strictatime', '!relatime'],
    ['ro,nosuid,nodev,noexec,noatime', 'ro,nosuid,nodev,noexec,noatime'],
  ];

  for (const [given, shown] of FLAGS) {
    for (const type of ['tmpfs', 'bind'] as const) {
      test(`mounts: ${type} with ${given} shows ${shown}`, async ({box}) => {
        const mount = type === 'bind' ? source(box) : 'tmpfs';
        const options = [...(type === 'bind' ? ['bind'] : []), ...given.split(',')];
        const info = await box.sh(MOUNTINFO, adding({destination: '/m', type, source: mount, options}));
        const {options: seen} = mountAt(info, '/m');
        for (const option of shown.split(',')) {
          if (option.startsWith('!')) expect(seen).not.toContain(option.slice(1));
          else expect(seen).toContain(option);
        }
      });
    }
  }

  for (const option of ['sync', 'dirsync', 'lazytime']) {
    runtsOnly('runc 1.1 lacks some', `mounts: tmpfs with ${option} is accepted`, async (box) => {
      const info = await box.sh(
        MOUNTINFO,
        adding({destination: '/m', type: 'tmpfs', source: 'tmpfs', options: [option]}),
      );
      expect(mountAt(info, '/m').type).toBe('tmpfs');
    });
  }

  for (const option of [
    'async',
    'loud',
    'silent',
    'nomand',
    'iversion',
    'noiversion',
    'nolazytime',
    'norelatime',
    'nostrictatime',
    'atime',
    'nosymfollow',
    'symfollow',
    'defaults',
  ]) {
    runtsOnly('runc 1.1 does not know all of them', `mounts: ${option} is known`, async (box) => {
      const info = await box.sh(
        MOUNTINFO,
        adding(
          {destination: '/t', type: 'tmpfs', source: 'tmpfs', options: [option]},
          {destination: '/b', type: 'bind', source: source(box), options: ['bind', option]},
        ),
      );
      expect(mountAt(info, '/t').type).toBe('tmpfs');
      expect(mountAt(info, '/b').root).toContain(box.token);
      if (option === 'nosymfollow') expect(mountAt(info, '/b').options).toContain('nosymfollow');
    });
  }

  test('mounts: options of the filesystem go to it', async ({box}) => {
    const info = await box.sh(
      MOUNTINFO,
      adding({destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['nr_inodes=77', 'huge=never', 'size=50%']}),
    );
    expect(mountAt(info, '/m').data).toContain('nr_inodes=77');
  });

  for (const [option, expected] of [
    ['private', []],
    ['rprivate', []],
    ['slave', ['master']],
    ['rslave', ['master']],
    ['shared', ['shared']],
    ['rshared', ['shared']],
    ['unbindable', ['unbindable']],
    ['runbindable', ['unbindable']],
  ] as const) {
    test(`mounts: a bind of a shared mount with ${option} is ${expected[0] ?? 'private'}`, async ({box}) => {
      const dir = source(box);
      await box.host([
        'sh',
        '-c',
        `mount --bind ${dir} ${dir} && mount --make-private ${dir} && mount --make-shared ${dir}`,
      ]);
      try {
        const info = await box.sh(MOUNTINFO, (spec) => {
          spec.mounts.push({destination: '/m', type: 'bind', source: dir, options: ['rbind', option]});
          // A slave root would take the sharing away afterwards.
          if (option.includes('shared')) spec.linux.rootfsPropagation = 'shared';
        });
        expect(mountAt(info, '/m').propagation.map((entry) => entry.replace(/:.*/, ''))).toEqual(
          expect.arrayContaining([...expected]),
        );
        if (expected.length === 0) expect(mountAt(info, '/m').propagation).toEqual([]);
      } finally {
        await box.host(['umount', '-R', dir]);
      }
    });
  }

  test('mounts: a slave sees what the host mounts later, and the host nothing of the container', async ({box}) => {
    const dir = source(box);
    mkdirSync(join(dir, 'later'));
    await box.host([
      'sh',
      '-c',
      `mount --bind ${dir} ${dir} && mount --make-private ${dir} && mount --make-shared ${dir}`,
    ]);
    try {
      const it = box.container(
        'while ! test -e /m/later/x; do sleep 0.05; done; echo seen',
        adding({destination: '/m', type: 'bind', source: dir, options: ['rbind', 'rslave']}),
      );
      await it.create();
      await it.start();
      await box.host(['sh', '-c', `mount -t tmpfs tmpfs ${dir}/later && touch ${dir}/later/x`]);
      await it.stopped();
      expect(it.output()).toBe('seen\n');
    } finally {
      await box.host(['umount', '-R', dir]);
    }
  });
});

describe('root', () => {
  test('root: readonly means that nothing can be written but the mounts', async ({box}) => {
    const out = await box.sh('touch /x 2>&1; touch /etc/passwd 2>&1; touch /dev/shm/x && echo shm', (spec) => {
      spec.root.readonly = true;
    });
    expect(out).toBe('touch: /x: Read-only file system\ntouch: /etc/passwd: Read-only file system\nshm');
  });

  test('root: mount points are made although it is read-only', async ({box}) => {
    const out = await box.sh('cat /new/file', (spec) => {
      spec.root.readonly = true;
      spec.mounts.push({destination: '/new', type: 'bind', source: source(box), options: ['bind']});
    });
    expect(out).toBe('content');
  });

  test('root: the path may be absolute', async ({box}) => {
    const it = box.container(['/bin/true']);
    const other = box.container('echo from the other', (spec) => {
      spec.root.path = it.rootfs;
    });
    expect((await box.runtime(['run', '--bundle', other.dir, other.id])).stdout).toBe('from the other\n');
  });

  test('root: .. at the top stays at the top', async ({box}) => {
    expect(await box.sh('cd /../../..; ls bin/busybox; ls /../bin/busybox')).toBe('bin/busybox\n/../bin/busybox');
  });

  for (const [value, expected] of [
    [undefined, ['master']],
    ['slave', ['master']],
    ['rslave', ['master']],
    ['private', []],
    ['rprivate', []],
    ['shared', ['shared']],
    ['rshared', ['shared']],
    ['unbindable', ['unbindable']],
    ['runbindable', ['unbindable']],
  ] as const) {
    test(`rootfsPropagation: ${value ?? 'without it'} makes / ${expected[0] ?? 'private'}`, async ({box, skip}) => {
      skip(isRunc && /shared|unbindable/.test(value ?? ''), 'runc 1.1 forgets it at the pivot');
      const it = box.container(MOUNTINFO, (spec) => {
        if (value !== undefined) spec.linux.rootfsPropagation = value;
      });
      // The mount that holds the bundle must be a shared one to be a slave of.
      await box.host([
        'sh',
        '-c',
        `mount --bind ${it.dir} ${it.dir} && mount --make-private ${it.dir} && mount --make-shared ${it.dir}`,
      ]);
      try {
        const outcome = await box.ok(['run', '--bundle', it.dir, it.id]);
        const kinds = mountAt(outcome.stdout, '/').propagation.map((entry) => entry.replace(/:.*/, ''));
        // Not recursive, it need not reach the mount that holds the bundle.
        if (value === 'slave') expect(kinds).not.toContain('shared');
        else expect(kinds).toEqual([...expected]);
      } finally {
        await box.host(['umount', '-R', it.dir]);
      }
    });
  }
});

describe('a host whose mounts are shared, as systemd makes them', () => {
  // In a mount namespace of its own, so that a runtime that gets it wrong takes nothing from the machine.
  const HOST = `mount --make-rshared / && cut -d" " -f 3-6 /proc/self/mountinfo | sort > "$BEFORE"
    "$@"; code=$?; cut -d" " -f 3-6 /proc/self/mountinfo | sort > "$AFTER"; exit $code`;

  for (const [what, flags, propagation] of [
    ['by default', [], undefined],
    ['with rootfsPropagation shared', [], 'shared'],
    ['with rootfsPropagation rshared', [], 'rshared'],
    ['with rootfsPropagation private', [], 'private'],
    ['with --no-pivot', ['--no-pivot'], undefined],
  ] as const) {
    test(`mounts: a container ${what} takes nothing from it and adds nothing to it`, async ({box}) => {
      const [BEFORE, AFTER] = [join(box.dir, 'before'), join(box.dir, 'after')];
      const it = box.container('echo ran', (spec) => {
        if (propagation !== undefined) spec.linux.rootfsPropagation = propagation;
      });
      const wrapper = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', HOST, 'sh'];
      const outcome = await box.runtime(['run', ...flags, '--bundle', it.dir, it.id], {wrapper, env: {BEFORE, AFTER}});
      expect(outcome).toMatchObject({stdout: 'ran\n', stderr: '', code: 0});
      expect(read(AFTER)).toBe(read(BEFORE));
    });
  }

  test('mounts: what a container mounts in an rshared volume is seen by the host', async ({box}) => {
    const dir = source(box);
    mkdirSync(join(dir, 'below'));
    const it = box.container('mount -t tmpfs tmpfs /m/below && touch /m/below/x && echo mounted; sleep 100', (spec) => {
      privileged(spec);
      spec.linux.rootfsPropagation = 'rshared';
      spec.mounts.push({destination: '/m', type: 'bind', source: dir, options: ['rbind', 'rshared']});
    });
    await box.host([
      'sh',
      '-c',
      `mount --bind ${dir} ${dir} && mount --make-private ${dir} && mount --make-shared ${dir}`,
    ]);
    try {
      await it.create();
      await it.start();
      await until('the mount', () => it.output().includes('mounted'));
      expect(existsSync(join(dir, 'below/x'))).toBe(true);
      await it.delete('--force');
    } finally {
      await box.host(['umount', '-R', dir]);
    }
  });
});

describe('targets and symlinks', () => {
  /** What a symlink in the image points at, on the host. */
  function outside(box: Box): string {
    const dir = join(box.dir, 'outside');
    mkdirSync(dir);
    return dir;
  }

  test('mounts: a target below an absolute symlink lands inside the rootfs', async ({box}) => {
    const dir = outside(box);
    const it = box.container(
      `cat ${dir}/sub/file; cat /link/sub/file`,
      adding({destination: '/link/sub', type: 'bind', source: source(box), options: ['bind']}),
    );
    symlinkSync(dir, join(it.rootfs, 'link'));
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(readdirSync(dir)).toEqual([]);
    expect(outcome.stdout).toBe('content\ncontent\n');
    expect(existsSync(join(it.rootfs, dir, 'sub'))).toBe(true);
  });

  for (const link of ['../../../../../../../..', '/../../..']) {
    test(`mounts: a target below a symlink to ${link} lands inside the rootfs`, async ({box}) => {
      const dir = outside(box);
      const it = box.container(
        'cat /link/sub/file; cat /sub/file',
        adding({destination: '/link/sub', type: 'bind', source: source(box), options: ['bind']}),
      );
      symlinkSync(`${link}${dir}`.replace('//', '/'), join(it.rootfs, 'link2'));
      symlinkSync(link, join(it.rootfs, 'link'));
      const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
      expect(outcome.stdout).toBe('content\ncontent\n');
      expect(readdirSync(dir)).toEqual([]);
      expect(existsSync('/sub')).toBe(false);
    });
  }

  for (const type of ['bind', 'tmpfs', 'file'] as const) {
    test(`mounts: a ${type} mount whose target is a symlink to the host does not touch the host`, async ({box}) => {
      const dir = outside(box);
      writeFileSync(join(dir, 'victim'), 'untouched\n');
      const bound = source(box);
      const victim = type === 'file' ? join(dir, 'victim') : dir;
      const mount: MountSpec =
        type === 'tmpfs'
          ? {destination: '/target', type, source: 'tmpfs'}
          : {
              destination: '/target',
              type: 'bind',
              source: type === 'file' ? join(bound, 'file') : bound,
              options: ['bind'],
            };
      const it = box.container('echo ran', adding(mount));
      symlinkSync(victim, join(it.rootfs, 'target'));
      await it.create();
      expect(read('/proc/self/mountinfo')).not.toContain(`${dir} `);
      expect(readdirSync(dir)).toEqual(['victim']);
      expect(read(join(dir, 'victim'))).toBe('untouched\n');
      expect(existsSync(join(it.rootfs, victim))).toBe(true);
    });
  }

  test('mounts: a dangling symlink as target is resolved inside', async ({box}) => {
    const it = box.container(
      'cat /nowhere/file',
      adding({destination: '/link', type: 'bind', source: source(box), options: ['bind']}),
    );
    symlinkSync('/nowhere', join(it.rootfs, 'link'));
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(existsSync('/nowhere')).toBe(false);
    expect(outcome.stdout).toBe('content\n');
  });

  test('mounts: a relative destination is taken from /', async ({box}) => {
    expect(
      await box.sh(
        'cat /relative/path/file',
        adding({destination: 'relative/path', type: 'bind', source: source(box), options: ['bind']}),
      ),
    ).toBe('content');
  });

  test('mounts: a destination with .. cannot leave the rootfs', async ({box}) => {
    const it = box.container(
      'cat /up/file',
      adding({destination: '/x/../../../up', type: 'bind', source: source(box), options: ['bind']}),
    );
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(existsSync('/up')).toBe(false);
    expect(existsSync(join(box.dir, 'up'))).toBe(false);
    expect(outcome.stdout).toBe('content\n');
  });

  for (const name of ['proc', 'sys']) {
    test(`mounts: /${name} must not be a symlink`, async ({box}) => {
      const it = box.container('true');
      await box.host([
        'sh',
        '-c',
        `rmdir ${it.rootfs}/${name} && mkdir ${it.rootfs}/real && ln -s /real ${it.rootfs}/${name}`,
      ]);
      const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/must be mounted on ordinary directory|symlink|symbolic link|not a directory/i);
      expect(box.leftovers()).toEqual([]);
    });
  }

  runtsOnly(
    'CVE-2026-41579: runc 1.1 follows it',
    'mounts: /dev as a symlink to the host does not populate the host',
    async (box) => {
      const dir = outside(box);
      const it = box.container('true', (spec) => {
        spec.mounts = spec.mounts.filter(({destination}) => !destination.startsWith('/dev'));
      });
      await box.host(['sh', '-c', `rmdir ${it.rootfs}/dev && ln -s ${dir} ${it.rootfs}/dev`]);
      await box.runtime(['create', '--bundle', it.dir, it.id]);
      expect(readdirSync(dir)).toEqual([]);
    },
  );

  test('mounts: nothing may be mounted inside /proc but a few files', async ({box}) => {
    const it = box.container(
      'true',
      adding({destination: '/proc/sys/kernel', type: 'bind', source: source(box), options: ['bind']}),
    );
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/\/proc/);
  });

  test('mounts: /proc/uptime and its like may be bound, as lxcfs does', async ({box}) => {
    const dir = source(box);
    expect(
      await box.sh(
        'cat /proc/uptime',
        adding({destination: '/proc/uptime', type: 'bind', source: join(dir, 'file'), options: ['bind']}),
      ),
    ).toBe('content');
  });
});
