// exec under pressure: terminals and sockets, many at once, containers that are paused, full, or end at that moment.
import {existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, inject} from 'vitest';
import {execOf, running, told} from './exec-box.ts';
import {type Box, isRunc, runtsOnly, succeeded, test} from './harness.ts';
import {field, isAlive, processesOf, read, until} from './inspect.ts';
import {privileged} from './spec.ts';

/** Listens on a unix socket for one message with one fd. */
async function receiver(box: Box) {
  const socket = join(box.dir, 'fd.sock');
  const [info, out] = [join(box.dir, 'fd.json'), join(box.dir, 'fd.out')];
  const {done} = box.spawn([join(inject('shared'), 'recvfd'), socket, info, out]);
  await until('the socket', () => existsSync(socket));
  const received = async (): Promise<{payload: string; fds: number; rows: number; columns: number}> => {
    await until('the message', () => existsSync(info));
    return JSON.parse(readFileSync(info, 'utf8'));
  };
  return {socket, received, text: (): string => read(out), done};
}

const freezer = async (it: {state(): Promise<{pid: number}>}): Promise<string> => {
  const line = read(`/proc/${(await it.state()).pid}/cgroup`)
    .split('\n')
    .find((entry) => entry.includes(':freezer:'));
  return `/sys/fs/cgroup/freezer${line?.split(':')[2]}/freezer.state`;
};

