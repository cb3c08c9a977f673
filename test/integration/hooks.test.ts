// The six kinds of hooks: when they run, where, with what on stdin, and what their failure does.
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Edit, isRunc, runtsOnly, test} from './harness.ts';
import {read, until} from './inspect.ts';
import type {Hook, HookKind} from './spec.ts';

const KINDS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const;

/** A directory of the host that is /trace in the container as well, so that all hooks can write there. */
function traced(box: Box, edit: (trace: string, hook: (script: string, more?: Partial<Hook>) => Hook) => Edit): Edit {
  const trace = join(box.dir, 'trace');
  mkdirSync(trace);
  const hook = (script: string, more: Partial<Hook> = {}): Hook => ({
    path: '/bin/sh',
    args: ['sh', '-c', script],
    ...more,
  });
  return (spec) => {
    spec.mounts.push({destination: '/trace', type: 'bind', source: trace, options: ['bind']});
    edit(trace, hook)(spec);
  };
}

/** Where a hook of this kind finds the trace directory. */
const seen = (kind: HookKind, trace: string): string => (kind === 'startContainer' ? '/trace' : trace);

describe('order and place', () => {
  const logging = (box: Box, kinds: readonly HookKind[]): Edit =>
    traced(box, (trace, hook) => (spec) => {
      spec.hooks = {};
      for (const kind of kinds) {
        spec.hooks[kind] = [1, 2].map((n) => hook(`echo ${kind}${n} >> ${seen(kind, trace)}/log`));
      }
    });
  const twice = (...kinds: string[]): string[] => kinds.flatMap((kind) => [`${kind}1`, `${kind}2`]);
  const log = (box: Box): string[] => read(join(box.dir, 'trace/log')).trim().split('\n');

  test('hooks: run in the order of their kinds and of the config', async ({box}) => {
    const kinds = KINDS.filter((kind) => kind !== 'poststart');
    const it = box.container('echo program >> /trace/log', logging(box, kinds));
    await it.create();
    const created = twice('prestart', 'createRuntime', 'createContainer');
    expect(log(box)).toEqual(created);
    await it.start();
    await it.stopped();
    const started = [...created, ...twice('startContainer'), 'program'];
    expect(log(box)).toEqual(started);
    await it.delete();
    expect(log(box)).toEqual([...started, ...twice('poststop')]);
  });

  runtsOnly('runc 1.1 runs poststart in create', 'hooks: poststart runs after the program was started', async (box) => {
    const it = box.container('echo program >> /trace/log; sleep 100', logging(box, ['startContainer', 'poststart']));
    await it.create();
    expect(log(box)).toEqual(['']);
    await it.start();
    await until('the program', () => log(box).includes('program'));
    expect(log(box).slice(0, 2)).toEqual(twice('startContainer'));
    expect(log(box).slice(2).sort()).toEqual([...twice('poststart'), 'program']);
  });

  test('hooks: a foreground run goes through all of them', async ({box}) => {
    expect((await box.run('sleep 0.1', logging(box, KINDS))).code).toBe(0);
    expect(log(box).sort()).toEqual(twice(...KINDS).sort());
  });

  test('hooks: each runs in the namespaces that the spec says', async ({box}) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      spec.hooks = {};
      for (const kind of KINDS) {
        const namespaces = 'for n in mnt uts pid; do readlink /proc/self/ns/$n; done';
        spec.hooks[kind] = [hook(`{ ${namespaces}; } > ${seen(kind, trace)}/${kind}`)];
      }
    });
    const it = box.container('for n in mnt uts pid; do readlink /proc/self/ns/$n; done > /trace/program', edit);
    await it.create();
    await it.start();
    await it.stopped();
    await it.delete();
    const of = (name: string): string => read(join(box.dir, 'trace', name));
    const host = (await box.host(['sh', '-c', 'for n in mnt uts pid; do readlink /proc/self/ns/$n; done'])).stdout;
    for (const kind of ['prestart', 'createRuntime', 'poststart', 'poststop']) expect(of(kind), kind).toBe(host);
    for (const kind of ['createContainer', 'startContainer']) expect(of(kind), kind).toBe(of('program'));
  });

  test('hooks: createContainer sees the file system of the host, startContainer that of the container', async ({
    box,
  }) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      spec.hooks = {
        createContainer: [hook(`test -d ${trace} && echo host > ${trace}/createContainer`)],
        startContainer: [hook('test -e /usr/bin/env || echo container > /trace/startContainer')],
      };
    });
    const it = box.container('true', edit);
    await it.create();
    await it.start();
    await it.stopped();
    expect(read(join(box.dir, 'trace/createContainer'))).toBe('host\n');
    expect(read(join(box.dir, 'trace/startContainer'))).toBe('container\n');
  });

  test('hooks: the mounts of the container are there for createRuntime, and its root is not yet switched', async ({
    box,
  }) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      const pid = 'pid=$(sed -n "s/.*\\"pid\\": *\\([0-9]*\\).*/\\1/p")';
      spec.hooks = {
        createRuntime: [
          hook(`${pid}; readlink /proc/$pid/ns/mnt > ${trace}/ns; cat /proc/$pid/mountinfo > ${trace}/mounts`),
        ],
      };
    });
    const it = box.container('true', edit);
    await it.create();
    const mounts = read(join(box.dir, 'trace/mounts'));
    expect(mounts).toContain(` ${it.rootfs}/proc `);
    expect(mounts).toContain(` ${it.rootfs}/trace `);
  });

  test('hooks: a bind mount made by createContainer is in the container', async ({box}) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      writeFileSync(join(trace, 'file'), 'from the hook\n');
      spec.hooks = {createContainer: [hook(`mount --bind ${trace}/file ${box.dir}/bundle2/rootfs/etc/group`)]};
    });
    const it = box.container('cat /etc/group', edit);
    expect(it.dir).toBe(join(box.dir, 'bundle2'));
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.stdout).toBe('from the hook\n');
  });
});

