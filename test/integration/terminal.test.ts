// process.terminal: the pty, its way to a console socket, and a foreground run on a real terminal.
import {closeSync, existsSync, openSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, inject} from 'vitest';
import {type Box, type Edit, isRunc, test} from './harness.ts';
import {read, until} from './inspect.ts';

interface Received {
  readonly payload: string;
  readonly fds: number;
  readonly master: boolean;
  readonly number: number;
  readonly rows: number;
  readonly columns: number;
}

const withTerminal =
  (more?: Edit): Edit =>
  (spec) => {
    spec.process.terminal = true;
    more?.(spec);
  };

/** Listens on a console socket; `input` is typed into the terminal as soon as it is there. */
async function receiver(box: Box, input = '') {
  const socket = join(box.dir, 'console.sock');
  const [info, out] = [join(box.dir, 'console.json'), join(box.dir, 'console.out')];
  const running = box.spawn([join(inject('shared'), 'recvfd'), socket, info, out], {input});
  await until('the console socket', () => existsSync(socket));
  return {
    socket,
    received: async (): Promise<Received> => {
      await until('the terminal', () => existsSync(info));
      return JSON.parse(readFileSync(info, 'utf8'));
    },
    text: (): string => read(out),
    done: running.done,
  };
}

describe('--console-socket', () => {
  test('terminal: the socket gets one message with the master of the pty', async ({box}) => {
    const console = await receiver(box);
    const it = box.container(['/bin/tty'], withTerminal());
    await it.create(['--console-socket', console.socket]);
    const received = await console.received();
    expect(received).toMatchObject({fds: 1, master: true, number: 0});
    expect(received.payload).toMatch(/^\/dev\//);
    await it.start();
    await console.done;
    expect(console.text()).toMatch(/^\/dev\/(pts\/0|console)\r\n$/);
  });

  test('terminal: consoleSize is there before the program runs', async ({box}) => {
    const console = await receiver(box);
    const it = box.container(
      ['/bin/stty', 'size'],
      withTerminal((spec) => {
        spec.process.consoleSize = {height: 33, width: 117};
      }),
    );
    await it.create(['--console-socket', console.socket]);
    expect(await console.received()).toMatchObject({rows: 33, columns: 117});
    await it.start();
    await console.done;
    expect(console.text()).toBe('33 117\r\n');
  });

  test('terminal: it is the controlling terminal, and stdin, stdout and stderr', async ({box}) => {
    const console = await receiver(box);
    const script =
      'test -t 0 && test -t 1 && test -t 2 && echo three; echo controlling > /dev/tty; stat -L -c %t:%T /dev/fd/0 /dev/fd/2';
    const it = box.container(script, withTerminal());
    await it.create(['--console-socket', console.socket]);
    await it.start();
    await console.done;
    expect(console.text()).toBe('three\r\ncontrolling\r\n88:0\r\n88:0\r\n');
  });

  test('terminal: what is typed reaches the program', async ({box}) => {
    const console = await receiver(box, 'hello\n');
    const it = box.container('read line; echo "read $line"', withTerminal());
    await it.create(['--console-socket', console.socket]);
    await it.start();
    await console.done;
    expect(console.text()).toContain('read hello\r\n');
  });

  test('terminal: /dev/console is the terminal', async ({box}) => {
    const console = await receiver(box);
    const it = box.container(
      'echo hello > /dev/console; grep -c " /dev/console " /proc/self/mountinfo',
      withTerminal(),
    );
    await it.create(['--console-socket', console.socket]);
    await it.start();
    await console.done;
    expect(console.text()).toBe('hello\r\n1\r\n');
  });

  test('terminal: it belongs to the user of the process', async ({box}) => {
    const console = await receiver(box);
    const it = box.container(
      'stat -c "%u %g" "$(tty)"; echo mine > "$(tty)"',
      withTerminal((spec) => {
        spec.process.user = {uid: 1000, gid: 1000};
      }),
    );
    await it.create(['--console-socket', console.socket]);
    await it.start();
    await console.done;
    expect(console.text()).toBe('1000 5\r\nmine\r\n');
  });

  test('terminal: run --detach takes a console socket too', async ({box}) => {
    const console = await receiver(box);
    const it = box.container('echo "hi from $(tty)"', withTerminal());
    await box.ok(['run', '--detach', '--console-socket', console.socket, '--bundle', it.dir, it.id]);
    await console.done;
    expect(console.text()).toMatch(/^hi from \/dev\//);
  });

  test('terminal: create without a console socket is refused', async ({box}) => {
    const it = box.container(['/bin/true'], withTerminal());
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/cannot allocate tty if \S+ will detach without setting console socket/);
  });

  test('terminal: a console socket without a terminal is refused', async ({box}) => {
    const it = box.container(['/bin/true']);
    const outcome = await box.runtime(['create', '--console-socket', '/tmp/x.sock', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/cannot use console socket if \S+ will not detach or allocate tty/);
  });

  test('terminal: two containers have ptys of their own', async ({box}) => {
    const console = await receiver(box);
    const it = box.container('ls /dev/pts', withTerminal());
    await it.create(['--console-socket', console.socket]);
    await it.start();
    await console.done;
    expect(console.text().trim().split(/\s+/)).toEqual(['0', 'ptmx']);
  });
});

/** A stdin that holds `input` and then, other than a file, does not end. */
async function keyboard(box: Box, input: string): Promise<number> {
  const fifo = join(box.dir, box.unique());
  await box.host(['mkfifo', fifo]);
  const fd = openSync(fifo, 'r+');
  writeFileSync(fd, input);
  return fd;
}

describe('run on a terminal', () => {
  /** Runs a shell script on a new terminal of 24 rows and 80 columns, as a person would; `$run` is the container. */
  async function onTerminal(box: Box, script: string, command: string, edit?: Edit, input = ''): Promise<string> {
    const it = box.container(command, withTerminal(edit));
    const file = join(box.dir, 'script.sh');
    writeFileSync(
      file,
      `stty rows 24 cols 80\nrun='${box.command('run', '--bundle', it.dir, it.id).join(' ')}'\n${script}\n`,
    );
    const stdin = await keyboard(box, input);
    const outcome = await box.host(['script', '-qec', `sh ${file}`, '/dev/null'], {stdin, env: {SHELL: '/bin/sh'}});
    closeSync(stdin);
    return `${outcome.stdout}[${outcome.code}]`;
  }

  test('terminal: run shows what the container prints, and exits with its code', async ({box}) => {
    expect(await onTerminal(box, '$run', 'tty; exit 3')).toMatch(/^\/dev\/(pts\/0|console)\r\n\[3\]$/);
  });

  test('terminal: run passes on what is typed', async ({box}) => {
    const said = await onTerminal(box, '$run', 'read line; echo "read $line"', undefined, 'hello\n');
    expect(said).toContain('read hello\r\n');
  });

  test('terminal: the container begins with the size of ours', async ({box}) => {
    expect(await onTerminal(box, '$run', 'sleep 0.1; stty size')).toBe('24 80\r\n[0]');
  });

  test('terminal: a change of our size reaches the container', async ({box}) => {
    const script = 't=$(tty); (sleep 0.5; stty rows 50 cols 132 < $t) & $run; wait';
    const command =
      'stty size; for i in $(seq 100); do sleep 0.05; [ "$(stty size)" != "24 80" ] && break; done; stty size';
    expect(await onTerminal(box, `exec 2>/dev/null; ${script}`, `sleep 0.1; ${command}`)).toContain(
      '24 80\r\n50 132\r\n',
    );
  });

  test('terminal: ours is as before when the run is over', async ({box}) => {
    const said = await onTerminal(box, 'stty -g; $run; stty -g', 'echo between');
    const [before, between, after] = said.split('\r\n');
    expect(between).toBe('between');
    expect(after).toBe(before);
  });

  test('terminal: ours is as before when the container could not be made', async ({box}) => {
    const said = await onTerminal(box, 'stty -g; $run 2>/dev/null; stty -g', 'true', (spec) => {
      spec.process.args = ['/bin/nope'];
    });
    const [before, after] = said.split('\r\n');
    expect(after).toBe(before);
  });

  test('terminal: an image that cannot be run gets no control characters through to it', async ({box}) => {
    const said = await onTerminal(
      box,
      'for bundle in */rootfs; do printf "#!/\\033[2Jx\\n" > $bundle/bin/hostile; chmod 755 $bundle/bin/hostile; done; $run',
      'true',
      (spec) => {
        spec.process.args = ['/bin/hostile'];
      },
    );
    expect(said).toContain(isRunc ? '/bin/hostile' : '/\\x1b[2Jx');
    expect(said).not.toContain('\x1b');
  });

  test('terminal: control-C goes to the program, not to the runtime', async ({box}) => {
    const it = box.container(
      'trap "echo interrupted; exit 8" INT; echo ready; while :; do sleep 0.02; done',
      withTerminal(),
    );
    const stdin = await keyboard(box, '');
    const command = box.command('run', '--bundle', it.dir, it.id).join(' ');
    const running = box.spawn(['script', '-qec', command, '/dev/null'], {stdin, env: {SHELL: '/bin/sh'}});
    await until('the trap', () => running.stdout().includes('ready'));
    writeFileSync(stdin, '\u0003');
    const {code, stdout} = await running.done;
    closeSync(stdin);
    expect(stdout).toContain('interrupted');
    expect(code).toBe(8);
  });

  test('terminal: output of a program that ends at once is not lost', async ({box}) => {
    for (let round = 0; round < 5; round++)
      expect(await onTerminal(box, '$run', 'seq 1 1000')).toMatch(/999\r\n1000\r\n\[0\]$/);
  });
});
