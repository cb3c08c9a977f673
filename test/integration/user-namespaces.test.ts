// User namespaces: new ones with their mappings, joined ones, and what changes for all else inside of them.
import {chownSync, existsSync, readlinkSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, inject} from 'vitest';
import {type Box, type Container, type Edit, isRunc, runtsOnly, test} from './harness.ts';
import {read, until} from './inspect.ts';
import {asGranted, asUser, bundleOfUser, USER} from './rootless-user.ts';
import {privileged, type Spec, withoutNamespace} from './spec.ts';

const FIRST = 100_000;
const mapping = [{containerID: 0, hostID: FIRST, size: 65536}];

/** A new user namespace, with the mappings that Docker's userns-remap makes. */
function inUserNamespace(spec: Spec): void {
  spec.linux.namespaces.push({type: 'user'});
  spec.linux['uidMappings'] = mapping;
  spec.linux['gidMappings'] = mapping;
}

const edits =
  (...all: Edit[]): Edit =>
  (spec) => {
    for (const edit of all) edit(spec);
  };

const as =
  (uid: number, gid = uid, additionalGids: number[] = []): Edit =>
  (spec) => {
    spec.process.user = {uid, gid, additionalGids};
  };

/** A container whose root may write to its rootfs. */
function mapped(box: Box, command: string | readonly string[], ...more: Edit[]): Container {
  const it = box.container(command, edits(inUserNamespace, ...more));
  chownSync(it.rootfs, FIRST, FIRST);
  return it;
}