describe('what a hook gets', () => {
  const STATUS: Readonly<Record<HookKind, string>> = {
    prestart: 'created',
    createRuntime: 'creating',
    createContainer: 'creating',
    startContainer: 'created',
    poststart: 'running',
    poststop: 'stopped',
  };

  test('hooks: the state comes on stdin', async ({box}) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      spec.annotations = {key: 'value "quoted"'};
      spec.hooks = {};
      for (const kind of KINDS) spec.hooks[kind] = [hook(`cat > ${seen(kind, trace)}/${kind}`)];
    });
    const it = box.container('sleep 100', edit);
    await it.create();
    const {pid} = await it.state();
    await it.start();
    await it.delete('--force');
    for (const kind of KINDS) {
      const text = read(join(box.dir, 'trace', kind));
      const state = JSON.parse(text);
      expect(text.trimEnd().split('\n'), kind).toHaveLength(1);
      expect(state, kind).toMatchObject({
        ociVersion: expect.stringMatching(/^1\./),
        id: it.id,
        bundle: it.dir,
        annotations: {key: 'value "quoted"'},
      });
      // runc 1.1 runs poststart before the program.
      if (!(isRunc && kind === 'poststart')) expect(state.status, kind).toBe(STATUS[kind]);
      const inside = kind === 'createContainer' || kind === 'startContainer';
      expect(state.pid, kind).toBe(kind === 'poststop' ? undefined : inside ? 1 : pid);
    }
  });

  test('hooks: args are all of argv', async ({box}) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      const script = `tr '\\0' , < /proc/$$/cmdline | cut -c 1-30 > ${trace}/argv`;
      spec.hooks = {createRuntime: [hook('', {args: ['another name', '-c', script, 'x', '']})]};
    });
    const it = box.container('true', edit);
    await it.create();
    expect(read(join(box.dir, 'trace/argv'))).toMatch(/^another name,-c,/);
  });

  test('hooks: without args argv is the path', async ({box}) => {
    const edit = traced(box, (trace) => (spec) => {
      const script = join(trace, 'hook');
      writeFileSync(script, `#!/bin/sh\necho "$#" > ${trace}/count\n`, {mode: 0o755});
      spec.hooks = {createRuntime: [{path: script}]};
    });
    const it = box.container('true', edit);
    await it.create();
    expect(read(join(box.dir, 'trace/count'))).toBe('0\n');
  });

  test('hooks: env is exactly that of the config', async ({box}) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      spec.hooks = {};
      for (const kind of KINDS) {
        const script = `env > ${seen(kind, trace)}/${kind}`;
        spec.hooks[kind] = [hook(script, {env: ['A=1', 'B=two words', 'PATH=/usr/bin:/bin']})];
      }
    });
    const it = box.container('sleep 100', edit);
    await it.create();
    await it.start();
    await it.delete('--force');
    for (const kind of KINDS) {
      const lines = read(join(box.dir, 'trace', kind))
        .trim()
        .split('\n');
      // The shell's own.
      const given = lines.filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line)).sort();
      expect(given, kind).toEqual(['A=1', 'B=two words', 'PATH=/usr/bin:/bin']);
    }
  });

  test("hooks: without env the hooks of the runtime have the caller's environment", async ({box}) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      spec.hooks = {createRuntime: [hook(`tr '\\0' '\\n' < /proc/$$/environ > ${trace}/environ`)]};
    });
    const it = box.container('true', edit);
    const wrapper = ['env', '-i', 'ONE=1', 'NODE_OPTIONS=--no-warnings', 'PATH=/bin:/usr/bin'];
    await it.create([], {wrapper});
    const lines = read(join(box.dir, 'trace/environ')).trim().split('\n').sort();
    expect(lines).toEqual(['NODE_OPTIONS=--no-warnings', 'ONE=1', 'PATH=/bin:/usr/bin']);
  });

  test('hooks: the working directory of the runtime hooks is the bundle', async ({box}) => {
    const edit = traced(box, (trace, hook) => (spec) => {
      spec.hooks = {prestart: [hook(`pwd > ${trace}/pre`)], createRuntime: [hook(`pwd > ${trace}/cwd`)]};
    });
    const it = box.container('true', edit);
    await it.create();
    expect(read(join(box.dir, 'trace/cwd'))).toBe(`${it.dir}\n`);
    expect(read(join(box.dir, 'trace/pre'))).toBe(`${it.dir}\n`);
  });

  test('hooks: one that does not read its stdin is fine', async ({box}) => {
    const it = box.container('echo ran', (spec) => {
      spec.annotations = {big: 'x'.repeat(200_000)};
      spec.hooks = Object.fromEntries(KINDS.map((kind) => [kind, [{path: '/bin/true'}]]));
    });
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome).toMatchObject({code: 0, stdout: 'ran\n', stderr: ''});
  });

  test('hooks: what they print is not seen', async ({box}) => {
    const chatty = {path: '/bin/sh', args: ['sh', '-c', 'echo noise; echo noise >&2']};
    const it = box.container('echo ran', (spec) => {
      spec.hooks = Object.fromEntries(KINDS.map((kind) => [kind, [chatty]]));
    });
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome).toMatchObject({code: 0, stdout: 'ran\n', stderr: ''});
  });
});

