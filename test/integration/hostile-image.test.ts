// What an image, or another user of the host, may have put in runts's way.
import {chmodSync, chownSync, existsSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {runtsOnly, test} from './harness.ts';
import {entries, read} from './inspect.ts';
import type {Spec} from './spec.ts';

const withoutDev = (spec: Spec): void => {
  spec.mounts = spec.mounts.filter(({destination}) => !destination.startsWith('/dev'));
};
const withTerminal = (spec: Spec): void => {
  withoutDev(spec);
  spec.process.terminal = true;
};

describe('a bound /proc or /sys', () => {
  for (const name of ['proc', 'sys']) {
    runtsOnly(
      'runc looks at proc and sysfs mounts only',
      `hostile image: /${name} as a symlink is refused when the host's is bound`,
      async (box) => {
        const it = box.container('true', (spec) => {
          spec.mounts = [{destination: `/${name}`, type: 'bind', source: `/${name}`, options: ['rbind']}];
        });
        rmdirSync(join(it.rootfs, name));
        mkdirSync(join(it.rootfs, 'real'));
        symlinkSync('/real', join(it.rootfs, name));
        const done = await box.runtime(['run', '--bundle', it.dir, it.id]);
        expect(done.code).toBe(1);
        expect(done.stderr).toContain('must be mounted on ordinary directory');
        expect(entries(join(it.rootfs, 'real'))).toEqual([]);
      },
    );
  }
});

describe('the terminal (CVE-2025-52565)', () => {
  for (const [what, make] of [
    ['a file', 'echo >ptmx'],
    ['the null device', 'mknod ptmx c 1 3'],
    ['a symlink to the host', 'ln -s /proc/1/root/dev/ptmx ptmx'],
    ['a multiplexer that is no devpts', 'mknod ptmx c 5 2'],
  ] as const) {
    runtsOnly(
      'runc opens it, and fails later',
      `hostile image: ${what} for /dev/pts/ptmx gives no terminal`,
      async (box) => {
        const it = box.container('true', withTerminal);
        await box.host(['sh', '-c', `mkdir ${it.rootfs}/dev/pts && cd ${it.rootfs}/dev/pts && ${make}`]);
        const done = await box.host([
          'script',
          '-qec',
          box.command('run', '--bundle', it.dir, it.id).join(' '),
          '/dev/null',
        ]);
        expect(done.code).toBe(1);
        expect(done.stdout).toMatch(/config\.json#\/process\/terminal: set up the terminal: /);
      },
    );
  }

  test('hostile image: /dev/console as a symlink touches nothing of the host', async ({box}) => {
    const victim = join(box.dir, 'victim');
    writeFileSync(victim, 'untouched');
    const it = box.container('echo run', (spec) => {
      withTerminal(spec);
      const options = ['newinstance', 'ptmxmode=0666', 'mode=0620'];
      spec.mounts.push({destination: '/dev/pts', type: 'devpts', source: 'devpts', options});
    });
    symlinkSync(victim, join(it.rootfs, 'dev/console'));
    await box.host(['script', '-qec', box.command('run', '--bundle', it.dir, it.id).join(' '), '/dev/null']);
    expect(read(victim)).toBe('untouched');
  });
});

describe('a state directory of another user', () => {
  runtsOnly('runc goes on', 'hostile user: one that was put there before is not used', async (box) => {
    const it = box.container('true');
    const planted = join(box.root, it.id);
    mkdirSync(planted);
    chownSync(planted, 7, 7);
    chmodSync(planted, 0o777);
    const done = await box.runtime(['create', '--bundle', it.dir, it.id]);
    expect(done.code).toBe(1);
    expect(done.stderr).toContain(`${planted} belongs to uid 7, who could change the state of the container`);
    expect(entries(planted)).toEqual([]);
    rmdirSync(planted);
  });

  runtsOnly('runc runs them', 'hostile user: root does not run the hooks of a state that is not his', async (box) => {
    const made = join(box.dir, 'made');
    const it = box.container('true', (spec) => {
      spec.hooks = {poststop: [{path: '/bin/touch', args: ['touch', made]}]};
    });
    await it.create();
    chownSync(join(box.root, it.id), 7, 7);
    const refused = await box.runtime(['delete', '--force', it.id]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('belongs to uid 7');
    expect(existsSync(made)).toBe(false);
    chownSync(join(box.root, it.id), 0, 0);
    await it.delete('--force');
    expect(existsSync(made)).toBe(true);
  });
});
