// The command line as engines and people write it: argument order, help, version, features, usage errors.
import {existsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {BINARY, runtsOnly, test} from './harness.ts';

const COMMANDS = ['create', 'start', 'state', 'kill', 'delete', 'run', 'list', 'spec', 'features'];

test('the program can be run by anybody', () => {
  expect(statSync(BINARY).mode & 0o111).toBe(0o111);
});

describe('arguments', () => {
  test('arguments: options may follow the id', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await box.ok(['create', it.id, '--bundle', it.dir, '--pid-file', 'pid']);
    expect(existsSync(join(box.dir, 'pid'))).toBe(true);
  });

  test('arguments: --option=value is the same as --option value', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await box.ok(['create', `--bundle=${it.dir}`, '--pid-file=pid', it.id]);
    expect(existsSync(join(box.dir, 'pid'))).toBe(true);
  });

  test('arguments: long options may have a single dash', async ({box}) => {
    const it = box.container(['/bin/true']);
    await box.ok(['run', '-no-subreaper', '-bundle', it.dir, it.id]);
  });

  test('arguments: a switch may be given a value', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    await it.start();
    expect((await box.runtime(['delete', '--force=false', it.id])).code).toBe(1);
    await box.ok(['delete', '--force=true', it.id]);
  });

  test('arguments: -- ends the options', async ({box}) => {
    const it = box.container(['/bin/true']);
    await box.ok(['create', '--bundle', it.dir, '--', it.id]);
    await box.ok(['state', '--', it.id]);
  });

  test('arguments: of kill, too', async ({box}) => {
    for (const rest of [
      ['--all', 'KILL'],
      ['KILL', '-a'],
      ['--', 'KILL'],
    ]) {
      const it = box.container(['/bin/sleep', '100']);
      await it.create();
      await box.ok(['kill', it.id, ...rest]);
      await it.stopped();
      await box.ok(['delete', it.id]);
    }
  });

  test('arguments: an empty value is as none', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await box.ok(['create', '--bundle', it.dir, '--pid-file', '', '--console-socket=', it.id]);
    await it.start();
    await box.ok(['kill', it.id, '']);
    expect((await box.runtime(['kill', it.id, 'NOSIG'])).code).toBe(1);
  });

  test('arguments: global options come in any order, short and long', async ({box}) => {
    await box.ok(['--log-format', 'json', '--log', 'log', '--debug=false', 'list']);
    await box.ok(['--log=log', '--log-format=text', '--systemd-cgroup=false', 'list']);
  });

  test('arguments: what containerd sends for create', async ({box}) => {
    const it = box.container(['/bin/true']);
    const globals = ['--log', join(box.dir, 'log.json'), '--log-format', 'json'];
    await box.ok([...globals, 'create', '--bundle', it.dir, '--pid-file', join(box.dir, 'init.pid'), it.id]);
    await box.ok([...globals, 'start', it.id]);
    await it.stopped();
    await box.ok([...globals, 'delete', it.id]);
  });

  test('arguments: what Podman sends with nothing in the environment', async ({box}) => {
    const it = box.container(['/bin/sleep', '100']);
    await it.create();
    const bare = ['env', '-i', 'XDG_RUNTIME_DIR=/run/user/0'];
    const done = await box.host([...bare, ...box.command('kill', it.id, '9')]);
    expect(done).toMatchObject({code: 0, stderr: ''});
    await it.stopped();
    expect(await box.host([...bare, ...box.command('delete', '--force', it.id)])).toMatchObject({code: 0, stderr: ''});
  });
});