describe('a new user namespace', () => {
  test('user namespaces: ids are mapped as the config says', async ({box}) => {
    const out = await box.sh('id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups', (spec) => {
      inUserNamespace(spec);
      spec.linux['gidMappings'] = [
        {containerID: 0, hostID: 5000, size: 5},
        {containerID: 5, hostID: 7000, size: 60},
      ];
    });
    expect(out.split('\n').map((line) => line.trim().split(/\s+/))).toEqual([
      ['0'],
      ['0'],
      ['0', '100000', '65536'],
      ['0', '5000', '5'],
      ['5', '7000', '60'],
      ['allow'],
    ]);
  });

  test('user namespaces: exec is who the container is', async ({box}) => {
    const it = mapped(box, ['/bin/sleep', '100']);
    await it.create();
    await it.start();
    const script = 'id -u; touch /made; stat -c %u /made; cat /proc/self/uid_map; grep CapBnd /proc/self/status';
    const {stdout, stderr, code} = await box.runtime([
      'exec',
      '--cap',
      'CAP_SYS_ADMIN',
      it.id,
      '/bin/sh',
      '-c',
      script,
    ]);
    expect({stderr, code}).toEqual({stderr: '', code: 0});
    expect(stdout.trim().split(/\s+/).slice(0, 5)).toEqual(['0', '0', '0', String(FIRST), '65536']);
    expect(statSync(join(it.rootfs, 'made')).uid).toBe(FIRST);
    const user = await box.runtime(['exec', '--user', '7:8', it.id, '/bin/sh', '-c', 'id -u; id -g']);
    expect(user.stdout).toBe('7\n8\n');
  });

  test('user namespaces: the host sees the mapped ids', async ({box}) => {
    const it = mapped(box, ['/bin/sleep', '100'], as(7, 8, [9]));
    await it.create();
    const {pid} = await it.state();
    const status = read(`/proc/${pid}/status`);
    expect(status).toMatch(/^Uid:\t100007\t100007\t100007\t100007$/m);
    expect(status).toMatch(/^Gid:\t100008\t100008\t100008\t100008$/m);
    expect(status).toMatch(/^Groups:\t100009\s*$/m);
  });

  test('user namespaces: all new namespaces belong to it, and the usual filesystems can be mounted', async ({box}) => {
    const it = mapped(
      box,
      'touch /made; hostname other; mkdir /t; mount -t tmpfs x /t; grep -c . /proc/self/mountinfo; hostname',
      edits(privileged, (spec) => {
        spec.linux.namespaces.push({type: 'cgroup'});
        spec.process.capabilities?.bounding?.push('CAP_SYS_ADMIN');
      }),
    );
    const out = (await box.ok(['run', '--bundle', it.dir, it.id])).stdout;
    expect(out).toMatch(/^\d+\nother\n$/);
    expect(statSync(join(it.rootfs, 'made')).uid).toBe(FIRST);
  });

  test('user namespaces: device nodes are those of the host, and work', async ({box}) => {
    const out = await box.sh(
      'for n in null zero full random urandom tty; do [ -c /dev/$n ] && echo $n; done; echo x > /dev/null && head -c 4 /dev/zero | wc -c',
      inUserNamespace,
    );
    expect(out.split('\n')).toEqual(['null', 'zero', 'full', 'random', 'urandom', 'tty', '4']);
  });

  test('user namespaces: devices of the config are bound from the host', async ({box}) => {
    const out = await box.sh('stat -c %t:%T /dev/kmsg', (spec) => {
      inUserNamespace(spec);
      spec.linux.devices = [{type: 'c', path: '/dev/kmsg', major: 1, minor: 11, fileMode: 0o666, uid: 0, gid: 0}];
    });
    expect(out).toBe('1:b');
  });

  runtsOnly(
    'runc 1.1 makes an empty file where the host has no such node',
    'user namespaces: a device that the host does not have is an error',
    async (box) => {
      const failed = await box.run(['true'], (spec) => {
        inUserNamespace(spec);
        spec.linux.devices = [{type: 'c', path: '/dev/nowhere', major: 1, minor: 11}];
      });
      expect(failed.stderr).toContain('config.json#/linux/devices/0: create the device /dev/nowhere');
    },
  );

  test('user namespaces: every capability can be had inside, and is worth nothing outside', async ({box}) => {
    const all = ['CAP_SYS_RESOURCE', 'CAP_SYS_TIME', 'CAP_SYS_ADMIN', 'CAP_SYS_MODULE'];
    const out = await box.sh('grep CapEff /proc/self/status; date -s 12:00 2>&1 >/dev/null | head -1', (spec) => {
      inUserNamespace(spec);
      spec.process.capabilities = {bounding: all, effective: all, permitted: all};
    });
    const mask = (1 << 24) | (1 << 25) | (1 << 21) | (1 << 16);
    expect(out).toContain(`CapEff:\t${mask.toString(16).padStart(16, '0')}`);
    expect(out).toContain('Operation not permitted');
  });

  test('user namespaces: limits may be above those of the caller', async ({box}) => {
    const it = mapped(box, 'ulimit -Hn; ulimit -Sn', (spec) => {
      spec.process.rlimits = [{type: 'RLIMIT_NOFILE', soft: 100, hard: 200}];
    });
    const done = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper: ['prlimit', '--nofile=50:200']});
    expect(done.stdout).toBe('200\n100\n');
  });

  runtsOnly(
    'runc leaves them to the soft limits of its caller',
    'user namespaces: limits of users hold',
    async (box) => {
      const it = mapped(box, 'touch /dev/mqueue/made && ls /dev/mqueue', (spec) => {
        spec.process.rlimits = [{type: 'RLIMIT_MSGQUEUE', soft: 819_200, hard: 819_200}];
      });
      const done = await box.runtime(['run', '--bundle', it.dir, it.id], {
        wrapper: ['prlimit', '--msgqueue=1000:819200'],
      });
      expect(done.stdout).toBe('made\n');
    },
  );

  runtsOnly(
    'runc 1.1 leaves detached streams to their owner',
    'user namespaces: the program may open its standard streams again',
    async (box) => {
      const it = mapped(box, 'echo first > /proc/self/fd/1; echo second > /dev/stderr', as(7));
      await it.create();
      await it.start();
      await it.stopped();
      expect(it.output()).toBe('first\n');
    },
  );

  test('user namespaces: a terminal belongs to the user of the program', async ({box}) => {
    const it = mapped(box, 'stat -c %u $(tty); echo x > $(tty)', as(7), (spec) => {
      spec.process.terminal = true;
    });
    const done = await box.host([
      'script',
      '-qec',
      box.command('run', '--bundle', it.dir, it.id).join(' '),
      '/dev/null',
    ]);
    expect(done.stdout.replaceAll('\r', '')).toContain('7\nx\n');
  });

  test('user namespaces: read-only and masked paths hold', async ({box}) => {
    const out = await box.sh(
      'echo 1 > /proc/sys/kernel/domainname; cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l',
      (spec) => {
        inUserNamespace(spec);
      },
    );
    expect(out.split('\n').slice(-2)).toEqual(['0', '0']);
  });

  test('user namespaces: hooks inside are root of the container, those of the runtime are not', async ({box}) => {
    const it = mapped(box, ['/bin/true'], (spec) => {
      const log = join(box.dir, 'hooks');
      const hook = (): {path: string; args: string[]}[] => [
        {path: '/bin/sh', args: ['sh', '-c', `readlink /proc/self/ns/user >> ${log}`]},
      ];
      spec.hooks = {createRuntime: hook(), createContainer: hook()};
    });
    // Root of the container must be able to write it.
    await box.host(['sh', '-c', `chmod 755 ${box.dir}; touch ${box.dir}/hooks; chmod 666 ${box.dir}/hooks`]);
    await it.create();
    const {pid} = await it.state();
    expect(read(join(box.dir, 'hooks')).split('\n').slice(0, 2)).toEqual([
      readlinkSync('/proc/self/ns/user'),
      readlinkSync(`/proc/${pid}/ns/user`),
    ]);
  });

  runtsOnly('runc 1.1 knows no time namespaces', 'user namespaces: with a time namespace in it', async (box) => {
    const out = await box.sh('cat /proc/self/timens_offsets; id -u; echo $$', (spec) => {
      inUserNamespace(spec);
      spec.linux.namespaces.push({type: 'time'});
      spec.linux.timeOffsets = {monotonic: {secs: 77}};
    });
    expect(out.split('\n').map((line) => line.trim().split(/\s+/).join(' '))).toEqual([
      'monotonic 77 0',
      'boottime 0 0',
      '0',
      '1',
    ]);
  });

  test('user namespaces: root without capabilities, in the pid namespace of the host, cannot look into one that is made', async ({
    box,
  }) => {
    const onlooker = box.container(['/onlooker'], (spec) => {
      withoutNamespace(spec, 'pid');
      const source = join(inject('shared'), 'onlooker');
      spec.mounts.push({destination: '/onlooker', type: 'bind', source, options: ['bind', 'ro']});
    });
    await onlooker.create();
    await onlooker.start();
    await until('it looks', () => onlooker.output() !== '');
    for (let round = 0; round < 20; round++) {
      await box.sh('true', (spec) => {
        inUserNamespace(spec);
        if (isRunc) return;
        spec.linux.namespaces.push({type: 'time'});
        spec.linux.timeOffsets = {monotonic: {secs: 77}};
      });
    }
    expect(onlooker.output()).toBe('looking\n');
  });

  test('user namespaces: without a pid namespace of its own', async ({box}) => {
    const out = await box.sh('readlink /proc/self/ns/pid; cat /proc/self/uid_map', (spec) => {
      inUserNamespace(spec);
      withoutNamespace(spec, 'pid');
      const host = spec.mounts.find(({destination}) => destination === '/proc');
      if (host !== undefined) Object.assign(host, {type: 'bind', source: '/proc', options: ['rbind']});
      spec.linux.maskedPaths = [];
      spec.linux.readonlyPaths = [];
    });
    expect(out.split('\n')[0]).toBe(readlinkSync('/proc/self/ns/pid'));
    expect(out).toMatch(/0\s+100000\s+65536/);
  });

  runtsOnly('runc 1.1 needs an id 0', 'user namespaces: no id 0 at all', async (box) => {
    const it = box.container('id -u; cat /proc/self/uid_map', (spec) => {
      spec.linux.namespaces.push({type: 'user'});
      spec.linux['uidMappings'] = [{containerID: 1000, hostID: FIRST, size: 10}];
      spec.linux['gidMappings'] = [{containerID: 1000, hostID: FIRST, size: 10}];
      spec.process.user = {uid: 1003, gid: 1003};
      spec.mounts = spec.mounts.filter(({type}) => type === 'proc' || type === 'tmpfs');
    });
    chownSync(it.rootfs, FIRST, FIRST);
    const done = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(done.stdout.split('\n')[0]).toBe('1003');
  });
});

