// Failures, interruptions and damage: nothing is lost, nothing is left, and every command still gives an answer.
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {runtsOnly, succeeded, test} from './harness.ts';
import {isAlive, until} from './inspect.ts';
import type {Spec} from './spec.ts';

const shell = (script: string) => ({path: '/bin/sh', args: ['sh', '-c', script]});

describe('poststop hooks of a container that fails to start', () => {
  const failures: Record<string, (spec: Spec) => void> = {
    'a createContainer hook': (spec) => {
      spec.hooks = {...spec.hooks, createContainer: [shell('exit 1')]};
    },
    'a startContainer hook': (spec) => {
      spec.hooks = {...spec.hooks, startContainer: [shell('exit 1')]};
    },
    'a missing program': (spec) => {
      spec.process.args = ['nope'];
    },
    'a mount': (spec) => {
      spec.mounts.push({destination: '/m', type: 'nosuchfs', source: 'x'});
    },
  };
  for (const [what, edit] of Object.entries(failures)) {
    test(`hooks: poststop hooks run after ${what} has failed`, async ({box}) => {
      const mark = join(box.dir, 'poststop');
      const it = box.container(['/bin/true'], (spec) => {
        spec.hooks = {poststop: [shell(`cat > ${mark}`)]};
        edit(spec);
      });
      expect((await box.runtime(['run', '--bundle', it.dir, it.id])).code).toBe(1);
      expect(JSON.parse(readFileSync(mark, 'utf8'))).toMatchObject({id: it.id, status: 'stopped'});
    });
  }

  test('hooks: poststop hooks run though the bundle is gone', async ({box}) => {
    const mark = join(box.dir, 'poststop');
    const it = box.container(['/bin/sleep', '100'], (spec) => {
      spec.hooks = {poststop: [shell(`pwd > ${mark}`)]};
    });
    await box.ok(['run', '-d', '--bundle', it.dir, it.id]);
    rmSync(it.dir, {recursive: true});
    await box.ok(['delete', '--force', it.id]);
    expect(existsSync(mark)).toBe(true);
  });
});