describe('usage errors', () => {
  for (const command of ['start', 'state', 'delete', 'create', 'run']) {
    test(`usage: ${command} without an id is refused`, async ({box}) => {
      const outcome = await box.runtime([command]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(new RegExp(`"${command}\\\\?" requires exactly 1 argument`));
    });
  }

  test('usage: too many arguments are refused', async ({box}) => {
    const outcome = await box.runtime(['start', 'one', 'two']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/"start\\?" requires exactly 1 argument/);
  });

  test('usage: kill without an id is refused', async ({box}) => {
    const outcome = await box.runtime(['kill']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/"kill\\?" requires a minimum of 1 argument/);
  });

  test('usage: an unknown command is named', async ({box}) => {
    const outcome = await box.runtime(['frobnicate']);
    expect(outcome.code).toBe(3);
    expect(outcome.stdout + outcome.stderr).toMatch(/No help topic for 'frobnicate'/);
  });

  test('usage: an unknown option of a command is named', async ({box}) => {
    const outcome = await box.runtime(['list', '--frobnicate']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/frobnicate/);
  });

  test('usage: an unknown global option is named', async ({box}) => {
    const outcome = await box.runtime(['--frobnicate', 'list']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/frobnicate/);
  });

  test('usage: an option without its value is an error', async ({box}) => {
    const outcome = await box.runtime(['create', '--bundle']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/(flag needs|requires) an argument/);
  });

  runtsOnly('runc 1.1 takes it', 'usage: --root / is refused', async (box) => {
    const outcome = await box.host([BINARY, '--root', '/', 'list']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/--root.*\//);
  });

  // With systemd there are lab tests.
  test.skipIf(existsSync('/run/systemd/system'))(
    'usage: --systemd-cgroup on a host without systemd says so',
    async ({box}) => {
      const it = box.container(['/bin/true']);
      const outcome = await box.runtime(['--systemd-cgroup', 'create', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/systemd not running on this host/);
    },
  );
});

describe('help, version, features', () => {
  for (const flag of ['--help', '-h', 'help']) {
    test(`help: ${flag} lists the commands on stdout`, async ({box}) => {
      const {stdout, stderr} = await box.ok([flag]);
      expect(stderr).toBe('');
      for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^\\s+(\\S+ )?${command}\\b`, 'm'));
    });
  }

  for (const command of COMMANDS) {
    test(`help: ${command} --help describes it on stdout`, async ({box}) => {
      const {stdout, stderr} = await box.ok([command, '--help']);
      expect(stderr).toBe('');
      expect(stdout).toContain(command);
    });
  }

  test('version: names the program, the spec and the commit', async ({box}) => {
    for (const flag of ['--version', '-v']) {
      const {stdout, stderr} = await box.ok([flag]);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^run(c|ts) version \S+/);
      expect(stdout).toMatch(/^spec: 1\.\d+\.\d+/m);
      expect(stdout).toMatch(/^commit: /m);
    }
  });

  test('features: is JSON on stdout, and nothing on stderr', async ({box}) => {
    const {stdout, stderr} = await box.ok(['features']);
    expect(stderr).toBe('');
    const features = JSON.parse(stdout);
    expect(features).toMatchObject({
      ociVersionMin: '1.0.0',
      ociVersionMax: expect.stringMatching(/^1\.\d+\.\d+/),
      linux: {cgroup: {v1: true, v2: true}, seccomp: {enabled: true}},
    });
    expect([...features.hooks].sort()).toEqual(
      ['createContainer', 'createRuntime', 'poststart', 'poststop', 'prestart', 'startContainer'].sort(),
    );
    for (const option of ['bind', 'rbind', 'ro', 'nosuid', 'rslave', 'tmpcopyup', 'relatime', 'rro']) {
      expect(features.mountOptions).toContain(option);
    }
    for (const kind of ['pid', 'network', 'mount', 'ipc', 'uts', 'cgroup']) {
      expect(features.linux.namespaces).toContain(kind);
    }
    expect(features.linux.capabilities).toContain('CAP_SYS_ADMIN');
    expect(features.linux.seccomp.actions).toContain('SCMP_ACT_ERRNO');
    expect(features.linux.seccomp.operators).toContain('SCMP_CMP_MASKED_EQ');
    expect(features.linux.seccomp.archs).toContain('SCMP_ARCH_X86_64');
  });

  runtsOnly(
    'runc leaves no clean environment to prove',
    'environment: variables for Node do nothing to the runtime',
    async (box) => {
      const env = {
        NODE_OPTIONS: '--require /nope.js',
        NODE_DEBUG: 'fs,module',
        NODE_V8_COVERAGE: join(box.dir, 'coverage'),
        NODE_EXTRA_CA_CERTS: '/nope',
        NODE_PATH: '/nope',
        LD_PRELOAD: '/nope.so',
      };
      const {stdout, stderr} = await box.ok(['list', '-f', 'json'], {env});
      expect({stdout: stdout.trim(), stderr}).toEqual({stdout: 'null', stderr: ''});
      expect(existsSync(join(box.dir, 'coverage'))).toBe(false);
    },
  );
});
