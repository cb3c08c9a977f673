// linux.devices, the default devices and the symlinks of /dev; masked and read-only paths.
import {mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {runtsOnly, test} from './harness.ts';

describe('/dev', () => {
  test('devices: the default ones are there, for all to use', async ({box}) => {
    const names = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
    const out = await box.sh(`cd /dev; stat -c '%n %a %t:%T %u:%g %F' ${names.join(' ')}`);
    expect(out.split('\n')).toEqual([
      'null 666 1:3 0:0 character special file',
      'zero 666 1:5 0:0 character special file',
      'full 666 1:7 0:0 character special file',
      'random 666 1:8 0:0 character special file',
      'urandom 666 1:9 0:0 character special file',
      'tty 666 5:0 0:0 character special file',
    ]);
  });

  test('devices: they work, for other users too', async ({box}) => {
    const out = await box.sh(
      'echo x > /dev/null; head -c 3 /dev/zero | wc -c; echo x 2>&1 > /dev/full; head -c 2 /dev/urandom | wc -c',
      (spec) => {
        spec.process.user = {uid: 1000, gid: 1000};
      },
    );
    expect(out).toContain('3\n');
    expect(out).toMatch(/No space left on device/);
    expect(out).toMatch(/2$/);
  });

  test('devices: there are no others', async ({box}) => {
    const names = (await box.sh('ls /dev')).split(/\s+/).sort();
    const allowed = [
      'core',
      'fd',
      'full',
      'mqueue',
      'null',
      'ptmx',
      'pts',
      'random',
      'shm',
      'stderr',
      'stdin',
      'stdout',
      'tty',
      'urandom',
      'zero',
    ];
    expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(allowed.filter((name) => name !== 'core')));
  });

  test('devices: the symlinks lead to /proc and to the ptmx of the container', async ({box}) => {
    const out = await box.sh('cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done');
    expect(out).toBe('/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx');
  });

  test('devices: those of the config are made with mode and owner', async ({box}) => {
    const out = await box.sh("stat -c '%n %a %t:%T %u:%g %F' /dev/tun /dev/deep/disk /dev/pipe", (spec) => {
      spec.linux.devices = [
        {type: 'c', path: '/dev/tun', major: 10, minor: 200, fileMode: 0o640, uid: 12, gid: 34},
        {type: 'b', path: '/dev/deep/disk', major: 254, minor: 77, fileMode: 0o600},
        {type: 'p', path: '/dev/pipe', fileMode: 0o622},
      ];
    });
    expect(out.split('\n')).toEqual([
      '/dev/tun 640 a:c8 12:34 character special file',
      '/dev/deep/disk 600 fe:4d 0:0 block special file',
      '/dev/pipe 622 0:0 0:0 fifo',
    ]);
  });

  test('devices: u is a character device, and the mode is 0666 without one', async ({box}) => {
    const out = await box.sh("stat -c '%a %t:%T %F' /dev/mine", (spec) => {
      spec.linux.devices = [{type: 'u', path: '/dev/mine', major: 1, minor: 3, fileMode: 0o666}];
    });
    expect(out).toBe('666 1:3 character special file');
  });

  test("devices: the caller's umask does not touch their modes", async ({box}) => {
    const it = box.container('stat -c %a /dev/null /dev/mine; stat -c %a /proc/self/fd/../../../tmp', (spec) => {
      spec.linux.devices = [{type: 'c', path: '/dev/mine', major: 1, minor: 3, fileMode: 0o666}];
    });
    const outcome = await box.host([
      'sh',
      '-c',
      'umask 077; "$@"',
      'sh',
      ...box.command('run', '--bundle', it.dir, it.id),
    ]);
    expect(outcome.stdout.split('\n').slice(0, 2)).toEqual(['666', '666']);
  });

  test('devices: outside of /dev is fine', async ({box}) => {
    const it = box.container("stat -c '%t:%T' /else/where", (spec) => {
      spec.linux.devices = [{type: 'c', path: '/else/where', major: 1, minor: 5, fileMode: 0o600}];
    });
    expect((await box.runtime(['run', '--bundle', it.dir, it.id])).stdout).toBe('1:5\n');
  });

  test('devices: what is already there with the same number is kept', async ({box}) => {
    const it = box.container("stat -c '%t:%T' /dev/null; test -e /dev/marker && echo image", (spec) => {
      spec.mounts = spec.mounts.filter(({destination}) => !destination.startsWith('/dev'));
    });
    await box.host(['sh', '-c', `mknod -m 666 ${it.rootfs}/dev/null c 1 3; touch ${it.rootfs}/dev/marker`]);
    expect((await box.runtime(['run', '--bundle', it.dir, it.id])).stdout).toBe('1:3\nimage\n');
  });

  test('devices: a symlink in the way does not lead to the host', async ({box}) => {
    const outside = join(box.dir, 'outside');
    mkdirSync(outside);
    const it = box.container("stat -c '%t:%T' /way/node", (spec) => {
      spec.linux.devices = [{type: 'c', path: '/way/node', major: 1, minor: 5, fileMode: 0o600}];
    });
    symlinkSync(outside, join(it.rootfs, 'way'));
    await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe('masked and read-only paths', () => {
  test('maskedPaths: a file is empty, a directory has nothing in it', async ({box}) => {
    const out = await box.sh(
      'cat /proc/timer_list | wc -c; ls -A /proc/irq | wc -l; ls -A /sys/firmware | wc -l; cat /etc/passwd | wc -c',
      (spec) => {
        spec.linux.readonlyPaths = [];
        spec.linux.maskedPaths = ['/proc/timer_list', '/proc/irq', '/sys/firmware', '/etc/passwd'];
      },
    );
    expect(out).toBe('0\n0\n0\n0');
  });

  test('maskedPaths: a masked directory cannot be written', async ({box}) => {
    const out = await box.sh('touch /etc/x 2>&1; true', (spec) => {
      spec.linux.maskedPaths = ['/etc'];
    });
    expect(out).toMatch(/Read-only file system/);
  });

  test('maskedPaths and readonlyPaths: what does not exist is passed over', async ({box}) => {
    const out = await box.sh('ls /', (spec) => {
      spec.linux.maskedPaths = ['/nope', '/proc/nope/deeper'];
      spec.linux.readonlyPaths = ['/nope2', '/proc/nope'];
    });
    expect(out).not.toContain('nope');
  });

  test('readonlyPaths: are read-only, with what is mounted below', async ({box}) => {
    const out = await box
      .sh(
        'touch /etc/x 2>&1; touch /var/t/x 2>&1; touch /tmp/x && echo tmp; echo 1 > /proc/sys/net/ipv4/ip_forward',
        (spec) => {
          spec.mounts.push({destination: '/var/t', type: 'tmpfs', source: 'tmpfs'});
          spec.linux.readonlyPaths = ['/etc', '/var/t', '/proc/sys'];
        },
      )
      .catch((error: Error) => error.message);
    expect(out).toMatch(/touch: \/etc\/x: Read-only file system\ntouch: \/var\/t\/x: Read-only file system\ntmp/);
    expect(out).toMatch(/can't create \/proc\/sys\/net\/ipv4\/ip_forward: Read-only file system/);
  });

  test('readonlyPaths: the root can be one', async ({box}) => {
    const out = await box.sh('touch /etc/x 2>&1; touch /tmp/t/x && echo tmpfs', (spec) => {
      spec.mounts.push({destination: '/tmp/t', type: 'tmpfs', source: 'tmpfs'});
      spec.linux.readonlyPaths = ['/'];
    });
    expect(out).toBe('touch: /etc/x: Read-only file system\ntmpfs');
  });

  test('readonlyPaths: a file can be one', async ({box}) => {
    const out = await box.sh('echo x >> /etc/passwd; echo y >> /etc/group && echo group', (spec) => {
      spec.linux.readonlyPaths = ['/etc/passwd'];
    });
    expect(out).toBe('group');
  });

  test('maskedPaths: a symlink in the image does not mask the host', async ({box}) => {
    const outside = join(box.dir, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'file'), 'content\n');
    const it = box.container('true', (spec) => {
      spec.linux.maskedPaths = ['/link', '/link/file'];
    });
    symlinkSync(outside, join(it.rootfs, 'link'));
    await it.create();
    const {stdout} = await box.host(['cat', join(outside, 'file')]);
    expect(stdout).toBe('content\n');
  });

  runtsOnly(
    'CVE-2025-31133: runc 1.1 binds what the image has',
    'maskedPaths: /dev/null of the image is not what masks',
    async (box) => {
      const it = box.container('cat /proc/timer_list | wc -c; cat /etc/passwd', (spec) => {
        spec.mounts = spec.mounts.filter(({destination}) => !destination.startsWith('/dev'));
        spec.linux.maskedPaths = ['/etc/passwd'];
      });
      writeFileSync(join(it.rootfs, 'dev/evil'), 'evil\n');
      symlinkSync('/dev/evil', join(it.rootfs, 'dev/null'));
      const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
      // Either refused or masked with the true one.
      expect(outcome.stdout).not.toContain('evil');
    },
  );

  for (const [what, make] of [
    ['another device', 'mknod -m 666 null c 1 5'],
    ['a file', 'echo evil > null'],
    ['a symlink', 'mknod real c 1 3 && ln -s real null'],
    ['nothing', 'true'],
  ] as const) {
    runtsOnly(
      'CVE-2025-31133: runc 1.1 binds what the image has',
      `maskedPaths: with ${what} for /dev/null in a /dev from elsewhere nothing is masked by it`,
      async (box) => {
        const dev = join(box.dir, 'dev');
        mkdirSync(dev);
        await box.host(['sh', '-c', `cd ${dev} && ${make}`]);
        const it = box.container('cat /etc/passwd', (spec) => {
          spec.mounts = spec.mounts.filter(({destination}) => !destination.startsWith('/dev'));
          spec.mounts.push({destination: '/dev', type: 'bind', source: dev, options: ['bind']});
          spec.linux.maskedPaths = ['/etc/passwd'];
        });
        const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
        expect(outcome).toMatchObject({code: 1, stdout: ''});
        expect(outcome.stderr).toMatch(/config\.json#\/linux\/maskedPaths\/0: mask \/etc\/passwd: /);
        if (what !== 'nothing')
          expect(outcome.stderr).toMatch(/\/dev\/null, which would mask it, is not the null device/);
      },
    );
  }
});
