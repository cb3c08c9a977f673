// create, start, state, kill, delete: the life of a container, command by command.
import {existsSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {runtsOnly, test} from './harness.ts';
import {isAlive, processesOf, until} from './inspect.ts';
import {withoutNamespace} from './spec.ts';

describe('create', () => {
  test('create: sets the container up and does not run its program', async ({box}) => {
    const it = box.container('echo ran');
    const created = await it.create();
    expect(created.stdout).toBe('');
    expect(created.stderr).toBe('');
    expect(await it.state()).toMatchObject({id: it.id, status: 'created', bundle: it.dir, rootfs: it.rootfs});
    expect(it.output()).toBe('');
  });

  test('create: takes the current directory for the bundle', async ({box}) => {
    const it = box.container(['/bin/true']);
    await box.ok(['create', it.id], {cwd: it.dir});
    expect((await it.state()).bundle).toBe(it.dir);
  });

  test('create: makes a relative --bundle absolute', async ({box}) => {
    const it = box.container(['/bin/true']);
    await box.ok(['create', '-b', it.dir.slice(box.dir.length + 1), it.id]);
    expect((await it.state()).bundle).toBe(it.dir);
  });

  test('create: --pid-file has the host pid and no newline', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    const pidFile = join(box.dir, 'pid');
    await it.create(['--pid-file', pidFile]);
    const {pid} = await it.state();
    expect(readFileSync(pidFile, 'utf8')).toBe(String(pid));
    expect(isAlive(pid)).toBe(true);
  });

  test('create: a relative --pid-file is taken from the caller, not from the bundle', async ({box}) => {
    const it = box.container(['/bin/true']);
    await it.create(['--pid-file', 'pid']);
    expect(existsSync(join(box.dir, 'pid'))).toBe(true);
    expect(existsSync(join(it.dir, 'pid'))).toBe(false);
  });

  test('create: replaces an older pid file', async ({box}) => {
    const [first, second] = [box.container(['/bin/true']), box.container(['/bin/true'])];
    await first.create(['--pid-file', 'pid']);
    await second.create(['--pid-file', 'pid']);
    expect(readFileSync(join(box.dir, 'pid'), 'utf8')).toBe(String((await second.state()).pid));
  });

  test('create: an id that exists is refused, and the container that has it goes on', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const {pid} = await it.state();
    const again = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/container with given ID already exists/);
    expect(await it.state()).toMatchObject({status: 'created', pid});
  });

  test('create: an id that was deleted can be used again', async ({box}) => {
    const it = box.container(['/bin/true']);
    for (let round = 0; round < 3; round++) {
      await it.create();
      await it.start();
      await it.stopped();
      await it.delete();
    }
  });

  test('create: an id may hold letters, digits and _ + - .', async ({box}) => {
    const it = box.container(['/bin/true']);
    const id = `${it.id}_a+B-c.9`;
    await box.ok(['create', '--bundle', it.dir, id]);
    expect((await box.state(id)).id).toBe(id);
    await box.ok(['delete', id]);
  });

  test('create: two containers can be made from one bundle', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    const other = box.unique();
    await it.create();
    await box.ok(['create', '--bundle', it.dir, other]);
    await it.start();
    await box.ok(['start', other]);
    expect((await box.state(other)).status).toBe('running');
    expect(await it.status()).toBe('running');
  });

  test('create: the state root is closed to others', async ({box}) => {
    const it = box.container(['/bin/true']);
    const root = join(box.dir, 'fresh');
    await box.ok(['--root', root, 'create', '--bundle', it.dir, it.id]);
    expect(statSync(root).mode & 0o077).toBe(0);
    await box.ok(['--root', root, 'delete', it.id]);
  });

  test('create: --no-pivot makes a container with the same root', async ({box}) => {
    const it = box.container('echo in; ls / | grep -c busy; cat /etc/passwd | head -n 1');
    await it.create(['--no-pivot']);
    await it.start();
    await it.stopped();
    expect(it.output()).toBe('in\n0\nroot:x:0:0:root:/root:/bin/sh\n');
  });

  test('create: --no-new-keyring is accepted', async ({box}) => {
    const it = box.container(['/bin/true']);
    await it.create(['--no-new-keyring']);
  });
});

