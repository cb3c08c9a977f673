// SCMP_ACT_NOTIFY: an agent (seccomp-agent.c) gets the state and the listener, and the program gets the agent's answers.
import {existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {join} from 'node:path';
import {describe, expect, inject} from 'vitest';
import {type Box, type Edit, isRunc, runtsOnly, test} from './harness.ts';
import {entries, field, read, until} from './inspect.ts';
import type {SeccompSpec, Spec} from './spec.ts';

/** x86_64. */
const MKDIR = 83;
const CAPSET = 126;

interface Received {
  readonly fds: number;
  readonly state: Record<string, unknown> & {readonly state: Record<string, unknown>};
}

/** Starts an agent; `rules` as seccomp-agent.c has them. */
async function agent(box: Box, ...rules: string[]) {
  const [socket, info] = [join(box.dir, 'agent.sock'), join(box.dir, 'agent.json')];
  const running = box.spawn([join(inject('shared'), 'seccomp-agent'), socket, info, ...rules]);
  await until('the agent', () => existsSync(socket));
  return {
    socket,
    received: (): Received => JSON.parse(readFileSync(info, 'utf8')),
    hasReceived: (): boolean => existsSync(info),
    /** Numbers of the system calls that it was asked about. */
    asked: (): number[] => running.stdout().trimEnd().split('\n').map(Number),
    done: running.done,
    end: async (): Promise<void> => {
      process.kill(running.pid, 'SIGKILL');
      await running.done;
    },
  };
}

/** Listens, and hangs up on those who connect. */
async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((listening) => server.listen(path, listening));
  return server;
}

const notifying =
  (names: readonly string[], more: Partial<SeccompSpec> = {}, noNewPrivileges = true): Edit =>
  (spec) => {
    spec.process.noNewPrivileges = noNewPrivileges;
    spec.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [{names: [...names], action: 'SCMP_ACT_NOTIFY'}],
      ...more,
    };
  };

