// run: create and start in one, in the foreground or detached.
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {runtsOnly, test} from './harness.ts';
import {isAlive, processesOf, until} from './inspect.ts';
import {withoutNamespace} from './spec.ts';

describe('run: exit code', () => {
  for (const code of [0, 1, 3, 42, 127, 255]) {
    test(`run: exits with ${code} when the program does`, async ({box}) => {
      const outcome = await box.run(`exit ${code}`);
      expect(outcome.code).toBe(code);
      expect(outcome.stderr).toBe('');
    });
  }

  for (const [name, number] of [
    ['KILL', 9],
    ['TERM', 15],
    ['SEGV', 11],
  ] as const) {
    test(`run: exits with 128+${number} when the program dies by ${name}`, async ({box}) => {
      // Not the first process of a pid namespace: that one is immune to its own signals.
      const outcome = await box.run(`kill -${name} $$`, (spec) => withoutNamespace(spec, 'pid'));
      expect(outcome.code).toBe(128 + number);
    });
  }

  test('run: a container killed from outside exits with 137', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    const running = box.start(['run', '--bundle', it.dir, it.id]);
    await until('the program', () => processesOf([it.dir]).some(({name}) => name === 'sleep'));
    await it.kill('KILL');
    expect((await running.done).code).toBe(137);
  });
});

describe('run: streams', () => {
  test('run: stdout and stderr stay apart', async ({box}) => {
    const outcome = await box.run('echo to out; echo to err >&2');
    expect(outcome).toMatchObject({stdout: 'to out\n', stderr: 'to err\n', code: 0});
  });

  test('run: stdin reaches the program, to its end', async ({box}) => {
    const input = 'line\n'.repeat(50_000);
    const outcome = await box.run('wc -c', undefined, {input});
    expect(outcome.stdout.trim()).toBe(String(input.length));
  });

  test('run: a large output arrives whole', async ({box}) => {
    const outcome = await box.run('seq 1 200000');
    expect(outcome.stdout.length).toBe(1_288_895);
    expect(outcome.stdout.endsWith('\n200000\n')).toBe(true);
  });

  test('run: output of a program that ends at once is not lost', async ({box}) => {
    for (let round = 0; round < 10; round++) expect((await box.run(['/bin/echo', 'hi'])).stdout).toBe('hi\n');
  });

  test('run: works in a pipeline', async ({box}) => {
    const it = box.container(['/bin/cat']);
    const script = 'seq 1 1000 | "$@" | tail -n 1';
    const outcome = await box.host(['sh', '-c', script, 'sh', ...box.command('run', '--bundle', it.dir, it.id)]);
    expect(outcome.stdout).toBe('1000\n');
  });

  test('run: a reader that goes away ends the program with SIGPIPE', async ({box}) => {
    const it = box.container(['/bin/yes']);
    const outcome = await box.host([
      'sh',
      '-c',
      '"$@" | head -n 1',
      'sh',
      ...box.command('run', '--bundle', it.dir, it.id),
    ]);
    expect(outcome.stdout).toBe('y\n');
  });

  test('run: closed standard streams of the caller are survived', async ({box}) => {
    const it = box.container('exit 7');
    const outcome = await box.host([
      'sh',
      '-c',
      '"$@" <&- >&- 2>&-',
      'sh',
      ...box.command('run', '--bundle', it.dir, it.id),
    ]);
    expect(outcome.code).toBe(7);
  });

  test("run: the caller's pipes stay blocking", async ({box}) => {
    const it = box.container(['/bin/true']);
    const script = 'echo x | { "$@"; grep flags /proc/self/fdinfo/0; }';
    const outcome = await box.host(['sh', '-c', script, 'sh', ...box.command('run', '--bundle', it.dir, it.id)]);
    // O_NONBLOCK is 04000 octal.
    expect(Number.parseInt(/flags:\s+(\d+)/.exec(outcome.stdout)?.[1] ?? '', 8) & 0o4000).toBe(0);
  });
});