describe('failure', () => {
  const failing: Hook = {path: '/bin/sh', args: ['sh', '-c', 'echo the reason >&2; exit 3']};

  for (const kind of ['prestart', 'createRuntime', 'createContainer'] as const) {
    test(`hooks: a failing ${kind} hook undoes the create`, async ({box}) => {
      const it = box.container('echo ran', (spec) => {
        spec.hooks = {[kind]: [{path: '/bin/true'}, failing]};
      });
      const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/hook.*#?1.*(exit status 3|exited with 3|exit code 3|status 3)/);
      expect(outcome.stderr).toContain('the reason');
      await until('clean', () => box.leftovers().length === 0);
    });
  }

  for (const kind of ['prestart', 'createRuntime', 'createContainer'] as const) {
    test(`hooks: after a failing ${kind} hook no other of its kind runs`, async ({box}) => {
      const edit = traced(box, (trace, hook) => (spec) => {
        spec.hooks = {[kind]: [failing, hook(`echo no > ${trace}/second`)]};
      });
      await box.run('true', edit);
      expect(read(join(box.dir, 'trace/second'))).toBe('');
    });
  }

  test('hooks: a hook that does not exist is named', async ({box}) => {
    const it = box.container('true', (spec) => {
      spec.hooks = {createRuntime: [{path: '/nope/hook'}]};
    });
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/\/nope\/hook.*no such file or directory/i);
  });

  test('hooks: a failing startContainer hook keeps the program from running', async ({box}) => {
    const it = box.container('echo ran', (spec) => {
      spec.hooks = {startContainer: [failing]};
    });
    await it.create();
    const started = await box.runtime(['start', it.id]);
    if (!isRunc) {
      expect(started.code).toBe(1);
      expect(started.stderr).toContain('the reason');
    }
    await it.stopped();
    expect(it.output()).toBe('');
  });

  runtsOnly(
    'runc 1.1 runs it in create',
    'hooks: a failing poststart hook ends the container and the start',
    async (box) => {
      const it = box.container('sleep 100', (spec) => {
        spec.hooks = {poststart: [failing]};
      });
      await it.create();
      const started = await box.runtime(['start', it.id]);
      expect(started.code).toBe(1);
      expect(started.stderr).toMatch(/poststart.*(exit status 3|exited with 3|exit code 3|status 3)/);
      const state = await box.runtime(['state', it.id]);
      if (state.code === 0) expect(JSON.parse(state.stdout).status).toBe('stopped');
    },
  );

  runtsOnly(
    'runc stops at the first failing hook',
    'hooks: a failing poststop hook is a warning, the others still run',
    async (box) => {
      const edit = traced(box, (trace, hook) => (spec) => {
        spec.hooks = {poststop: [failing, hook(`echo ran > ${trace}/second`)]};
      });
      const it = box.container('true', edit);
      await it.create();
      const deleted = await box.runtime(['delete', it.id]);
      expect(deleted.code).toBe(0);
      expect(deleted.stderr).toMatch(/level=warning.*poststop.*the reason/);
      expect(read(join(box.dir, 'trace/second'))).toBe('ran\n');
      expect(box.leftovers().filter((line) => !line.includes('/trace'))).toEqual([]);
    },
  );
});

