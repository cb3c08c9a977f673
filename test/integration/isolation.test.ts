// What a container must not be able to do to its caller, to the host's files, and to its own protection.
import {chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {runtsOnly, succeeded, test} from './harness.ts';

const SETUID_1000 = {uid: 1000, gid: 1000};

describe('the streams of a foreground run', () => {
  test('run: the file that the caller redirects to keeps its owner', async ({box}) => {
    const it = box.container('echo hi', (spec) => {
      spec.process.user = SETUID_1000;
    });
    const log = join(box.dir, 'log');
    const script = `${box.command('run', '--bundle', it.dir, it.id).join(' ')} > ${log}`;
    succeeded(await box.host(['sh', '-c', script]));
    expect(readFileSync(log, 'utf8')).toBe('hi\n');
    expect(statSync(log).uid).toBe(0);
  });

  test('run: the program cannot truncate the file that the caller redirects to', async ({box}) => {
    const it = box.container('echo one; echo two > /dev/stdout; echo three');
    const log = join(box.dir, 'log');
    const script = `${box.command('run', '--bundle', it.dir, it.id).join(' ')} > ${log}`;
    succeeded(await box.host(['sh', '-c', script]));
    expect(readFileSync(log, 'utf8')).toBe('one\ntwo\nthree\n');
  });

  for (const size of [59_394, 66_000, 72_000, 300_000]) {
    test(`run: ${size} bytes reach a slow reader whole`, async ({box}) => {
      const it = box.container(`head -c ${size} /dev/zero`);
      const script = `${box.command('run', '--bundle', it.dir, it.id).join(' ')} | (sleep 0.7; wc -c)`;
      expect(succeeded(await box.host(['sh', '-c', script])).stdout.trim()).toBe(String(size));
    });
  }

  test('run: a program whose output nobody reads any more ends by SIGPIPE', async ({box}) => {
    const it = box.container('yes; echo $? > /yes-ended');
    const script = `${box.command('run', '--bundle', it.dir, it.id).join(' ')} | head -n 1`;
    expect(succeeded(await box.host(['sh', '-c', script], {timeout: 5000})).stdout).toBe('y\n');
    expect(readFileSync(join(it.rootfs, 'yes-ended'), 'utf8').trim()).toBe('141');
  });

  test('run: closing stdin early does not disturb the caller', async ({box}) => {
    const outcome = await box.run('exec <&-; echo done', undefined, {input: 'x'.repeat(500_000)});
    expect(outcome).toMatchObject({code: 0, stdout: 'done\n'});
  });
});

describe('files of the host', () => {
  test('devices: the node behind a bind mount keeps owner and mode', async ({box}) => {
    const node = join(box.dir, 'tty');
    succeeded(await box.host(['mknod', node, 'c', '5', '0']));
    chownSync(node, 0, 5);
    chmodSync(node, 0o620);
    await box.sh('test -c /dev/tty', (spec) => {
      spec.mounts.push({destination: '/dev/tty', type: 'bind', source: node, options: ['bind']});
    });
    const {mode, gid} = statSync(node);
    expect([mode & 0o777, gid]).toEqual([0o620, 5]);
  });

  test('devices: a mount of the config may stand in for a default device', async ({box}) => {
    const out = await box.sh('stat -c %t:%T /dev/random; test -f /dev/zero && cat /dev/zero', (spec) => {
      writeFileSync(join(box.dir, 'zero'), 'not zero');
      spec.mounts.push({destination: '/dev/random', type: 'bind', source: '/dev/urandom', options: ['bind']});
      spec.mounts.push({
        destination: '/dev/zero',
        type: 'bind',
        source: join(box.dir, 'zero'),
        options: ['bind', 'ro'],
      });
    });
    expect(out).toBe('1:9\nnot zero');
  });

  runtsOnly('runc changes the superblock', 'mounts: remount,ro of a bind leaves the source writable', async (box) => {
    const source = join(box.dir, 'source');
    mkdirSync(source);
    const script = `mount -t tmpfs none ${source} && $run; touch ${source}/still && ls ${source}; umount ${source}`;
    const it = box.container('touch /m/x 2>&1', (spec) => {
      spec.mounts.push({destination: '/m', type: 'bind', source, options: ['bind']});
      spec.mounts.push({destination: '/m', options: ['remount', 'ro']});
    });
    const run = box.command('run', '--bundle', it.dir, it.id).join(' ');
    const {stdout} = await box.host(['unshare', '-m', 'sh', '-c', script.replace('$run', run)]);
    expect(stdout).toMatch(/Read-only file system/);
    expect(stdout.trimEnd().endsWith('still')).toBe(true);
  });

  runtsOnly(
    'runc takes the root of the host',
    'namespaces: the mount namespace of the host is refused',
    async (box) => {
      const it = box.container(['/bin/true'], (spec) => {
        for (const entry of spec.linux.namespaces) if (entry.type === 'mount') entry.path = '/proc/self/ns/mnt';
      });
      const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(
        /\/linux\/namespaces\/\d+\/path: \/proc\/self\/ns\/mnt is the mount namespace of the host/,
      );
    },
  );

  for (const link of ['/tmp', '../../../../../../tmp']) {
    test(`devices: a /dev that is a symlink to ${link} is populated inside the rootfs`, async ({box}) => {
      const it = box.container(['/bin/true'], (spec) => {
        spec.mounts = spec.mounts.filter(({destination}) => !destination.startsWith('/dev'));
        spec.root.readonly = false;
      });
      succeeded(await box.host(['rm', '-rf', join(it.rootfs, 'dev')]));
      symlinkSync(link, join(it.rootfs, 'dev'));
      mkdirSync(join(it.rootfs, 'tmp'), {recursive: true});
      await box.runtime(['run', '--bundle', it.dir, it.id]);
      expect(existsSync('/tmp/null') || existsSync('/tmp/ptmx')).toBe(false);
    });
  }
});

describe('what the program starts with', () => {
  test('PATH: an empty one does not mean the working directory', async ({box}) => {
    const it = box.container(['prog'], (spec) => {
      spec.process.env = [];
      spec.process.cwd = '/tmp';
    });
    mkdirSync(join(it.rootfs, 'tmp'), {recursive: true});
    writeFileSync(join(it.rootfs, 'tmp/prog'), '#!/bin/sh\necho ran\n', {mode: 0o755});
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/exec: "?\\?"prog\\?"?: executable file not found in \$PATH/);
  });

  test('hooks: createContainer hooks run in the rootfs', async ({box}) => {
    const it = box.container(['/bin/true'], (spec) => {
      spec.hooks = {createContainer: [{path: '/bin/sh', args: ['sh', '-c', `pwd > ${box.dir}/cwd`]}]};
    });
    await box.ok(['run', '--bundle', it.dir, it.id]);
    expect(readFileSync(join(box.dir, 'cwd'), 'utf8').trim()).toBe(it.rootfs);
  });

  test('hooks: startContainer hooks succeed when the caller ignores SIGCHLD', async ({box}) => {
    const it = box.container(['/bin/echo', 'ran'], (spec) => {
      spec.hooks = {startContainer: [{path: '/bin/sh', args: ['sh', '-c', 'exit 0']}]};
    });
    const script = `trap '' CHLD; exec ${box.command('run', '--bundle', it.dir, it.id).join(' ')}`;
    expect(succeeded(await box.host(['sh', '-c', script])).stdout).toBe('ran\n');
  });

  test('mounts: rro holds for an overlay with long options, too', async ({box}) => {
    const lower = Array.from({length: 12}, (_, index) => join(box.dir, `lower-${index}-${'x'.repeat(30)}`));
    for (const path of [...lower, join(box.dir, 'upper'), join(box.dir, 'work')]) mkdirSync(path);
    const out = await box.sh('touch /o/x 2>&1; true', (spec) => {
      spec.mounts.push({
        destination: '/o',
        type: 'overlay',
        source: 'overlay',
        options: [
          `lowerdir=${lower.join(':')}`,
          `upperdir=${box.dir}/upper`,
          `workdir=${box.dir}/work`,
          'ro',
          'rnosuid',
        ],
      });
    });
    expect(out).toMatch(/Read-only file system/);
  });

  runtsOnly(
    'runc knows no runbindable',
    'rootfsPropagation: runbindable goes with masked and read-only paths',
    async (box) => {
      const out = await box.sh(
        'grep -c unbindable /proc/self/mountinfo; touch /proc/sys/kernel/hostname 2>&1; true',
        (spec) => {
          spec.linux.rootfsPropagation = 'runbindable';
        },
      );
      expect(Number(out.split('\n')[0])).toBeGreaterThan(3);
    },
  );

  test('seccomp: a filter without sockets, openat2 and mmap lets the program start, with its HOME', async ({box}) => {
    const it = box.container(['/bin/busybox', 'env'], (spec) => {
      spec.process.noNewPrivileges = false;
      spec.process.user = SETUID_1000;
      spec.linux.seccomp = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          {
            names: ['sendmsg', 'recvmsg', 'sendto', 'recvfrom', 'openat2', 'mmap'],
            action: 'SCMP_ACT_ERRNO',
            errnoRet: 38,
          },
        ],
      };
    });
    writeFileSync(join(it.rootfs, 'etc/passwd'), 'u:x:1000:1000::/home/u:/bin/sh\n');
    expect((await box.ok(['run', '--bundle', it.dir, it.id])).stdout).toMatch(/^HOME=\/home\/u$/m);
  });
});