describe('a joined user namespace', () => {
  test('user namespaces: one is joined by its path, alone and with all others', async ({box}) => {
    const other = mapped(box, ['/bin/sleep', '100']);
    await other.create();
    await other.start();
    const {pid} = await other.state();
    const kinds = {user: 'user', pid: 'pid', network: 'net', ipc: 'ipc', uts: 'uts'};
    const show = Object.values(kinds).map((name) => `readlink /proc/self/ns/${name}`);
    for (const joined of [['user'], Object.keys(kinds)]) {
      const out = await box.sh(`${show.join('; ')}; id -u`, (spec) => {
        delete spec.hostname;
        spec.linux['uidMappings'] = mapping;
        spec.linux['gidMappings'] = mapping;
        spec.linux.namespaces.push({type: 'user'});
        for (const entry of spec.linux.namespaces) {
          if (joined.includes(entry.type)) entry.path = `/proc/${pid}/ns/${kinds[entry.type as keyof typeof kinds]}`;
        }
      });
      const lines = out.split('\n');
      for (const [index, [type, file]] of Object.entries(kinds).entries()) {
        const same = lines[index] === readlinkSync(`/proc/${pid}/ns/${file}`);
        expect(same, `${type} of ${joined}`).toBe(joined.includes(type));
      }
      expect(lines.at(-1)).toBe('0');
    }
  });

  runtsOnly('runc wants mappings beside a path', 'user namespaces: one is joined without mappings', async (box) => {
    const other = mapped(box, ['/bin/sleep', '100']);
    await other.create();
    const {pid} = await other.state();
    const out = await box.sh('id -u; cat /proc/self/uid_map', (spec) => {
      spec.linux.namespaces.push({type: 'user', path: `/proc/${pid}/ns/user`});
    });
    expect(out.split('\n').map((line) => line.trim().split(/\s+/).join(' '))).toEqual(['0', '0 100000 65536']);
  });

  runtsOnly(
    'runc joins the user namespace first and then has no rights to the others',
    'user namespaces: namespaces of the host are joined together with a new user namespace',
    async (box) => {
      const other = box.container(['/bin/sleep', '100']);
      await other.create();
      const {pid} = await other.state();
      const out = await box.sh('readlink /proc/self/ns/net; id -u', (spec) => {
        inUserNamespace(spec);
        spec.mounts = spec.mounts.filter(({type}) => type !== 'sysfs');
        for (const entry of spec.linux.namespaces) if (entry.type === 'network') entry.path = `/proc/${pid}/ns/net`;
      });
      expect(out.split('\n')).toEqual([readlinkSync(`/proc/${pid}/ns/net`), '0']);
    },
  );

  runtsOnly('the words are ours', "user namespaces: the runtime's own cannot be joined", async (box) => {
    const failed = await box.run(['true'], (spec) => {
      spec.linux.namespaces.push({type: 'user', path: '/proc/self/ns/user'});
    });
    expect(failed.stderr).toContain('config.json#/linux/namespaces/5');
    expect(failed.stderr).toContain('is the user namespace that the runtime is in already');
  });
});