describe('terminals and sockets of an exec', () => {
  runtsOnly(
    'runc wants a terminal of its own',
    'exec --tty: in the foreground, whatever our streams are',
    async (box) => {
      const it = await running(box);
      expect(await it.exec(['--tty'], ['/bin/sh', '-c', 'tty; test -t 2 && exit 5'])).toMatchObject({
        code: 5,
        stdout: expect.stringMatching(/^\/dev\/pts\/\d+\r?\n$/),
      });
    },
  );

  test('exec --tty --detach: the console socket gets the terminal', async ({box}) => {
    const it = await running(box);
    const console = await receiver(box);
    succeeded(
      await it.exec(
        ['--detach', '--tty', '--console-socket', console.socket],
        ['/bin/sh', '-c', 'tty; echo x > /dev/tty'],
      ),
    );
    expect(await console.received()).toMatchObject({fds: 1, payload: expect.stringMatching(/^\/dev\//)});
    await console.done;
    expect(console.text()).toMatch(/^\/dev\/pts\/\d+\r\nx\r\n$/);
  });

  test('exec --process: terminal and consoleSize', async ({box}) => {
    const it = await running(box);
    const console = await receiver(box);
    const process = {
      terminal: true,
      consoleSize: {height: 21, width: 43},
      args: ['/bin/stty', 'size'],
      user: {uid: 1000, gid: 1000},
    };
    succeeded(await it.process(process, '--detach', '--console-socket', console.socket));
    await console.done;
    expect(console.text()).toBe('21 43\r\n');
  });

  runtsOnly('runc 1.1 has no such option', 'exec --pidfd-socket: it gets a pidfd of the process', async (box) => {
    const it = await running(box);
    const pidfd = await receiver(box);
    succeeded(await it.exec(['--detach', '--pidfd-socket', pidfd.socket], ['/bin/sleep', '1000']));
    expect(await pidfd.received()).toMatchObject({fds: 1, payload: 'setns'});
  });

  test('exec --preserve-fds: these and no others reach the program', async ({box}) => {
    const it = await running(box);
    const file = join(box.dir, 'kept');
    writeFileSync(file, 'kept');
    const list = 'cat <&4; echo; for f in 3 4 5 6; do test -e /proc/self/fd/$f && echo $f; done; true';
    const exec = (...flags: string[]): string =>
      box.command('exec', ...flags, it.id, '/bin/sh', '-c', `'${list}'`).join(' ');
    const outcome = await box.host(['bash', '-c', `${exec('--preserve-fds', '2')} 3<${file} 4<${file} 5<${file}`]);
    expect(outcome).toMatchObject({code: 0, stdout: 'kept\n3\n4\n'});
    const missing = await box.host(['bash', '-c', `${exec('--preserve-fds', '2')} 3<${file} 4<&-`]);
    expect(told(missing)).toMatch(isRunc ? /./ : /exec failed: unable to stat preserved-fd 1 \(of 2\)/);
  });
});

describe('what the container may see of an exec that is under way', () => {
  test('exec: the joining process can neither be traced nor looked into, and shows no file of the host', async ({
    box,
  }) => {
    // What it is by then is looked at again: the program itself may be looked into.
    const watch = `name() { read name < $p/comm && case $name in runts:*|runc:*) ;; *) false;; esac; }
      while :; do for p in /proc/[0-9]*; do
        name || continue; echo seen
        found=$(cat $p/environ; readlink $p/fd/0; readlink $p/exe; readlink $p/cwd; readlink $p/root; ls $p/fd/0/)
        name && echo "$found"
      done; done 2>/dev/null`;
    // All that its root could need for it, over all that is in its user namespace.
    const it = box.container(watch, (spec) => {
      privileged(spec);
      spec.linux.namespaces.push({type: 'user'});
      spec.linux['uidMappings'] = [{containerID: 0, hostID: 0, size: 65536}];
      spec.linux['gidMappings'] = [{containerID: 0, hostID: 0, size: 65536}];
    });
    await it.create();
    await it.start();
    const {exec} = execOf(box, it.id);
    for (let round = 0; round < 100 && !it.output().includes('seen'); round++) await exec([], ['/bin/true']);
    expect([...new Set(it.output().split('\n').filter(Boolean))]).toEqual(['seen']);
  });

  test('exec: the program has no file descriptor, and no working directory, of the host', async ({box}) => {
    const it = await running(box);
    const outcome = await it.exec(['--detach', '--pid-file', join(box.dir, 'pid')], ['/bin/sleep', '1000']);
    succeeded(outcome);
    const pid = read(join(box.dir, 'pid'));
    expect(readdirSync(`/proc/${pid}/fd`).sort()).toEqual(['0', '1', '2']);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/');
    expect(readlinkSync(`/proc/${pid}/exe`)).toBe('/bin/busybox');
    const status = read(`/proc/${pid}/status`);
    expect(field(status, 'PPid')).not.toBe('0');
    expect(field(status, 'CapInh')).toBe('0000000000000000');
  });

  for (const cwd of ['/proc/self/fd/3', '/proc/self/fd/7', '/proc/self/fd/12']) {
    test(`exec --cwd ${cwd} leads to no directory of the host`, async ({box}) => {
      const it = await running(box);
      const outcome = await it.exec(['--cwd', cwd], ['/bin/ls']);
      if (outcome.code === 0) expect(outcome.stdout).toBe((await it.exec([], ['/bin/ls', '/'])).stdout);
      else expect(outcome.code).toBe(255);
    });
  }
});

describe('paused containers', () => {
  test('exec: a paused container is refused, unless --ignore-paused; then it waits for the resume', async ({box}) => {
    const it = await running(box);
    const file = await freezer(it);
    writeFileSync(file, 'FROZEN');
    await until('the freeze', () => read(file).trim() === 'FROZEN');
    const refused = await it.exec([], ['/bin/true']);
    expect(refused.code).toBe(255);
    expect(told(refused)).toContain('cannot exec in a paused container (use --ignore-paused to override)');
    const waiting = box.start(['exec', '--ignore-paused', it.id, '/bin/echo', 'thawed']);
    const tasks = file.replace('freezer.state', 'tasks');
    await until('it to join', () => read(tasks).trim().split('\n').length > 1);
    expect(waiting.stdout()).toBe('');
    writeFileSync(file, 'THAWED');
    expect(await waiting.done).toMatchObject({code: 0, stdout: 'thawed\n'});
  });

  runtsOnly('runc leaves it', 'exec --ignore-paused that is killed leaves nothing once all goes on', async (box) => {
    const it = await running(box);
    const file = await freezer(it);
    writeFileSync(file, 'FROZEN');
    await until('the freeze', () => read(file).trim() === 'FROZEN');
    const waiting = box.start(['exec', '--ignore-paused', it.id, '/bin/sleep', '1000']);
    const tasks = file.replace('freezer.state', 'tasks');
    await until('it to join', () => read(tasks).trim().split('\n').length > 1);
    process.kill(waiting.pid, 'SIGKILL');
    await waiting.done;
    writeFileSync(file, 'THAWED');
    await until('its end', () => read(tasks).trim().split('\n').length === 1);
  });
});

describe('exec at its limits', () => {
  test('exec: a hundred at once', async ({box}) => {
    const it = await running(box);
    const all = Array.from({length: 100}, (_, index) =>
      it.exec([], ['/bin/sh', '-c', `echo ${index}; exit ${index}`], {timeout: 60_000}),
    );
    const outcomes = await Promise.all(all);
    expect(outcomes.map(({code, stdout}) => [code, stdout])).toEqual(outcomes.map((_, index) => [index, `${index}\n`]));
    expect(await it.status()).toBe('running');
  }, 90_000);

  runtsOnly('runc says less', 'exec: no room in the pids cgroup is told', async (box) => {
    const it = await running(box, (spec) => {
      spec.linux.resources = {...spec.linux.resources, pids: {limit: 1}};
    });
    const outcome = await it.exec([], ['/bin/true']);
    expect(outcome.code).toBe(255);
    expect(told(outcome)).toMatch(/EAGAIN.*pids limit/);
  });

  test('exec: CPUs of execCPUAffinity', async ({box, skip}) => {
    skip(isRunc, 'runc 1.1 has no execCPUAffinity');
    const cpus = async (exec: Promise<{stdout: string}>): Promise<string> =>
      field((await exec).stdout, 'Cpus_allowed_list');
    const it = await running(box, (spec) => {
      spec.process.execCPUAffinity = {initial: '0', final: '1'};
    });
    expect(field(read(`/proc/${(await it.state()).pid}/status`), 'Cpus_allowed_list')).not.toBe('1');
    const args = ['/bin/cat', '/proc/self/status'];
    expect(await cpus(it.exec([], args))).toBe('1');
    expect(await cpus(it.process({args}))).toBe('1');
    expect(await cpus(it.process({args, execCPUAffinity: {final: '0'}}))).toBe('0');
    const none = await it.process({args, execCPUAffinity: {final: '4000'}});
    expect(none.code).toBe(255);
    expect(told(none)).toMatch(/#\/execCPUAffinity\/final: set the CPU affinity: .*EINVAL.*none of these CPUs/);
  });

  runtsOnly('runc 1.1 keeps it', "exec: the runtime's own affinity is not passed on", async (box) => {
    const it = await running(box);
    const all = field(read('/proc/self/status'), 'Cpus_allowed_list');
    const pinned = await it.exec([], ['/bin/cat', '/proc/self/status'], {wrapper: ['taskset', '-c', '0']});
    expect(field(pinned.stdout, 'Cpus_allowed_list')).toBe(all);
  });

  runtsOnly('runc 1.1 has no scheduler', 'exec --process: scheduler and ioPriority', async (box) => {
    const it = await running(box);
    const {stdout} = await it.process({
      args: ['/bin/cat', '/proc/self/sched', '/proc/self/stat'],
      scheduler: {policy: 'SCHED_BATCH', nice: 5},
    });
    expect(stdout).toMatch(/^policy\s+:\s+3$/m);
  });
});

describe('exec and the end of the container', () => {
  for (const group of [0, 1, 2]) {
    test(`exec: killed at any moment it leaves no half-joined process (${group})`, async ({box}) => {
      const it = await running(box);
      const {pid} = await it.state();
      for (let moment = group * 20; moment < group * 20 + 40; moment += 4) {
        const started = box.start(['exec', it.id, '/bin/sleep', '1000']);
        const began = performance.now();
        while (performance.now() - began < moment) await new Promise((resolve) => setTimeout(resolve, 1));
        process.kill(started.pid, 'SIGKILL');
        await started.done;
        // Either nothing, or the program: never runts-init.
        const rest = () =>
          processesOf([box.token]).filter(
            ({pid: other}) => other !== pid && /^run(ts|c):/.test(read(`/proc/${other}/comm`)),
          );
        await until(`its end after ${moment} ms`, () => rest().length === 0);
      }
      expect(isAlive(pid)).toBe(true);
    });
  }

  test('exec: while the container is killed and deleted, it ends or fails cleanly, and never is in the next one', async ({
    box,
  }) => {
    for (let round = 0; round < 8; round++) {
      const it = await running(box);
      const execs = Array.from({length: 4}, () => it.exec([], ['/bin/sleep', '1000']));
      await new Promise((resolve) => setTimeout(resolve, round * 12));
      await it.delete('--force');
      await it.create();
      for (const outcome of await Promise.all(execs)) {
        expect([255, 137]).toContain(outcome.code);
        if (outcome.code === 255)
          expect(told(outcome)).toMatch(
            /exec failed: (container does not exist|cannot exec in a stopped container|.+)/,
          );
      }
      const {pid} = await it.state();
      expect(
        processesOf([it.id])
          .map((process) => process.pid)
          .filter((other) => other !== pid),
      ).toEqual([]);
      await it.delete('--force');
    }
  }, 60_000);
});
