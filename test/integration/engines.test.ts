// Smoke tests with real engines: Podman (through conmon) and containerd (through its runc shim and ctr), each private
// to its test: own storage, own state, own socket. runc goes first, as proof that the engine works on this machine.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {createHash} from 'node:crypto';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {describe, expect, inject} from 'vitest';
import {BINARY, type Box, isRunc, type Outcome, succeeded, test} from './harness.ts';
import {allCgroups, entries, processesOf, read, until} from './inspect.ts';
import {makeRootfs} from './rootfs.ts';

const IMAGE = 'docker.io/library/runts-test:latest';
const RUNTIMES = isRunc ? [BINARY] : ['/usr/sbin/runc', BINARY];

/** The layer of the test image. */
async function layer(box: Box): Promise<string> {
  const rootfs = join(box.dir, 'image');
  makeRootfs(rootfs, join(inject('shared'), 'busybox'));
  const tar = join(box.dir, 'layer.tar');
  succeeded(await box.host(['tar', '-C', rootfs, '-cf', tar, '.']));
  return tar;
}

/** A `docker save` archive of the test image, which both engines can load. */
async function archive(box: Box): Promise<string> {
  const tar = await layer(box);
  const dir = join(box.dir, 'archive');
  mkdirSync(dir);
  cpSync(tar, join(dir, 'layer.tar'));
  const digest = createHash('sha256').update(readFileSync(tar)).digest('hex');
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {Env: ['PATH=/bin'], Cmd: ['sh']},
    rootfs: {type: 'layers', diff_ids: [`sha256:${digest}`]},
  };
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  writeFileSync(
    join(dir, 'manifest.json'),
    JSON.stringify([{Config: 'config.json', RepoTags: [IMAGE], Layers: ['layer.tar']}]),
  );
  const file = join(box.dir, 'image.tar');
  succeeded(await box.host(['tar', '-C', dir, '-cf', file, 'manifest.json', 'config.json', 'layer.tar']));
  return file;
}