describe('what cannot be mapped', () => {
  runtsOnly('the words are ours', 'user namespaces: an id beyond the mappings is an error', async (box) => {
    const failed = await box.run(['true'], edits(inUserNamespace, as(65536)));
    expect(failed.stderr).toContain('config.json#/process/user/uid: 65536 is not mapped by /linux/uidMappings');
  });

  runtsOnly('the words are ours', 'user namespaces: maps that are too long for the kernel', async (box) => {
    const failed = await box.run(['true'], (spec) => {
      inUserNamespace(spec);
      spec.linux['uidMappings'] = Array.from({length: 340}, (_, index) => ({
        containerID: index * 10,
        hostID: 1_000_000_000 + index * 10,
        size: 10,
      }));
    });
    expect(failed.stderr).toContain('config.json#/linux/uidMappings: too long for the kernel');
  });
});

describe('rootless', () => {
  test('rootless: what `spec --rootless` describes runs', async ({box}) => {
    await bundleOfUser(box, 'id -u; cat /proc/self/uid_map; cat /proc/self/setgroups; hostname; ls /sys | head -1');
    const done = await asUser(box, ['run', 'c']);
    expect(done.stderr).toBe('');
    const lines = done.stdout.split('\n').map((line) => line.trim().split(/\s+/).join(' '));
    expect(lines.slice(0, 3)).toEqual(['0', `0 ${USER} 1`, 'deny']);
    expect(done.code).toBe(0);
  });

  test('rootless: exec in a running container', async ({box}) => {
    await bundleOfUser(box, 'sleep 100');
    expect((await asUser(box, ['create', 'c'])).stderr).toBe('');
    try {
      const exec = () => asUser(box, ['exec', 'c', '/bin/sh', '-c', 'id -u; cat /proc/self/uid_map; hostname; exit 4']);
      const early = await exec();
      if (early.code !== 4)
        expect(early).toMatchObject({code: 255, stderr: expect.stringMatching(/must have been started/)});
      expect((await asUser(box, ['start', 'c'])).stderr).toBe('');
      const running = await exec();
      expect(running.stdout.trim().split(/\s+/).slice(0, 4)).toEqual(['0', '0', String(USER), '1']);
      expect(running).toMatchObject({code: 4, stderr: ''});
    } finally {
      expect((await asUser(box, ['delete', '--force', 'c'])).stderr).toBe('');
    }
  });

  test('rootless: create, state, start, kill and delete', async ({box}) => {
    await bundleOfUser(box, 'trap "exit 3" TERM; while :; do sleep 0.1; done');
    expect((await asUser(box, ['create', 'c'])).stderr).toBe('');
    try {
      const created = JSON.parse((await asUser(box, ['state', 'c'])).stdout);
      expect(created.status).toBe('created');
      expect(statSync(`/proc/${created.pid}`).uid).toBe(USER);
      expect((await asUser(box, ['start', 'c'])).stderr).toBe('');
      expect((await asUser(box, ['kill', 'c', 'KILL'])).stderr).toBe('');
      await until('stopped', async () => JSON.parse((await asUser(box, ['state', 'c'])).stdout).status === 'stopped');
    } finally {
      const deleted = await asUser(box, ['delete', '--force', 'c']);
      expect(deleted.stderr).toBe('');
    }
    expect(existsSync(join(box.dir, 'user', 'runts', 'c'))).toBe(false);
  });

  runtsOnly('the words are ours', 'rootless: more ids than one need newuidmap and /etc/subuid', async (box) => {
    await bundleOfUser(box, 'true', (spec) => {
      spec.linux['uidMappings'] = [{containerID: 0, hostID: FIRST, size: 65536}];
    });
    const done = await asUser(box, ['run', 'c']);
    expect(done.code).toBe(1);
    expect(done.stderr).toContain('config.json#/linux/uidMappings: newuidmap failed: ');
    expect(done.stderr).toContain(`uid ${USER} has no entry in /etc/passwd`);
  });

  const grants = 'rootless: newuidmap and newgidmap map what /etc/subuid and /etc/subgid grant';
  runtsOnly('runc gives rootless containers no additional groups', grants, async (box) => {
    await bundleOfUser(box, 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; id -G', (spec) => {
      const ids = [
        {containerID: 0, hostID: USER, size: 1},
        {containerID: 1, hostID: 300_000, size: 1000},
      ];
      spec.linux['uidMappings'] = ids;
      spec.linux['gidMappings'] = ids;
      spec.process.user = {uid: 5, gid: 6, additionalGids: [7]};
    });
    const done = await asGranted(box);
    expect(done.stderr).toBe('');
    expect(done.stdout.split('\n').map((line) => line.trim().split(/\s+/).join(' '))).toEqual([
      `0 ${USER} 1`,
      '1 300000 1000',
      `0 ${USER} 1`,
      '1 300000 1000',
      'allow',
      '6 7',
      '',
    ]);
  });

  runtsOnly('runc gives rootless containers no additional groups', 'rootless: one granted group', async (box) => {
    await bundleOfUser(box, 'cat /proc/self/gid_map /proc/self/setgroups; id -G', (spec) => {
      spec.linux['gidMappings'] = [{containerID: 7, hostID: 300_000, size: 1}];
      spec.process.user = {uid: 0, gid: 7, additionalGids: [7]};
    });
    const done = await asGranted(box);
    expect(done.stderr).toBe('');
    expect(done.stdout.trim().split(/\s+/)).toEqual(['7', '300000', '1', 'allow', '7']);
  });

  const nested = 'rootless: as root of a user namespace, in one of its own';
  runtsOnly('runc 1.1 fails to join the mount namespace it came from', nested, async (box) => {
    await bundleOfUser(box, 'cat /proc/self/uid_map; id -u; hostname', (spec) => {
      const ids = [{containerID: 0, hostID: 0, size: 1}];
      spec.linux['uidMappings'] = ids;
      spec.linux['gidMappings'] = ids;
    });
    const done = await asUser(box, ['run', 'c'], {around: ['unshare', '--user', '--map-root-user']});
    expect(done.stderr).toBe('');
    expect(done.stdout.trim().split(/\s+/)).toEqual(['0', '0', '1', '0', 'runts']);
  });

  runtsOnly('the words are ours', 'rootless: ids that the user namespace around it does not have', async (box) => {
    await bundleOfUser(box, 'true', (spec) => {
      spec.linux['uidMappings'] = mapping;
    });
    const done = await asUser(box, ['run', 'c'], {around: ['unshare', '--user', '--map-root-user']});
    expect(done.code).toBe(1);
    expect(done.stderr).toContain(
      'config.json#/linux/uidMappings/0: the user namespace that the runtime is in has no ids',
    );
  });

  test('rootless: as root of a user namespace that may change cgroups, but no device rules', async ({box}) => {
    const it = box.container('cat /proc/self/uid_map', (spec) => {
      spec.linux.namespaces.push({type: 'user'});
      spec.linux['uidMappings'] = [{containerID: 0, hostID: 0, size: 1}];
      spec.linux['gidMappings'] = [{containerID: 0, hostID: 0, size: 1}];
      for (const mount of spec.mounts) mount.options = mount.options?.filter((option) => option !== 'gid=5') ?? [];
    });
    const done = await box.runtime(['run', '--bundle', it.dir, it.id], {
      wrapper: ['unshare', '--user', '--map-root-user'],
    });
    expect(done.stderr).toBe('');
    expect(done.stdout.trim().split(/\s+/)).toEqual(['0', '0', '1']);
  });

  test('rootless: as root of a user namespace, without another one', async ({box}) => {
    await bundleOfUser(box, 'cat /proc/self/uid_map; id -u', (spec) => {
      withoutNamespace(spec, 'user');
      delete spec.linux['uidMappings'];
      delete spec.linux['gidMappings'];
    });
    const done = await asUser(box, ['run', 'c'], {around: ['unshare', '--user', '--map-root-user']});
    expect(done.stderr).toBe('');
    expect(done.stdout.trim().split(/\s+/)).toEqual(['0', `${USER}`, '1', '0']);
  });

  runtsOnly('the words are ours', 'rootless: additional groups need a mapping with privileges', async (box) => {
    await bundleOfUser(box, 'true', (spec) => {
      spec.process.user.additionalGids = [0];
    });
    const done = await asUser(box, ['run', 'c']);
    expect(done.code).toBe(1);
    expect(done.stderr).toContain('config.json#/process/user: become uid 0, gid 0');
    expect(done.stderr).toContain('/etc/subgid and newgidmap allow them');
  });
});
