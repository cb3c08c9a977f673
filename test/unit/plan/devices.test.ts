import {describe, expect, it} from 'vitest';
import {minimalInput, stepsNamed, withConfig, withLinux} from './input.ts';

const deviceSteps = (input: typeof minimalInput) => stepsNamed(input, 'device', 'symlink');
const paths = (input: typeof minimalInput) => deviceSteps(input).map((step) => ('path' in step ? step.path : ''));

const node = {op: 'device', at: '', type: 0o020000, mode: 0o666, uid: 0, gid: 0, yield: true};
const link = {op: 'symlink', at: '', replace: false};

describe('/dev', () => {
  it('has the default devices and links', () => {
    expect(deviceSteps(minimalInput)).toEqual([
      {...node, path: '/dev/null', major: 1, minor: 3},
      {...node, path: '/dev/zero', major: 1, minor: 5},
      {...node, path: '/dev/full', major: 1, minor: 7},
      {...node, path: '/dev/random', major: 1, minor: 8},
      {...node, path: '/dev/urandom', major: 1, minor: 9},
      {...node, path: '/dev/tty', major: 5, minor: 0},
      {...link, target: 'pts/ptmx', path: '/dev/ptmx', replace: true},
      {...link, target: '/proc/self/fd', path: '/dev/fd'},
      {...link, target: '/proc/self/fd/0', path: '/dev/stdin'},
      {...link, target: '/proc/self/fd/1', path: '/dev/stdout'},
      {...link, target: '/proc/self/fd/2', path: '/dev/stderr'},
      {...link, target: '/proc/kcore', path: '/dev/core'},
    ]);
  });

  it('has no core where the kernel has none', () => {
    const facts = {...minimalInput.facts, hasKcore: false};
    expect(paths({...minimalInput, facts})).not.toContain('/dev/core');
  });

  it('is left alone when it is bound from elsewhere', () => {
    const linux = {namespaces: [{type: 'mount' as const}], devices: [{path: '/dev/x', type: 'p' as const}]};
    const mounts = [{destination: '/dev/', type: 'none', source: '/dev', options: ['rbind']}];
    expect(deviceSteps(withConfig({linux, mounts}))).toEqual([]);
  });

  it('is not when only a remount names it', () => {
    const mounts = [{destination: '/dev', options: ['remount', 'bind', 'ro']}];
    expect(paths(withConfig({mounts}))).toContain('/dev/null');
  });
});

describe('linux.devices', () => {
  it('of all types', () => {
    const devices = [
      {path: '/dev/fuse', type: 'c', major: 10n, minor: 229n, fileMode: 0o20600, uid: 5, gid: 6},
      {path: '/dev/loop0', type: 'b', major: 7n, minor: 0n},
      {path: '/dev/unbuffered', type: 'u', major: 1n, minor: 2n},
      {path: '/srv//pipe', type: 'p', major: 3n, minor: 4n},
    ] as const;
    const own = deviceSteps(withLinux({devices})).filter(({at}) => at !== '');
    expect(own).toEqual([
      {
        ...node,
        yield: false,
        at: '/linux/devices/0',
        path: '/dev/fuse',
        major: 10,
        minor: 229,
        mode: 0o600,
        uid: 5,
        gid: 6,
      },
      {...node, yield: false, at: '/linux/devices/1', path: '/dev/loop0', type: 0o060000, major: 7, minor: 0},
      {...node, yield: false, at: '/linux/devices/2', path: '/dev/unbuffered', major: 1, minor: 2},
      {...node, yield: false, at: '/linux/devices/3', path: '/srv/pipe', type: 0o010000, major: 0, minor: 0},
    ]);
  });

  it('take the place of default devices', () => {
    const devices = [{path: '/dev/null', type: 'c', major: 1n, minor: 3n, fileMode: 0o600}] as const;
    const found = deviceSteps(withLinux({devices})).filter((step) => 'path' in step && step.path === '/dev/null');
    expect(found).toEqual([
      {...node, yield: false, at: '/linux/devices/0', path: '/dev/null', major: 1, minor: 3, mode: 0o600},
    ]);
  });

  it('but never that of ptmx', () => {
    const devices = [{path: '/dev/ptmx', type: 'c', major: 5n, minor: 2n}] as const;
    expect(paths(withLinux({devices})).filter((path) => path === '/dev/ptmx')).toHaveLength(1);
  });
});