describe('start', () => {
  test('start: runs the program and prints nothing of its own', async ({box}) => {
    const it = box.container('echo ran');
    await it.create();
    const started = await it.start();
    expect(started.stdout + started.stderr).toBe('');
    await it.stopped();
    expect(it.output()).toBe('ran\n');
  });

  test('start: the program is the process that create made', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const {pid} = await it.state();
    await it.start();
    expect(await it.state()).toMatchObject({status: 'running', pid});
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBe('/bin/sleep\u0000100\u0000');
  });

  runtsOnly(
    'runc 1.1 reports it only through the death of the container',
    'start: tells why the program could not be run',
    async (box) => {
      const it = box.container(['/bin/prog']);
      await box.host(['cp', '/bin/busybox', join(it.rootfs, 'bin/prog')]);
      await it.create();
      await box.host(['sh', '-c', `echo '#!/nope' > ${join(it.rootfs, 'bin/prog')}`]);
      const started = await box.runtime(['start', it.id]);
      expect(started.code).toBe(1);
      expect(started.stderr).toMatch(/\/nope/);
      expect(await it.status()).toBe('stopped');
    },
  );
});

describe('state', () => {
  test('state: is JSON with the keys that engines read', async ({box}) => {
    const it = box.container(['/bin/sleep', '100'], (spec) => {
      spec.annotations = {'org.example.key': 'value'};
    });
    await it.create();
    const state = await it.state();
    expect(state).toEqual({
      ociVersion: expect.stringMatching(/^1\.\d+\.\d+/),
      id: it.id,
      pid: expect.any(Number),
      status: 'created',
      bundle: it.dir,
      rootfs: it.rootfs,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
      annotations: {'org.example.key': 'value'},
      owner: '',
    });
    expect(Math.abs(Date.parse(state.created) - Date.now())).toBeLessThan(10_000);
  });

  test('state: is indented by two spaces and has no annotations when there are none', async ({box}) => {
    const it = box.container(['/bin/true']);
    await it.create();
    const {stdout, stderr} = await box.ok(['state', it.id]);
    expect(stdout).toMatch(/^\{\n {2}"ociVersion": "/);
    expect(JSON.parse(stdout)).not.toHaveProperty('annotations');
    expect(stderr).toBe('');
  });

  test('state: a stopped container has pid 0', async ({box}) => {
    const it = box.container(['/bin/true']);
    await it.create();
    await it.start();
    await it.stopped();
    expect(await it.state()).toMatchObject({status: 'stopped', pid: 0});
  });

  test('state: a container killed from outside is stopped', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    await it.start();
    const {pid} = await it.state();
    process.kill(pid, 'SIGKILL');
    await until('the end of the process', () => !isAlive(pid));
    expect(await it.state()).toMatchObject({status: 'stopped', pid: 0});
  });

  test('state: a created container whose init was killed is stopped', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const {pid} = await it.state();
    process.kill(pid, 'SIGKILL');
    await until('the end of the process', () => !isAlive(pid));
    expect(await it.status()).toBe('stopped');
  });
});