describe('Podman', () => {
  /** Podman with storage of its own; `run` is one of its containers under `runtime`. */
  async function podman(box: Box) {
    const dir = join(box.dir, 'podman');
    mkdirSync(dir);
    // Without default limits: Podman's would be above what a machine without CAP_SYS_RESOURCE allows.
    const conf = join(dir, 'containers.conf');
    writeFileSync(conf, '[containers]\ndefault_ulimits = []\ndefault_sysctls = ["net.ipv4.ping_group_range=0 0"]\n');
    const globals = ['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--tmpdir', join(dir, 'tmp')];
    const storage = ['--storage-driver', 'vfs', '--cgroup-manager=cgroupfs', '--events-backend=none'];
    const call = (args: readonly string[], runtime: string): Promise<Outcome> =>
      box.host(['podman', ...globals, ...storage, '--runtime', runtime, ...args], {
        env: {CONTAINERS_CONF: conf},
        timeout: 60_000,
      });
    succeeded(await call(['import', await layer(box), IMAGE], '/usr/sbin/runc'));
    return {
      call,
      run: (runtime: string, flags: readonly string[], ...command: string[]): Promise<Outcome> =>
        call(['run', '--rm', '--network', 'none', '--ulimit', 'host', ...flags, IMAGE, ...command], runtime),
      done: async (): Promise<void> => {
        await box.host(['sh', '-c', `umount ${dir}/root/vfs ${dir}/root 2>/dev/null; true`]);
      },
    };
  }

  for (const runtime of RUNTIMES) {
    const name = basename(runtime);

    test(`Podman: run --rm prints, with the default seccomp profile, under ${name}`, async ({box}) => {
      const engine = await podman(box);
      expect(await engine.run(runtime, [], 'echo', 'hi')).toMatchObject({stdout: 'hi\n', stderr: '', code: 0});
      const status = await engine.run(runtime, [], 'cat', '/proc/self/status');
      expect(status.stdout).toMatch(/^Seccomp:\t2$/m);
      await engine.done();
    });

    test(`Podman: exit codes are those of the program, under ${name}`, async ({box}) => {
      const engine = await podman(box);
      expect((await engine.run(runtime, [], 'sh', '-c', 'exit 42')).code).toBe(42);
      expect((await engine.run(runtime, [], '/no/such/program')).code).toBe(127);
      expect((await engine.run(runtime, [], '/etc/passwd')).code).toBe(126);
      await engine.done();
    });

    test(`Podman: options reach the container, under ${name}`, async ({box}) => {
      const engine = await podman(box);
      const flags = [
        '--memory',
        '64m',
        '--pids-limit',
        '50',
        '--hostname',
        'pod',
        '--user',
        '1000:1000',
        '--read-only',
        '-e',
        'A=1',
        '-w',
        '/tmp',
        '-v',
        `${box.dir}:/host:ro`,
      ];
      const script =
        'hostname; id -u; echo $A; pwd; touch /x 2>&1; touch /host/x 2>&1; cat /sys/fs/cgroup/memory/memory.limit_in_bytes';
      const outcome = await engine.run(runtime, flags, 'sh', '-c', script);
      expect(outcome.stdout).toBe(
        `pod\n1000\n1\n/tmp\ntouch: /x: Read-only file system\ntouch: /host/x: Read-only file system\n${64 << 20}\n`,
      );
      await engine.done();
    });

    test(`Podman: a terminal works, under ${name}`, async ({box}) => {
      const engine = await podman(box);
      const outcome = await engine.run(runtime, ['-t'], 'sh', '-c', 'test -t 1 && tty');
      expect(outcome.stdout).toMatch(/^\/dev\/(pts\/0|console)\r\n$/);
      await engine.done();
    });

    test(`Podman: exec, with its options and exit codes, under ${name}`, async ({box}) => {
      const engine = await podman(box);
      const id = `${box.token}-pod`;
      const flags = ['run', '-d', '--name', id, '--network', 'none', '--ulimit', 'host'];
      const health = ['--health-cmd', 'test -e /tmp', '--health-interval', 'disable'];
      succeeded(await engine.call([...flags, ...health, IMAGE, 'sleep', '1000'], runtime));
      const exec = (...args: string[]): Promise<Outcome> => engine.call(['exec', ...args], runtime);
      expect(await exec(id, 'sh', '-c', 'echo out; exit 42')).toMatchObject({stdout: 'out\n', code: 42});
      const options = ['-u', '1000:1000', '-w', '/tmp', '-e', 'A=1'];
      expect((await exec(...options, id, 'sh', '-c', 'id -u; pwd; echo $A')).stdout).toBe('1000\n/tmp\n1\n');
      expect((await exec('-t', id, 'tty')).stdout).toMatch(/^\/dev\/pts\/\d+\r\n$/);
      expect((await exec('-i', id, 'cat')).code).toBe(0);
      expect((await exec(id, '/no/such/program')).code).toBe(127);
      expect((await exec(id, 'nosuch')).code).toBe(127);
      expect((await exec(id, '/etc/passwd')).code).toBe(126);
      expect((await exec('-d', id, 'sh', '-c', 'echo made > /tmp/made')).code).toBe(0);
      await until('the detached one', async () => (await exec(id, 'cat', '/tmp/made')).stdout === 'made\n');
      expect((await engine.call(['healthcheck', 'run', id], runtime)).code).toBe(0);
      succeeded(await engine.call(['rm', '-f', '-t', '0', id], runtime));
      await engine.done();
    });

    test(`Podman: start detached, inspect, stop, remove, under ${name}`, async ({box}) => {
      const engine = await podman(box);
      const id = `${box.token}-pod`;
      const flags = ['run', '-d', '--name', id, '--network', 'none', '--ulimit', 'host', IMAGE];
      succeeded(await engine.call([...flags, 'sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.1; done'], runtime));
      expect((await engine.call(['inspect', '-f', '{{.State.Status}}', id], runtime)).stdout).toBe('running\n');
      await new Promise((resolve) => setTimeout(resolve, 200)); // for the trap
      succeeded(await engine.call(['stop', '-t', '5', id], runtime));
      expect((await engine.call(['inspect', '-f', '{{.State.ExitCode}}', id], runtime)).stdout).toBe('7\n');
      succeeded(await engine.call(['rm', id], runtime));
      await engine.done();
    });
  }
});

