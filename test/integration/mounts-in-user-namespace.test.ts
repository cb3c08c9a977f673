// Mounts of containers whose root is an ordinary user of the host: sources it could not reach, and filesystems it may not
// mount.
import {chmodSync, chownSync, mkdirSync, renameSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Container, type Edit, runtsOnly, test} from './harness.ts';
import {mountAt, parseMountinfo, read} from './inspect.ts';
import {type MountSpec, privileged, type Spec, withoutNamespace} from './spec.ts';

const FIRST = 100_000;
const mapping = [{containerID: 0, hostID: FIRST, size: 65536}];
const MOUNTINFO = 'cat /proc/self/mountinfo';

/** A container in a user namespace of its own; its root may write to the rootfs. */
function mapped(box: Box, command: string, edit: Edit = () => {}): Container {
  const it = box.container(command, (spec) => {
    spec.linux.namespaces.push({type: 'user'});
    spec.linux['uidMappings'] = mapping;
    spec.linux['gidMappings'] = mapping;
    edit(spec);
  });
  chownSync(it.rootfs, FIRST, FIRST);
  return it;
}

const runOf = async (box: Box, it: Container, ...flags: string[]): Promise<string> =>
  (await box.ok(['run', ...flags, '--bundle', it.dir, it.id])).stdout.trimEnd();

const adding =
  (...mounts: MountSpec[]): Edit =>
  (spec) =>
    void spec.mounts.push(...mounts);

/** A directory that only root of the host can enter. */
function closed(box: Box): string {
  const dir = join(box.dir, 'closed');
  mkdirSync(dir, {mode: 0o700});
  return dir;
}