describe('delete --force', () => {
  test('delete: --force does not wait for a startContainer hook', async ({box}) => {
    const it = box.container(['/bin/true'], (spec) => {
      spec.hooks = {startContainer: [shell('sleep 30')]};
    });
    await box.ok(['create', '--bundle', it.dir, it.id]);
    const starting = box.start(['start', it.id]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const outcome = await box.ok(['delete', '--force', it.id]);
    expect(outcome.milliseconds).toBeLessThan(5000);
    await starting.done;
  });

  test('delete: of a stopped container leaves another one in the same cgroup alone', async ({box}) => {
    const shared = (spec: Spec): void => {
      spec.linux.cgroupsPath = `/${box.token}-same`;
    };
    const gone = box.container(['/bin/true'], shared);
    const alive = box.container(['/bin/sleep', '100'], shared);
    await box.ok(['run', '--keep', '--bundle', gone.dir, gone.id]);
    await box.ok(['run', '-d', '--bundle', alive.dir, alive.id]);
    const {pid} = await box.state(alive.id);
    await box.runtime(['delete', '--force', gone.id]);
    await box.runtime(['kill', '--all', gone.id, 'KILL']);
    expect(isAlive(pid)).toBe(true);
    expect((await box.state(alive.id)).status).toBe('running');
    await box.ok(['delete', '--force', alive.id]);
    await box.runtime(['delete', '--force', gone.id]);
  });

  runtsOnly('the damage is to a state of runts', 'delete: --force gets rid of a damaged state', async (box) => {
    const damages: Record<string, (state: Record<string, unknown>) => void> = {
      cgroup: (state) => {
        state['cgroup'] = null;
      },
      hooks: (state) => {
        state['hooks'] = {poststart: [], poststop: 'x'};
      },
      ancestors: (state) => {
        state['cgroup'] = {...(state['cgroup'] as object), ancestors: null};
      },
      id: (state) => {
        state['id'] = 'other';
      },
    };
    for (const [what, damage] of Object.entries(damages)) {
      const it = box.container(['/bin/true']);
      await box.ok(['run', '--keep', '--bundle', it.dir, it.id]);
      const file = join(box.root, it.id, 'state.json');
      const text = readFileSync(file, 'utf8');
      const state = JSON.parse(text) as Record<string, unknown>;
      damage(state);
      writeFileSync(file, JSON.stringify(state));
      expect((await box.runtime(['state', it.id])).stderr, what).toMatch(/is damaged/);
      expect((await box.runtime(['delete', '--force', it.id])).code, what).toBe(0);
      expect(existsSync(join(box.root, it.id)), what).toBe(false);
      // What the damage hid is removed by hand.
      for (const path of Object.values((JSON.parse(text) as {cgroup: {paths: Record<string, string>}}).cgroup.paths)) {
        succeeded(await box.host(['sh', '-c', `test ! -d ${path} || rmdir ${path}`]));
      }
    }
  });

  runtsOnly('runc keeps the directory', 'create: takes over a directory that a killed create has left', async (box) => {
    const it = box.container(['/bin/true']);
    mkdirSync(join(box.root, it.id));
    await box.ok(['run', '--bundle', it.dir, it.id]);
  });
});

describe('interruptions', () => {
  runtsOnly(
    'runc shows created',
    'start: killed in a startContainer hook, the container counts as running',
    async (box) => {
      const it = box.container(['/bin/sleep', '100'], (spec) => {
        spec.hooks = {startContainer: [shell('sleep 1')]};
      });
      await box.ok(['create', '--bundle', it.dir, it.id]);
      const starting = box.start(['start', it.id]);
      await until('the start', async () => (await box.state(it.id)).status === 'running');
      process.kill(starting.pid, 'SIGKILL');
      await starting.done;
      expect((await box.state(it.id)).status).toBe('running');
      expect((await box.runtime(['delete', it.id])).stderr).toMatch(/that is not stopped: running/);
    },
  );
});

describe('odd surroundings', () => {
  test('--root: where no directory can be made, it says so', async ({box}) => {
    const it = box.container(['/bin/true']);
    const outcome = await box.host(
      [...box.command()].with(2, '/proc/nowhere/x').concat('run', '--bundle', it.dir, it.id),
      {
        timeout: 5000,
      },
    );
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/\/proc\/nowhere.*no such file or directory/);
  });

  test('features, spec: need no state root', async ({box}) => {
    const as = ['setpriv', '--reuid', '1000', '--clear-groups', 'env', '-u', 'XDG_RUNTIME_DIR'];
    const [binary = ''] = box.command();
    const outcome = await box.host([...as, binary, 'features']);
    expect(outcome).toMatchObject({code: 0, stderr: ''});
    expect(JSON.parse(outcome.stdout)).toHaveProperty('ociVersionMax');
  });

  test('run: with an absolute bundle it needs no working directory', async ({box}) => {
    const it = box.container(['/bin/echo', 'ran']);
    const gone = join(box.dir, 'gone');
    mkdirSync(gone);
    const script = `rmdir ${gone}; exec ${box.command('run', '--bundle', it.dir, it.id).join(' ')}`;
    expect(succeeded(await box.host(['sh', '-c', script], {cwd: gone})).stdout).toBe('ran\n');
  });

  runtsOnly('runc leaves it', '--pid-file: a directory in its place leaves no temporary file', async (box) => {
    const it = box.container(['/bin/true']);
    const directory = join(box.dir, 'pids');
    mkdirSync(join(directory, 'pid'), {recursive: true});
    const outcome = await box.runtime(['run', '--pid-file', join(directory, 'pid'), '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(readdirSync(directory)).toEqual(['pid']);
    expect(statSync(join(directory, 'pid')).isDirectory()).toBe(true);
  });
});