describe('run: signals', () => {
  for (const signal of ['TERM', 'INT', 'HUP', 'USR1', 'USR2', 'QUIT'] as const) {
    test(`run: forwards ${signal} to the program`, async ({box}) => {
      const it = box.container(`trap "echo got ${signal}; exit 5" ${signal}; echo ready; while :; do sleep 0.02; done`);
      const running = box.start(['run', '--bundle', it.dir, it.id]);
      await until('the trap', () => running.stdout().includes('ready'));
      process.kill(running.pid, `SIG${signal}`);
      const outcome = await running.done;
      expect(outcome.stdout).toBe(`ready\ngot ${signal}\n`);
      expect(outcome.code).toBe(5);
    });
  }

  test('run: a signal that the program handles does not end the run', async ({box}) => {
    const it = box.container('trap "echo got it" USR1; echo ready; while :; do sleep 0.02; done');
    const running = box.start(['run', '--bundle', it.dir, it.id]);
    await until('the trap', () => running.stdout().includes('ready'));
    for (let count = 1; count <= 3; count++) {
      process.kill(running.pid, 'SIGUSR1');
      await until('the handler', () => running.stdout().split('got it').length === count + 1);
    }
    await it.kill('KILL');
    expect((await running.done).code).toBe(137);
  });

  test('run: a stopped child of the container does not end the run', async ({box}) => {
    const outcome = await box.run('sleep 0.2 & kill -STOP $!; sleep 0.1; kill -CONT $!; wait; exit 4');
    expect(outcome.code).toBe(4);
  });
});

describe('run: what stays', () => {
  test('run: nothing is left when the program has ended', async ({box}) => {
    await box.run(['/bin/true']);
    expect(box.leftovers()).toEqual([]);
  });

  test('run: processes that the program left behind are killed', async ({box}) => {
    const outcome = await box.run('sleep 100 >/dev/null 2>&1 & exit 0');
    expect(outcome.code).toBe(0);
    await until('the end of all', () => box.leftovers().length === 0);
  });

  test('run: --keep leaves a stopped container, which can be deleted', async ({box}) => {
    const it = box.container('exit 6');
    const outcome = await box.runtime(['run', '--keep', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(6);
    expect(await it.state()).toMatchObject({status: 'stopped', pid: 0});
    await it.delete();
    expect(box.leftovers()).toEqual([]);
  });

  test('run: --detach returns while the program runs', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await box.ok(['run', '--detach', '--pid-file', 'pid', '--bundle', it.dir, it.id]);
    const {status, pid} = await it.state();
    expect(status).toBe('running');
    expect(readFileSync(join(box.dir, 'pid'), 'utf8')).toBe(String(pid));
    expect(isAlive(pid)).toBe(true);
  });

  test('run: --detach leaves the state when the program has ended', async ({box}) => {
    const it = box.container('echo done');
    const running = box.start(['run', '-d', '-b', it.dir, it.id]);
    expect((await running.done).code).toBe(0);
    await it.stopped();
    expect(running.stdout()).toBe('done\n');
  });

  test('run: --pid-file is written in the foreground too', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    const running = box.start(['run', '--pid-file', 'pid', '--bundle', it.dir, it.id]);
    await until('the pid file', () => existsSync(join(box.dir, 'pid')));
    const pid = Number(readFileSync(join(box.dir, 'pid'), 'utf8'));
    expect(isAlive(pid)).toBe(true);
    await until('the program', () => processesOf([it.dir]).some(({name}) => name === 'sleep'));
    await it.kill('KILL');
    await running.done;
  });

  test('run: --no-subreaper is accepted', async ({box}) => {
    expect((await box.run('exit 2', undefined, {flags: ['--no-subreaper']})).code).toBe(2);
  });

  test('run: a container that cannot be made leaves nothing', async ({box}) => {
    const outcome = await box.run(['/bin/nope']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/\/bin\/nope.*no such file or directory/i);
    expect(box.leftovers()).toEqual([]);
  });

  runtsOnly(
    'runc 1.1 says "exec format error" only',
    'run: an exec that fails is reported with its cause',
    async (box) => {
      const it = box.container(['/bin/broken']);
      await box.host(['sh', '-c', `echo garbage > ${it.rootfs}/bin/broken; chmod +x ${it.rootfs}/bin/broken`]);
      const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/exec.*\/bin\/broken.*(ENOEXEC|exec format error)/i);
    },
  );
});