describe('sources that only the host can reach', () => {
  test('mounts: a volume below a closed directory can be bound', async ({box}) => {
    const volume = join(closed(box), 'volume');
    mkdirSync(volume);
    writeFileSync(join(volume, 'file'), 'content\n');
    const bind = {destination: '/m', type: 'bind', source: volume, options: ['rbind', 'ro']};
    const file = {destination: '/f', type: 'bind', source: join(volume, 'file'), options: ['bind']};
    expect(await runOf(box, mapped(box, 'cat /m/file /f', adding(bind, file)))).toBe('content\ncontent');
  });

  for (const [what, flags, edit] of [
    ['', [], () => {}],
    [', read-only', [], (spec: Spec) => void Object.assign(spec.root, {readonly: true})],
    [', without pivot_root', ['--no-pivot'], () => {}],
    [', shared', [], (spec: Spec) => void Object.assign(spec.linux, {rootfsPropagation: 'rshared'})],
  ] as const) {
    runtsOnly('runc 1.1 cannot', `mounts: the rootfs may be below a closed directory${what}`, async (box) => {
      const dir = closed(box);
      const it = mapped(box, `ls /bin/busybox; hostname; ${MOUNTINFO}`, (spec) => {
        edit(spec);
        spec.root.path = join(dir, 'rootfs');
      });
      renameSync(it.rootfs, join(dir, 'rootfs'));
      const out = await runOf(box, it, ...flags);
      expect(out).toMatch(/^\/bin\/busybox\nbox\n/);
      const targets = parseMountinfo(out.slice(out.indexOf('\nbox\n') + 5)).map(({target}) => target);
      if (flags.length === 0)
        expect(targets.filter((target) => !/^\/$|^\/(proc|sys|dev)(\/|$)/.test(target))).toEqual([]);
      expect(read('/proc/self/mountinfo')).not.toContain(dir);
    });
  }

  test('mounts: what a container mounts in a volume that is shared on the host stays inside', async ({box}) => {
    const volume = join(box.dir, 'shared');
    mkdirSync(join(volume, 'below'), {recursive: true});
    chmodSync(join(volume, 'below'), 0o777);
    await box.host([
      'sh',
      '-c',
      `mount --bind ${volume} ${volume} && mount --make-private ${volume} && mount --make-shared ${volume}`,
    ]);
    try {
      for (const option of ['rslave', 'rshared']) {
        const it = mapped(box, 'mount -t tmpfs tmpfs /m/below && grep -c /m/below /proc/self/mountinfo', (spec) => {
          privileged(spec);
          spec.mounts.push({destination: '/m', type: 'bind', source: volume, options: ['rbind', option]});
        });
        expect(await runOf(box, it)).toBe('1');
        expect(read('/proc/self/mountinfo')).not.toContain(`${volume}/below`);
      }
    } finally {
      await box.host(['umount', volume]);
    }
  });

  for (const [value, expected] of [
    ['rslave', ['master']],
    ['rprivate', []],
    ['rshared', ['shared', 'master']],
  ] as const) {
    runtsOnly('runc 1.1 forgets it at the pivot', `rootfsPropagation: ${value} in a user namespace`, async (box) => {
      const it = mapped(box, MOUNTINFO, (spec) => void Object.assign(spec.linux, {rootfsPropagation: value}));
      await box.host([
        'sh',
        '-c',
        `mount --bind ${it.dir} ${it.dir} && mount --make-private ${it.dir} && mount --make-shared ${it.dir}`,
      ]);
      try {
        const kinds = mountAt(await runOf(box, it), '/').propagation.map((entry) => entry.replace(/:.*/, ''));
        expect(kinds).toEqual([...expected]);
      } finally {
        await box.host(['umount', '-R', it.dir]);
      }
    });
  }

  runtsOnly('runc 1.1 has no idmapped mounts', "mounts: idmap uses the container's own mappings", async (box) => {
    const volume = join(closed(box), 'volume');
    mkdirSync(volume);
    writeFileSync(join(volume, 'file'), '');
    chownSync(join(volume, 'file'), 5, 6);
    const common = {type: 'bind', source: volume};
    const it = mapped(
      box,
      'stat -c %u:%g /plain/file /mapped/file; touch /mapped/new',
      adding(
        {...common, destination: '/plain', options: ['bind']},
        {...common, destination: '/mapped', options: ['bind', 'idmap']},
      ),
    );
    expect(await runOf(box, it)).toBe('65534:65534\n5:6');
    expect((await box.host(['stat', '-c', '%u:%g', join(volume, 'new')])).stdout).toBe('0:0\n');
  });

  runtsOnly(
    'runc 1.1 has no idmapped mounts',
    'mounts: idmap uses the mappings of a joined user namespace',
    async (box) => {
      const volume = join(box.dir, 'volume');
      mkdirSync(volume);
      chownSync(volume, 5, 6);
      const first = mapped(box, 'sleep 100');
      await first.create();
      const {pid} = await first.state();
      const it = box.container('stat -c %u:%g /m', (spec) => {
        spec.linux.namespaces.push({type: 'user', path: `/proc/${pid}/ns/user`});
        spec.mounts.push({destination: '/m', type: 'bind', source: volume, options: ['bind', 'idmap']});
      });
      chownSync(it.rootfs, FIRST, FIRST);
      expect(await runOf(box, it)).toBe('5:6');
    },
  );

  runtsOnly('runc 1.1 has no idmapped mounts', 'mounts: an ordinary user cannot idmap', async (box) => {
    const user = 64_323;
    const own = [{containerID: 0, hostID: user, size: 1}];
    const it = box.container('true', (spec) => {
      spec.linux.namespaces = ['mount', 'pid', 'user'].map((type) => ({type}));
      Object.assign(spec.linux, {uidMappings: own, gidMappings: own, resources: {}});
      delete spec.hostname;
      spec.mounts = [{destination: '/m', type: 'bind', source: '/tmp', options: ['bind', 'idmap']}];
    });
    await box.host(['chown', '-R', `${user}:${user}`, it.rootfs, box.root]);
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {
      wrapper: ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'],
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(
      /config\.json#\/mounts\/0: map the ids .*EPERM .*idmapped mounts need CAP_SYS_ADMIN/,
    );
  });

  test('mounts: a link in the way of a source is followed on the host', async ({box}) => {
    const dir = closed(box);
    mkdirSync(join(dir, 'real'));
    writeFileSync(join(dir, 'real/file'), 'content\n');
    symlinkSync(join(dir, 'real'), join(box.dir, 'link'));
    const bind = {destination: '/m', type: 'bind', source: join(box.dir, 'link'), options: ['bind']};
    expect(await runOf(box, mapped(box, 'cat /m/file', adding(bind)))).toBe('content');
  });
});

describe('filesystems that belong to the host', () => {
  runtsOnly(
    'runc leaves what is mounted below writable',
    "mounts: without a network namespace /sys is the host's, read-only",
    async (box) => {
      const it = mapped(box, `touch /sys/kernel/x 2>&1; ls -d /sys/class/net; ${MOUNTINFO}`, (spec) => {
        withoutNamespace(spec, 'network');
      });
      const out = await runOf(box, it);
      expect(out).toContain('/sys/class/net');
      expect(mountAt(out, '/sys')).toMatchObject({type: 'sysfs'});
      const below = parseMountinfo(out).filter(({target}) => target === '/sys' || target.startsWith('/sys/'));
      expect(below.filter(({options}) => !options.includes('ro')).map(({target}) => target)).toEqual([]);
    },
  );

  test('mounts: with one it is of its own', async ({box}) => {
    const it = mapped(box, `ls /sys/class/net; ${MOUNTINFO}`);
    const out = await runOf(box, it);
    expect(out).toMatch(/^lo\n/);
    expect(parseMountinfo(out).filter(({target}) => target.startsWith('/sys/'))).toHaveLength(1);
  });

  runtsOnly(
    'runc fails',
    'mounts: without an ipc namespace a missing /dev/mqueue of the host is an error',
    async (box) => {
      const it = mapped(box, 'true', (spec) => withoutNamespace(spec, 'ipc'));
      const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {
        wrapper: [
          'unshare',
          '-m',
          '--propagation',
          'private',
          'sh',
          '-c',
          'umount /dev/mqueue 2>/dev/null; mount -t tmpfs -o mode=755 x /dev && mknod -m 666 /dev/null c 1 3 && exec "$@"',
          'sh',
        ],
      });
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(
        /config\.json#\/mounts\/4: bind \/dev\/mqueue on \/dev\/mqueue: EPERM .*and the host has none/,
      );
    },
  );

  runtsOnly('runc fails', "mounts: without an ipc namespace /dev/mqueue is the host's", async (box) => {
    const it = mapped(box, 'ls /dev/mqueue; grep -c " /dev/mqueue " /proc/self/mountinfo', (spec) => {
      withoutNamespace(spec, 'ipc');
    });
    const prepare = `mount -t tmpfs x /mnt && mkdir /mnt/q && mount -t mqueue q /mnt/q && touch /mnt/q/hosts;
      mkdir -p /dev/mqueue && mount --bind /mnt/q /dev/mqueue; exec "$@"`;
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {
      wrapper: ['unshare', '-m', '-i', '--propagation', 'private', 'sh', '-c', prepare, 'sh'],
    });
    expect(outcome).toMatchObject({stdout: 'hosts\n1\n', code: 0});
  });

  runtsOnly('runc fails', "mounts: without a pid namespace /proc is the host's, with the masks", async (box) => {
    const it = mapped(box, 'cat /proc/self/comm; cat /proc/keys | wc -c; touch /proc/sys/kernel/x 2>&1', (spec) => {
      withoutNamespace(spec, 'pid');
    });
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.stderr).toBe('');
    expect(outcome.stdout).toMatch(/^cat\n0\n/);
    expect(outcome.stdout).toMatch(/\/proc\/sys\/kernel\/x: (Read-only file system|No such file)/);
  });

  for (const [own, roots] of [
    [true, ['/']],
    [false, ['']],
  ] as const) {
    test(`mounts: cgroup mounts in ${own ? 'its own' : "the host's"} cgroup namespace`, async ({box}) => {
      const it = mapped(box, `${MOUNTINFO}; cat /proc/self/cgroup; ls /sys/fs/cgroup/memory/cgroup.procs`, (spec) => {
        if (own) spec.linux.namespaces.push({type: 'cgroup'});
        spec.mounts.push({
          destination: '/sys/fs/cgroup',
          type: 'cgroup',
          source: 'cgroup',
          options: ['ro', 'nosuid', 'noexec', 'nodev'],
        });
      });
      const out = await runOf(box, it);
      expect(out).toMatch(/cgroup\.procs$/);
      const memory = mountAt(out, '/sys/fs/cgroup/memory');
      expect(memory.options).toContain('ro');
      if (own) expect([memory.root]).toEqual(roots);
      else expect(memory.root).toContain(it.id);
    });
  }

  for (const [type, option] of [
    ['tmpfs', 'uid=70000'],
    ['devpts', 'gid=70000'],
  ] as const) {
    runtsOnly('the words are ours', `mounts: ${type} with ${option}, which is not mapped, is an error`, async (box) => {
      const it = mapped(box, 'true', adding({destination: '/x', type, source: type, options: ['nosuid', option]}));
      const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain(
        `/mounts/6/options/1: ${option} is not mapped by /linux/${option.slice(0, 3)}Mappings`,
      );
      expect(box.leftovers()).toEqual([]);
    });
  }
});