for (const noNewPrivileges of [true, false]) {
  describe(`SCMP_ACT_NOTIFY ${noNewPrivileges ? 'with' : 'without'} noNewPrivileges`, () => {
    const listening = (names: readonly string[], listenerPath: string, more: Partial<SeccompSpec> = {}): Edit =>
      notifying(names, {listenerPath, ...more}, noNewPrivileges);

    test('the program gets the error that the agent answers', async ({box}) => {
      const it = await agent(box, `${MKDIR}=errno:123`);
      const out = await box.sh('mkdir /tmp/x 2>&1; ls /tmp', listening(['mkdir'], it.socket));
      expect(out).toMatch(/^mkdir: can't create directory '\/tmp\/x': No medium found$/);
      expect(it.asked()).toEqual([MKDIR]);
      expect((await it.done).code).toBe(0);
    });

    test('the program gets the success that the agent answers, and nothing is done', async ({box}) => {
      const it = await agent(box, `${MKDIR}=value:0`);
      const out = await box.sh('mkdir /tmp/x && echo made; ls /tmp', listening(['mkdir'], it.socket));
      expect(out).toBe('made');
    });

    test('a call that the agent lets go on is done', async ({box}) => {
      const it = await agent(box);
      expect(await box.sh('mkdir /tmp/x && ls /tmp', listening(['mkdir'], it.socket))).toBe('x');
      expect(it.asked()).toEqual([MKDIR]);
    });

    test('the agent gets one fd, and the state of a container that is being created', async ({box}) => {
      const it = await agent(box);
      const made = box.container('true', (spec) => {
        listening(['mkdir'], it.socket, {listenerMetadata: 'for "you"'})(spec);
        spec.annotations = {colour: 'blue'};
      });
      await made.create();
      const {pid, ociVersion} = await made.state();
      const received = it.received();
      expect(received).toEqual({
        fds: 1,
        state: {
          ociVersion: expect.stringMatching(/^1\./),
          fds: ['seccompFd'],
          pid,
          metadata: 'for "you"',
          state: {
            ociVersion: expect.stringMatching(/^1\./),
            id: made.id,
            status: 'creating',
            pid,
            bundle: made.dir,
            annotations: {colour: 'blue'},
          },
        },
      });
      if (!isRunc) expect(received.state['ociVersion']).toBe(ociVersion);
      await made.start();
      await made.stopped();
      expect((await it.done).code).toBe(0);
    });

    test('calls that the runtime itself needs may be notified', async ({box}) => {
      // runc's own suite has the first five; bypass4netns and its kind have others of these.
      const names = 'execve openat open read close sendmsg sendto connect chdir prctl capset setresuid setgroups'.split(
        ' ',
      );
      const it = await agent(box);
      expect(await box.sh('echo ran', listening(names, it.socket))).toBe('ran');
      expect(it.asked()).toContain(59);
    });

    test('a container waits for its start under the filter', async ({box}) => {
      const it = await agent(box, `${MKDIR}=errno:28`);
      const made = box.container('mkdir /tmp/x 2>&1', listening(['mkdir', 'read'], it.socket));
      await made.create();
      const {pid} = await made.state();
      if (!isRunc) expect(field(read(`/proc/${pid}/status`), 'Seccomp')).toBe('2');
      // What carried the listener is gone.
      if (!isRunc) expect(entries(`/proc/${pid}/task`)).toEqual([String(pid)]);
      await made.start();
      await made.stopped();
      expect(it.asked()).toContain(MKDIR);
      expect(made.output()).toContain('No space left');
    });

    test('calls of a container whose agent has ended fail with ENOSYS', async ({box}) => {
      const it = await agent(box);
      const made = box.container('mkdir /tmp/x 2>&1; echo still here', listening(['mkdir'], it.socket));
      await made.create();
      await it.end();
      await made.start();
      await made.stopped();
      expect(made.output()).toMatch(/Function not implemented\nstill here/);
    });

    test('an agent may end in the middle of a call', async ({box}) => {
      const it = await agent(box, `${MKDIR}=quit`);
      const out = await box.sh('mkdir /tmp/x 2>&1; echo still here', listening(['mkdir'], it.socket));
      expect(out).toMatch(/Function not implemented\nstill here/);
    });

    test('an agent that ends while the runtime is at work is an error, or does not matter', async ({box, skip}) => {
      skip(isRunc, 'runc 1.1 hangs');
      for (const [name, number] of [
        ['read', 0],
        ['close', 3],
      ] as const) {
        const dir = join(box.dir, name);
        mkdirSync(dir);
        const it = await agent({...box, dir} as Box, `${number}=quit`);
        const made = box.container('echo ran', listening([name], it.socket));
        const {code, stderr} = await box.runtime(['create', '--bundle', made.dir, made.id], {timeout: 10_000});
        await it.done;
        if (name === 'read') expect(stderr).toMatch(/read sync socket: ENOSYS/);
        else expect(await made.status()).toBe('created');
        expect(code).toBe(name === 'read' ? 1 : 0);
        await made.delete('--force');
      }
    });

    test('neither the program nor a startContainer hook gets the listener', async ({box}) => {
      const it = await agent(box);
      const count = 'ls /proc/self/fd | wc -l';
      const out = await box.sh(count, (spec) => {
        listening(['mkdir'], it.socket)(spec);
        // 0, 1, 2 and the directory that ls reads.
        const args = ['sh', '-c', `test $(${count}) = 4`];
        spec.hooks = {startContainer: [{path: '/bin/sh', args, env: spec.process.env}]};
      });
      expect(out).toBe('4');
    });
  });
}

test('SCMP_ACT_NOTIFY: other actions and several ABIs go with it', async ({box}) => {
  const it = await agent(box, `${MKDIR}=errno:123`);
  const out = await box.sh('mkdir /tmp/x 2>&1; chmod 700 /tmp 2>&1; true', (spec) => {
    notifying(['mkdir'], {
      listenerPath: it.socket,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    })(spec);
    spec.linux.seccomp?.syscalls?.push({names: ['chmod'], action: 'SCMP_ACT_ERRNO', errnoRet: 28});
  });
  expect(out).toMatch(/No medium found\n.*No space left/);
});

test('SCMP_ACT_NOTIFY: a foreground container of an unprivileged user', async ({box}) => {
  const it = await agent(box, `${MKDIR}=errno:123`);
  const out = await box.sh('mkdir /tmp/x 2>&1; id -u', (spec) => {
    notifying(['mkdir'], {listenerPath: it.socket}, false)(spec);
    spec.process.user = {uid: 1000, gid: 1000};
    spec.process.capabilities = {bounding: [], effective: [], permitted: []};
  });
  expect(out).toMatch(/No medium found\n1000/);
});

runtsOnly('runc needs more', 'SCMP_ACT_NOTIFY: two processes are enough, and one too few is said', async (box) => {
  const it = await agent(box, `${MKDIR}=errno:123`);
  const limited =
    (limit: number): Edit =>
    (spec) => {
      notifying(['mkdir'], {listenerPath: it.socket})(spec);
      spec.linux.resources = {...spec.linux.resources, pids: {limit}};
    };
  const {code, stderr} = await box.run(['/bin/mkdir', '/tmp/x'], limited(1));
  expect(code).toBe(1);
  expect(stderr).toMatch(/seccomp: load the seccomp filter: .*clone3 thread: EAGAIN .*pids limit/);
  const outcome = await box.run(['/bin/mkdir', '/tmp/x'], limited(2));
  expect(outcome.stderr).toContain('No medium found');
});

test('SCMP_ACT_NOTIFY: in a user namespace', async ({box}) => {
  for (const noNewPrivileges of [true, false]) {
    const dir = join(box.dir, String(noNewPrivileges));
    mkdirSync(dir);
    const it = await agent({...box, dir} as Box, `${MKDIR}=errno:123`);
    const out = await box.sh('mkdir /tmp/x 2>&1; id -u', (spec) => {
      notifying(['mkdir', 'close', 'sendmsg'], {listenerPath: it.socket}, noNewPrivileges)(spec);
      spec.linux.namespaces.push({type: 'user'});
      for (const key of ['uidMappings', 'gidMappings']) {
        spec.linux[key] = [{containerID: 0, hostID: 100_000, size: 65_536}];
      }
    });
    expect(out).toMatch(/No medium found\n0/);
  }
});

test('SCMP_ACT_NOTIFY: a program from the cache has its listener too', async ({box}) => {
  for (const name of ['first', 'second']) {
    const dir = join(box.dir, name);
    mkdirSync(dir);
    const it = await agent({...box, dir} as Box, `${MKDIR}=errno:123`);
    const out = await box.sh('mkdir /tmp/x 2>&1; true', notifying(['mkdir'], {listenerPath: it.socket}));
    expect(out).toContain('No medium found');
  }
});

test('listenerPath and listenerMetadata are ignored when nothing is notified', async ({box}) => {
  const out = await box.sh('mkdir /tmp/x && echo made', (spec) => {
    notifying([], {listenerPath: '/nowhere/agent.sock', listenerMetadata: 'm', syscalls: []})(spec);
  });
  expect(out).toBe('made');
});

runtsOnly('runc: invalid argument', 'listenerPath may be longer than a socket address', async (box) => {
  const dir = join(box.dir, 'd'.repeat(120));
  mkdirSync(dir);
  const it = await agent(box, `${MKDIR}=errno:123`);
  symlinkSync(it.socket, join(dir, 's'));
  const out = await box.sh('mkdir /tmp/x 2>&1; true', notifying(['mkdir'], {listenerPath: join(dir, 's')}));
  expect(out).toContain('No medium found');
});

runtsOnly('runc 1.1 knows no flags', 'WAIT_KILLABLE_RECV and TSYNC go with notifications', async (box) => {
  const flags = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV', 'SECCOMP_FILTER_FLAG_LOG'];
  const it = await agent(box, `${MKDIR}=errno:123`);
  const profile = notifying(['mkdir'], {listenerPath: it.socket, flags});
  const NEW_LISTENER_LOG_WAIT_KILLABLE_RECV = 8 | 2 | 32;
  const wrapper = [join(inject('shared'), 'filter-flags'), String(NEW_LISTENER_LOG_WAIT_KILLABLE_RECV)];
  expect(await box.sh('mkdir /tmp/x 2>&1; true', profile, {wrapper})).toContain('No medium found');
});

runtsOnly('runc 1.1 knows no flags', 'a flag that the kernel lacks is named', async (box) => {
  const flags = ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'];
  const it = await agent(box);
  const profile = notifying(['mkdir'], {listenerPath: it.socket, flags});
  const NEW_LISTENER = 8;
  const wrapper = [join(inject('shared'), 'filter-flags'), String(NEW_LISTENER)];
  const {code, stderr} = await box.run('true', profile, {wrapper});
  expect(code).toBe(1);
  expect(stderr).toMatch(/seccomp: load the seccomp filter: seccomp SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: EINVAL/);
  await it.end();
});

describe('an agent that is not there', () => {
  const cases: readonly {
    readonly what: string;
    readonly path: (box: Box) => Promise<string> | string;
    readonly says: RegExp;
  }[] = [
    {
      what: 'no such socket',
      path: () => '/nowhere/agent.sock',
      says: /agent at \/nowhere\/agent\.sock: connect: ENOENT/,
    },
    {
      what: 'a file that is no socket',
      path(box) {
        writeFileSync(join(box.dir, 'file'), '');
        return join(box.dir, 'file');
      },
      says: /connect: ECONNREFUSED .*no agent listens/,
    },
    {
      what: 'a socket that nobody listens on any more',
      async path(box) {
        const it = await agent(box);
        await it.end();
        return it.socket;
      },
      says: /connect: ECONNREFUSED .*no agent listens/,
    },
    {what: 'a name that no path helps with', path: () => `/tmp/${'n'.repeat(200)}`, says: /connect: ENAMETOOLONG/},
    {
      what: 'a relative path',
      path: () => 'agent.sock',
      says: /listenerPath: must be an absolute path, got .*agent\.sock/,
    },
    {what: 'no path', path: () => '', says: /SCMP_ACT_NOTIFY needs a listenerPath/},
  ];
  for (const {what, path, says} of cases) {
    test(what, async ({box}) => {
      const made = box.container('true', notifying(['mkdir'], {listenerPath: await path(box)}));
      const {code, stderr} = await box.runtime(['create', '--bundle', made.dir, made.id]);
      expect(code).toBe(1);
      if (!isRunc) expect(stderr).toMatch(says);
      expect(box.leftovers()).toEqual([]);
    });
  }

  test('one that hangs up at once does no more harm than an error', async ({box}) => {
    const path = join(box.dir, 'agent.sock');
    const server = await listen(path);
    try {
      const made = box.container('mkdir /tmp/x 2>&1; true', notifying(['mkdir'], {listenerPath: path}));
      const {code, stdout, stderr} = await box.runtime(['run', '--bundle', made.dir, made.id]);
      // Whether it was gone before the state was sent is up to the scheduler.
      if (code === 0) expect(stdout).toContain('Function not implemented');
      else expect(stderr).toMatch(/EPIPE|broken pipe|ECONNRESET/i);
    } finally {
      server.close();
    }
  });

  runtsOnly('runc waits for ever', 'one that never accepts is given up', async (box) => {
    const path = join(box.dir, 'agent.sock');
    const perl =
      'socket(S,1,1,0)&&bind(S,pack("Sa*",1,$ARGV[0]))&&listen(S,0);socket(C,1,1,0);connect(C,pack("Sa*",1,$ARGV[0]));sleep';
    const deaf = box.spawn(['perl', '-e', perl, path], {timeout: 60_000});
    try {
      await until('the full queue', () => read('/proc/net/unix').split(path).length > 2);
      const made = box.container('true', notifying(['mkdir'], {listenerPath: path}));
      const {code, stderr} = await box.runtime(['create', '--bundle', made.dir, made.id]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/agent at .*: connect: EAGAIN .*within 10 s/);
    } finally {
      process.kill(deaf.pid, 'SIGKILL');
      await deaf.done;
    }
    expect(box.leftovers()).toEqual([]);
  });
});

describe('what SCMP_ACT_NOTIFY cannot be for', () => {
  const cases: readonly (readonly [what: string, change: (spec: Spec) => void, says: RegExp])[] = [
    [
      'write',
      notifying(['mkdir', 'write'], {listenerPath: '/x'}),
      /SCMP_ACT_NOTIFY cannot be used for the write syscall/,
    ],
    [
      'all calls',
      notifying([], {listenerPath: '/x', defaultAction: 'SCMP_ACT_NOTIFY', syscalls: []}),
      /SCMP_ACT_NOTIFY cannot be used as default action/,
    ],
  ];
  for (const [what, change, says] of cases) {
    test(what, async ({box}) => {
      const {code, stderr} = await box.run('true', change);
      expect(code).toBe(1);
      expect(stderr).toMatch(says);
    });
  }
});

test('exec: the agent gets a listener of its own for the new process, of a running container', async ({box}) => {
  const first = await agent(box);
  const made = box.container(['/bin/sleep', '1000'], notifying(['mkdir'], {listenerPath: first.socket}));
  await made.create();
  await made.start();
  await first.end();
  rmSync(first.socket);
  rmSync(join(box.dir, 'agent.json'));
  const it = await agent(box, `${MKDIR}=errno:123`);
  const outcome = await box.runtime(['exec', made.id, '/bin/mkdir', '/tmp/x']);
  expect(outcome.stderr).toMatch(/No medium found/);
  expect(it.asked()).toEqual([MKDIR]);
  const {fds, state} = it.received();
  expect(fds).toBe(1);
  expect(state.state).toMatchObject({id: made.id, status: 'running', pid: (await made.state()).pid});
  expect(state['pid']).not.toBe(state.state['pid']);
});

describe('an agent that does not answer', () => {
  test('does not keep a container from being deleted', async ({box}) => {
    const it = await agent(box, `${MKDIR}=silent`);
    const made = box.container('mkdir /tmp/x', notifying(['mkdir'], {listenerPath: it.socket}));
    await made.create();
    await made.start();
    await until('the call', () => it.asked().includes(MKDIR));
    expect(await made.status()).toBe('running');
    await made.delete('--force');
    expect((await it.done).code).toBe(0);
  });

  runtsOnly(
    'runc leaves it behind',
    'does not keep a runtime that is killed from taking its container along',
    async (box) => {
      const it = await agent(box, `${CAPSET}=silent`);
      const made = box.container('true', notifying(['capset'], {listenerPath: it.socket}, false));
      const creating = box.start(['create', '--bundle', made.dir, made.id]);
      await until('the call', () => it.asked().includes(CAPSET));
      process.kill(creating.pid, 'SIGKILL');
      // The end of the last process under the filter is the end of the agent.
      expect((await it.done).code).toBe(0);
      await made.delete('--force');
      expect(box.leftovers()).toEqual([]);
    },
  );
});