describe('timeouts', () => {
  test('hooks: one that takes longer than its timeout is killed and fails', async ({box}) => {
    const it = box.container('true', (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/sleep', args: ['sleep', '100'], timeout: 1}]};
    });
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/time(d )?out/);
    expect(outcome.milliseconds).toBeGreaterThan(900);
    expect(outcome.milliseconds).toBeLessThan(3000);
    await until('clean', () => box.leftovers().length === 0);
  });

  test('hooks: one that is quick enough is not', async ({box}) => {
    const it = box.container('true', (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/sleep', args: ['sleep', '0.2'], timeout: 2}]};
    });
    await it.create();
  });

  runtsOnly(
    'runc waits for whoever holds the pipe',
    'hooks: a grandchild that holds the output does not outlast the timeout',
    async (box) => {
      const it = box.container('true', (spec) => {
        const hook = {path: '/bin/sh', args: ['sh', '-c', 'sleep 100 & sleep 100'], timeout: 1};
        spec.hooks = {createRuntime: [hook]};
      });
      const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.milliseconds).toBeLessThan(3000);
      await until('clean', () => box.leftovers().length === 0);
    },
  );

  for (const kind of ['createContainer', 'startContainer'] as const) {
    test(`hooks: timeouts hold inside the container too: ${kind}`, async ({box}) => {
      const it = box.container('echo ran', (spec) => {
        spec.hooks = {[kind]: [{path: '/bin/sleep', args: ['sleep', '100'], timeout: 1}]};
      });
      const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
      expect(outcome.stdout).toBe('');
      expect(outcome.code).not.toBe(0);
      expect(outcome.milliseconds).toBeLessThan(4000);
      await until('clean', () => box.leftovers().length === 0);
    });
  }
});