describe('kill', () => {
  const trap = 'trap "echo got TERM; exit 3" TERM; trap "echo got USR1" USR1; echo ready; while :; do sleep 0.05; done';

  for (const name of ['TERM', 'SIGTERM', 'term', 'SigTerm', '15']) {
    test(`kill: the signal may be written ${name}`, async ({box}) => {
      const it = box.container(trap);
      await it.create();
      await it.start();
      await until('the trap', () => it.output().includes('ready'));
      await it.kill(name);
      await it.stopped();
      expect(it.output()).toBe('ready\ngot TERM\n');
    });
  }

  test('kill: sends TERM when no signal is given', async ({box}) => {
    const it = box.container(trap);
    await it.create();
    await it.start();
    await until('the trap', () => it.output().includes('ready'));
    await it.kill();
    await it.stopped();
    expect(it.output()).toBe('ready\ngot TERM\n');
  });

  test('kill: a signal that is handled leaves the container running', async ({box}) => {
    const it = box.container(trap);
    await it.create();
    await it.start();
    await until('the trap', () => it.output().includes('ready'));
    await it.kill('USR1');
    await until('the handler', () => it.output().includes('got USR1'));
    expect(await it.status()).toBe('running');
  });

  test('kill: KILL ends the container and everything in it', async ({box}) => {
    const it = box.container('sleep 100 & sleep 100 & sleep 100');
    await it.create();
    await it.start();
    await until('three sleeps', () => processesOf([it.dir]).filter(({name}) => name === 'sleep').length === 3);
    await it.kill('KILL');
    await it.stopped();
    await until('the end of all', () => processesOf([it.dir]).length === 0);
  });

  test('kill: --all is accepted in front of the id, as engines send it', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    await it.start();
    await box.ok(['kill', '--all', it.id, '9']);
    await it.stopped();
  });

  test('kill: -a reaches every process of a container without a pid namespace', async ({box}) => {
    const it = box.container('sleep 100 & sleep 100 & wait', (spec) => withoutNamespace(spec, 'pid'));
    await it.create();
    await it.start();
    await until('two sleeps', () => processesOf([it.dir]).filter(({name}) => name === 'sleep').length === 2);
    await box.ok(['kill', '-a', it.id, 'KILL']);
    await until('the end of all', () => processesOf([it.dir]).length === 0);
  });

  for (const name of ['RTMIN+3', 'SIGRTMIN+3']) {
    runtsOnly('runc knows no realtime signals', `kill: the signal may be written ${name}`, async (box) => {
      const it = box.container('trap "echo got it; exit 0" 37; echo ready; while :; do sleep 0.05; done');
      await it.create();
      await it.start();
      await until('the trap', () => it.output().includes('ready'));
      await it.kill(name);
      await it.stopped();
      expect(it.output()).toBe('ready\ngot it\n');
    });
  }

  test('kill: an unknown signal is refused and named', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    for (const signal of ['NOPE', '1x', 'SIG']) {
      const killed = await box.runtime(['kill', '--', it.id, signal]);
      expect(killed.code, signal).toBe(1);
      expect(killed.stderr).toContain(signal);
    }
    expect(await it.status()).toBe('created');
  });
});

describe('delete', () => {
  test('delete: of a stopped container leaves nothing', async ({box}) => {
    const it = box.container(['/bin/true']);
    await it.create();
    await it.start();
    await it.stopped();
    const deleted = await it.delete();
    expect(deleted.stdout + deleted.stderr).toBe('');
    expect(box.leftovers()).toEqual([]);
  });

  test('delete: of a created container kills its init', async ({box}) => {
    const it = box.container(['/bin/true']);
    await it.create();
    const {pid} = await it.state();
    await it.delete();
    expect(isAlive(pid)).toBe(false);
    expect(box.leftovers()).toEqual([]);
  });

  test('delete: a running container is refused and goes on', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    await it.start();
    const deleted = await box.runtime(['delete', it.id]);
    expect(deleted.code).toBe(1);
    expect(deleted.stderr).toContain(`cannot delete container ${it.id} that is not stopped: running`);
    expect(await it.status()).toBe('running');
  });

  test('delete: --force kills a running container and all its processes', async ({box}) => {
    const it = box.container('trap "" TERM INT HUP; sleep 100 & sleep 100');
    await it.create();
    await it.start();
    await it.delete('--force');
    await until('the end of all', () => box.leftovers().length === 0);
  });

  test('delete: --force kills what is left in the cgroup of a container without a pid namespace', async ({box}) => {
    const it = box.container('sleep 100 & sleep 100 & echo started', (spec) => withoutNamespace(spec, 'pid'));
    await it.create();
    await it.start();
    await until('the sleeps', () => it.output().includes('started'));
    await it.stopped();
    await it.delete('--force');
    await until('the end of all', () => box.leftovers().length === 0);
  });

  test('delete: --force of an unknown id succeeds in silence', async ({box}) => {
    const deleted = await box.ok(['delete', '--force', box.unique()]);
    expect(deleted.stdout + deleted.stderr).toBe('');
  });

  test('delete: the option may follow the id', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    await it.start();
    await box.ok(['delete', it.id, '--force']);
    expect(box.leftovers()).toEqual([]);
  });
});
