// What create, run, kill and delete can do beside the everyday: pidfds, another config, many containers at once; and what is
// accepted only because it was once, or is refused for a reason.
import {existsSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, inject} from 'vitest';
import {type Box, runtsOnly, succeeded, test} from './harness.ts';
import {until} from './inspect.ts';
import {toJson} from './spec.ts';

describe('--pidfd-socket', () => {
  const NEW = 'runc 1.1 has no such option';

  /** Listens on a unix socket for one message with one fd. */
  async function receiver(box: Box) {
    const [socket, info, out] = ['pidfd.sock', 'pidfd.json', 'pidfd.out'].map((name) => join(box.dir, name));
    const {done} = box.spawn([join(inject('shared'), 'recvfd'), socket as string, info as string, out as string]);
    await until('the socket', () => existsSync(socket as string));
    const received = async (): Promise<unknown> => {
      await until('the message', () => existsSync(info as string));
      return JSON.parse(readFileSync(info as string, 'utf8'));
    };
    return {socket: socket as string, received, done};
  }

  runtsOnly(NEW, '--pidfd-socket: create sends a pidfd of the first process', async (box) => {
    const pidfd = await receiver(box);
    const it = box.container(['/bin/sleep', '1000']);
    await it.create(['--pidfd-socket', pidfd.socket]);
    expect(await pidfd.received()).toMatchObject({fds: 1, payload: 'standard'});
    await it.kill('KILL');
    await pidfd.done; // it tells the end of the container
  });

  runtsOnly(NEW, '--pidfd-socket: run --detach sends one too', async (box) => {
    const pidfd = await receiver(box);
    const it = box.container(['/bin/sleep', '1000']);
    await box.ok(['run', '--detach', '--pidfd-socket', pidfd.socket, '--bundle', it.dir, it.id]);
    expect(await pidfd.received()).toMatchObject({fds: 1, payload: 'standard'});
    await it.kill('KILL');
    await pidfd.done; // it tells the end of the container
  });

  runtsOnly(NEW, '--pidfd-socket: without a listener there is no container', async (box) => {
    const it = box.container(['/bin/true']);
    const outcome = await box.runtime(['create', '--pidfd-socket', '/nowhere', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/create failed: cannot send the pidfd to the socket \/nowhere: connect: ENOENT/);
    expect((await box.runtime(['state', it.id])).code).toBe(1);
  });
});

describe('--config', () => {
  const CRUNS = 'only crun has it';

  runtsOnly(CRUNS, '--config: is taken from the bundle, or from anywhere', async (box) => {
    const it = box.container(['/bin/echo', 'another config']);
    renameSync(join(it.dir, 'config.json'), join(it.dir, 'other.json'));
    for (const config of ['other.json', join(it.dir, 'other.json')]) {
      for (const option of ['--config', '-f']) {
        const {stdout} = succeeded(await box.runtime(['run', option, config, '--bundle', it.dir, it.id]));
        expect(stdout).toBe('another config\n');
      }
    }
  });

  const mistakes: Readonly<Record<string, [change: (spec: Record<string, unknown>) => void, error: RegExp]>> = {
    'that is missing': [() => {}, /JSON specification file no\.json not found in bundle/],
    'with a wrong type': [(spec) => Object.assign(spec, {hostname: 7}), /: other\.json#\/hostname: /],
    'with a rootfs that is not there': [
      (spec) => Object.assign(spec, {root: {path: 'nope'}}),
      /: other\.json#\/root\/path: the rootfs .* does not exist/,
    ],
    'with a mount that fails': [
      (spec) =>
        (spec['mounts'] as unknown[]).push({destination: '/x', type: 'bind', source: '/nope', options: ['bind']}),
      /: other\.json#\/mounts\/\d+: /,
    ],
    'with a limit that the kernel refuses': [
      (spec) => Object.assign(spec['linux'] as object, {resources: {cpu: {quota: 1}}}),
      /: other\.json#\/linux\/resources\/cpu\/quota: /,
    ],
  };
  for (const [kind, [change, error]] of Object.entries(mistakes)) {
    runtsOnly(CRUNS, `--config: errors name that file: one ${kind}`, async (box) => {
      const it = box.container(['/bin/true']);
      change(it.spec as unknown as Record<string, unknown>);
      writeFileSync(join(it.dir, 'other.json'), toJson(it.spec));
      rmSync(join(it.dir, 'config.json'));
      const file = kind === 'that is missing' ? 'no.json' : 'other.json';
      const outcome = await box.runtime(['create', '--config', file, '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(error);
      expect(outcome.stderr).not.toContain('config.json');
    });
  }

  runtsOnly(CRUNS, '--config: warnings and errors of start name that file as well', async (box) => {
    const it = box.container(['/script'], (spec) => Object.assign(spec, {hostnam: 'x'}));
    writeFileSync(join(it.rootfs, 'script'), '#!/nope\n', {mode: 0o755});
    it.spec.hooks = {startContainer: [{path: '/bin/false'}]};
    writeFileSync(join(it.dir, 'other.json'), toJson(it.spec));
    const created = await box.ok(['create', '--config', 'other.json', '--bundle', it.dir, it.id]);
    expect(created.stderr).toMatch(/other\.json#: unknown property \\?"hostnam/);
    const started = await box.runtime(['start', it.id]);
    expect(started.code).toBe(1);
    expect(started.stderr).toContain('other.json#/hooks/startContainer/0: ');
  });
});

describe('--regex', () => {
  const CRUNS = 'only crun has it';
  const ids = (box: Box, ...names: string[]): string[] => names.map((name) => `${box.token}-${name}`);

  async function created(box: Box, names: readonly string[]): Promise<void> {
    const {dir} = box.bundle(['/bin/sleep', '1000']);
    for (const id of names) await box.ok(['create', '--bundle', dir, id]);
  }

  const list = async (box: Box): Promise<string[]> => (await box.ok(['list', '-q'])).stdout.split('\n').filter(Boolean);

  runtsOnly(CRUNS, '--regex: kill reaches every container whose id has a match', async (box) => {
    const [a = '', b = '', c = ''] = ids(box, 'web1', 'web2', 'db');
    await created(box, [a, b, c]);
    await box.ok(['kill', '--regex', 'web[0-9]$', 'KILL']);
    await until('two ends', async () => (await box.state(a)).status + (await box.state(b)).status === 'stoppedstopped');
    expect((await box.state(c)).status).toBe('created');
  });

  runtsOnly(CRUNS, '--regex: one that fails does not stop the others, and the exit code tells', async (box) => {
    const [a = '', b = '', c = ''] = ids(box, 'web1', 'web2', 'web3');
    await created(box, [a, b, c]);
    await box.ok(['start', b]);
    const outcome = await box.runtime(['--log', 'log', '--log-format', 'json', 'delete', '-r', 'web']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toBe(`${b}: cannot delete container ${b} that is not stopped: running\n`);
    expect(await list(box)).toEqual([b]);
    await box.ok(['delete', '--regex', '--force', `^${box.token}-web`]);
    expect(await list(box)).toEqual([]);
  });

  runtsOnly(CRUNS, '--regex: no match is fine, no expression is an error', async (box) => {
    await created(box, ids(box, 'one'));
    await box.ok(['delete', '--regex', '--force', 'two']);
    await box.ok(['kill', '-r', 'two', 'KILL']);
    const outcome = await box.runtime(['delete', '--regex', '--force', '(']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('--regex');
    expect(await list(box)).toHaveLength(1);
  });
});

describe('options that do nothing, commands that are refused', () => {
  test('ignored: --no-subreaper, also with one dash', async ({box}) => {
    for (const option of ['--no-subreaper', '-no-subreaper']) {
      const it = box.container(['/bin/echo', 'done']);
      const {stdout} = succeeded(await box.runtime(['run', option, '--bundle', it.dir, it.id]));
      expect(stdout).toBe('done\n');
    }
  });

  test('ignored: --criu', async ({box}) => {
    for (const option of [['--criu', '/nowhere'], ['-criu=/nowhere']]) {
      expect((await box.ok([...option, 'list', '-q'])).stderr).not.toMatch(/error/);
    }
  });

  runtsOnly('runc has no such command', 'refused: mounts add and remove say why', async (box) => {
    for (const action of ['add', 'remove']) {
      const outcome = await box.runtime(['mounts', action, 'x', 'mounts.json']);
      expect(outcome.code).toBe(1);
      expect(outcome.stdout).toBe('');
      expect(outcome.stderr).toMatch(/"mounts\\?" is not supported: a container gets its mounts when it is created/);
    }
  });
});