describe('containerd', () => {
  /** A containerd of our own, with the test image in it. */
  async function containerd(box: Box, runtime: string) {
    const dir = join(box.dir, 'containerd');
    mkdirSync(dir);
    // The shim has its socket in /run/containerd/s, and its bundle below `state`: a short path.
    const state = mkdtempSync(join(tmpdir(), 'ctd-'));
    const address = join(state, 'ctd.sock');
    const config = `version = 2
root = "${dir}/root"
state = "${state}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${address}"
[ttrpc]
  address = "${address}.ttrpc"
`;
    writeFileSync(join(dir, 'config.toml'), config);
    const daemon = box.spawn(['containerd', '--config', join(dir, 'config.toml'), '--log-level', 'warn'], {
      timeout: 120_000,
    });
    await until('containerd', () => existsSync(address), 10_000);
    const ctr = (...args: string[]): Promise<Outcome> =>
      box.host(['ctr', '--address', address, '--namespace', box.token, ...args], {timeout: 30_000});
    await until('an answer of containerd', async () => (await ctr('version')).code === 0, 10_000);
    succeeded(await ctr('images', 'import', '--snapshotter', 'native', await archive(box)));
    return {
      ctr,
      state,
      run: (flags: readonly string[], ...command: string[]): Promise<Outcome> =>
        ctr(
          'run',
          '--rm',
          '--snapshotter',
          'native',
          '--runc-binary',
          runtime,
          ...flags,
          IMAGE,
          box.unique(),
          ...command,
        ),
      stop: async (): Promise<void> => {
        process.kill(daemon.pid, 'SIGTERM');
        await daemon.done;
        expect(processesOf([state])).toEqual([]);
        expect(read('/proc/self/mountinfo')).not.toContain(state);
        rmSync(state, {recursive: true, force: true});
        // The state root of the containerd namespace: with runts it holds the cache of seccomp programs.
        rmSync(`/run/containerd/runc/${box.token}`, {recursive: true, force: true});
        // The cgroup of the containerd namespace, that of all its containers: runc leaves it.
        const parents = allCgroups().filter((path) => basename(path) === box.token);
        if (runtime !== BINARY || isRunc) for (const path of parents) rmdirSync(path);
      },
    };
  }

  for (const runtime of RUNTIMES) {
    const name = basename(runtime);

    test(`containerd: ctr run --rm prints, under ${name}`, async ({box}) => {
      const engine = await containerd(box, runtime);
      try {
        expect(await engine.run([], 'echo', 'hi')).toMatchObject({stdout: 'hi\n', stderr: '', code: 0});
        const seccomp = await engine.run(['--seccomp'], 'cat', '/proc/self/status');
        expect(seccomp.stdout).toMatch(/^Seccomp:\t2$/m);
        expect((await engine.run([], 'sh', '-c', 'exit 42')).code).toBe(42);
        const wrong = await engine.run([], '/no/such/program');
        expect(wrong.code).not.toBe(0);
        expect(wrong.stderr).toMatch(/\/no\/such\/program.*no such file or directory/);
        await until(
          'the end of the containers',
          () => entries(join(engine.state, 'state/io.containerd.runtime.v2.task', box.token)).length === 0,
        );
      } finally {
        await engine.stop();
      }
    });

    test(`containerd: start detached, list, kill, delete, under ${name}`, async ({box}) => {
      const engine = await containerd(box, runtime);
      const id = `${box.token}-task`;
      try {
        succeeded(
          await engine.ctr(
            'run',
            '-d',
            '--snapshotter',
            'native',
            '--runc-binary',
            runtime,
            '--memory-limit',
            '67108864',
            IMAGE,
            id,
            'sleep',
            '100',
          ),
        );
        expect((await engine.ctr('tasks', 'ls')).stdout).toMatch(new RegExp(`${id}\\s+\\d+\\s+RUNNING`));
        const exec = (...args: string[]): Promise<Outcome> =>
          engine.ctr('tasks', 'exec', '--exec-id', box.unique(), ...args);
        expect(await exec('--user', '1000', '--cwd', '/tmp', id, 'sh', '-c', 'id -u; pwd; exit 7')).toMatchObject({
          stdout: '1000\n/tmp\n',
          code: 7,
        });
        const wrong = await exec(id, '/no/such/program');
        expect(wrong.stderr).toMatch(/\/no\/such\/program.*no such file or directory/);
        succeeded(await engine.ctr('tasks', 'kill', '--signal', 'SIGKILL', id));
        await until('the end', async () => /STOPPED/.test((await engine.ctr('tasks', 'ls')).stdout));
        await engine.ctr('tasks', 'delete', id); // exits with the code of the task
        expect((await engine.ctr('tasks', 'ls', '-q')).stdout).toBe('');
        succeeded(await engine.ctr('containers', 'delete', id));
      } finally {
        await engine.stop();
      }
    });
  }
});

test('engines: the runtime can be run by anybody', () => {
  expect(statSync(BINARY).mode & 0o111).toBe(0o111);
});
