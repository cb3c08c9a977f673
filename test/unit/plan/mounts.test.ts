import {describe, expect, it} from 'vitest';
import type {Mount} from '../../../src/generated/config.ts';
import {compilePlan, type PlanInput} from '../../../src/plan/compile.ts';
import {minimalInput, orderOf, stepsNamed, withConfig} from './input.ts';

const withMounts = (mounts: readonly Mount[], rest: Partial<PlanInput> = {}): PlanInput => withConfig({mounts}, rest);

const mountSteps = (...mounts: Mount[]) =>
  stepsNamed(withMounts(mounts), 'mountFilesystem', 'mountBind', 'remount', 'remountReadonly');

const oldKernel = {...minimalInput.facts, kernel: {major: 5, minor: 10}};

const emptyFlags = {attrSet: 0n, attrClear: 0n, recursiveSet: 0n, recursiveClear: 0n, propagation: []};
const proc: Mount = {destination: '/proc', type: 'proc', source: 'proc'};

describe('filesystems', () => {
  it('have flags, options and propagation', () => {
    const options = ['nosuid', 'noexec', 'size=1m', 'sync', 'noatime', 'rslave'];
    expect(mountSteps({destination: '/tmp/', type: 'tmpfs', source: 'scratch', options})).toEqual([
      {
        op: 'mountFilesystem',
        at: '/mounts/0',
        type: 'tmpfs',
        source: 'scratch',
        target: '/tmp',
        options: ['sync', 'size=1m'],
        ...emptyFlags,
        attrSet: 0x1an,
        attrClear: 0x70n,
        legacyFlags: 0x41an,
        propagation: [0x84000],
        copyUp: false,
        directory: '',
        label: '',
        yield: false,
      },
    ]);
  });

  it('without a source are shown as their type', () => {
    expect(mountSteps({destination: '/proc', type: 'proc'})).toMatchObject([{source: 'proc'}]);
  });

  it('a relative destination is taken from /, and cleaned', () => {
    expect(mountSteps({destination: 'a//b/../c', type: 'proc'})).toMatchObject([{target: '/a/c'}]);
  });

  it('overlay keeps its layers', () => {
    const options = ['lowerdir=/l1:/l2', 'upperdir=/u,workdir=/w'];
    expect(mountSteps({destination: '/data', type: 'overlay', source: 'overlay', options})).toMatchObject([
      {type: 'overlay', options: ['lowerdir=/l1:/l2', 'upperdir=/u', 'workdir=/w']},
    ]);
  });

  it('ro is of the superblock too', () => {
    expect(mountSteps({destination: '/data', type: 'ext4', source: '/dev/vda1', options: ['ro']})).toMatchObject([
      {options: ['ro'], attrSet: 1n, legacyFlags: 1n},
    ]);
  });

  it.each(['proc', 'sysfs', 'mqueue', 'devpts', 'debugfs'])('but not of %s, which shares it', (type) => {
    expect(mountSteps({destination: '/x', type, source: type, options: ['ro']})).toMatchObject([
      {options: [], attrSet: 1n, legacyFlags: 1n},
    ]);
  });

  it('tmpcopyup', () => {
    expect(mountSteps({destination: '/run', type: 'tmpfs', options: ['tmpcopyup']})).toMatchObject([{copyUp: true}]);
  });

  it('without a type are an error', () => {
    expect(() => mountSteps({destination: '/x', options: ['ro']})).toThrow(
      'config.json#/mounts/0/type: is missing, and no option says "bind"',
    );
  });
});

describe('read-only mounts that have to be filled', () => {
  it.each(['ro', 'rro'])('tmpfs becomes read-only after the switch of roots (%s)', (option) => {
    const steps = mountSteps({destination: '/run', type: 'tmpfs', options: [option, 'size=1m']});
    expect(steps).toMatchObject([
      {op: 'mountFilesystem', options: ['size=1m'], attrSet: 0n, recursiveSet: 0n, legacyFlags: 0n},
      {op: 'remountReadonly', at: '/mounts/0', target: '/run'},
    ]);
  });

  it('after pivot_root, before the root', () => {
    const mounts: Mount[] = [{destination: '/run', type: 'tmpfs', options: ['ro']}];
    const input = withConfig({mounts, root: {path: 'rootfs', readonly: true}});
    const order = orderOf(input).filter((op) => ['pivotRoot', 'remountReadonly', 'umask'].includes(op));
    expect(order).toEqual(['pivotRoot', 'remountReadonly', 'remountReadonly', 'umask']);
    expect(stepsNamed(input, 'remountReadonly')).toEqual([
      {op: 'remountReadonly', at: '/mounts/0', target: '/run'},
      {op: 'remountReadonly', at: '/root/readonly', target: '/'},
    ]);
  });

  it('/dev does, whatever it is', () => {
    expect(mountSteps({destination: '/dev/', type: 'devtmpfs', options: ['ro']})).toMatchObject([
      {attrSet: 0n},
      {op: 'remountReadonly', target: '/dev'},
    ]);
  });

  it('a bind mount is read-only at once', () => {
    expect(mountSteps({destination: '/dev', type: 'bind', source: '/dev', options: ['ro']})).toMatchObject([
      {op: 'mountBind', attrSet: 1n},
    ]);
  });

  it('not what a later mount covers', () => {
    const steps = mountSteps(
      {destination: '/a/b', type: 'tmpfs', options: ['ro']},
      {destination: '/a', type: 'bind', source: '/srv'},
    );
    expect(steps.map(({op}) => op)).toEqual(['mountFilesystem', 'mountBind']);
  });

  it('not what is remounted rw', () => {
    const steps = mountSteps(
      {destination: '/a', type: 'tmpfs', options: ['ro']},
      {destination: '/a', options: ['remount', 'rw']},
    );
    expect(steps.map(({op}) => op)).toEqual(['mountFilesystem', 'remount']);
  });
});

describe('bind mounts', () => {
  const bind = (options: string[], source = '/srv'): Mount => ({destination: '/data', type: 'none', source, options});

  it('of what the runtime sees at source', () => {
    expect(mountSteps(bind(['bind']))).toEqual([
      {
        op: 'mountBind',
        at: '/mounts/0',
        source: '/srv',
        slot: -1,
        target: '/data',
        nofollowSource: false,
        nofollowTarget: false,
        copyLink: false,
        instead: false,
        recursive: false,
        ...emptyFlags,
      },
    ]);
  });

  it('with flags, those for all below, and propagation', () => {
    expect(mountSteps(bind(['rbind', 'ro', 'suid', 'rnoexec', 'rnoatime', 'rprivate']))).toMatchObject([
      {
        recursive: true,
        attrSet: 1n,
        attrClear: 2n,
        recursiveSet: 0x18n,
        recursiveClear: 0x70n,
        propagation: [0x44000],
      },
    ]);
  });

  it('a relative source is taken from the bundle', () => {
    expect(mountSteps(bind(['rbind'], 'conf/x'))).toMatchObject([{source: '/bundle/conf/x'}]);
  });

  it('the type alone is enough', () => {
    expect(mountSteps({destination: '/data', type: 'bind', source: '/srv'})).toMatchObject([
      {op: 'mountBind', recursive: false},
    ]);
  });

  it('need a source', () => {
    expect(() => mountSteps(bind(['bind'], ''))).toThrow(
      'config.json#/mounts/0/source: is missing: a bind mount needs the path of a file or directory',
    );
  });

  it('have no data', () => {
    expect(mountSteps(bind(['bind', 'rw', 'mode=755']))).toEqual(mountSteps(bind(['bind', 'rw'])));
  });

  it('have no superblock of their own', () => {
    expect(compilePlan(withMounts([bind(['bind', 'sync'])])).warnings).toEqual([
      'config.json#/mounts/0/options: sync of a bind mount has no effect, ignoring',
    ]);
  });
});

describe('remount', () => {
  it('says what changes', () => {
    const options = ['remount', 'ro', 'exec', 'noatime', 'size=2m', 'mode=700'];
    expect(mountSteps({destination: '/tmp', options})).toEqual([
      {
        op: 'remount',
        at: '/mounts/0',
        target: '/tmp',
        flags: 0x401n,
        clearFlags: 0x1200408n,
        data: 'size=2m,mode=700',
      },
    ]);
  });

  it('with bind is about the mount, not the filesystem', () => {
    expect(mountSteps({destination: '/tmp', options: ['remount', 'bind', 'ro']})).toMatchObject([{flags: 0x1001n}]);
  });
});

describe('/proc', () => {
  it('may be bound from the host', () => {
    expect(mountSteps({destination: '/proc', type: 'bind', source: '/proc', options: ['rbind']})).toHaveLength(1);
  });

  it.each(['/proc/cpuinfo', '/proc/uptime', '/proc/sys/kernel/ns_last_pid'])('%s may be covered', (destination) => {
    expect(mountSteps(proc, {destination, type: 'bind', source: '/lxcfs/x'})).toHaveLength(2);
  });

  it.each(['/proc/self/attr', '/proc/sys', '/x/../proc/1'])('%s may not', (destination) => {
    expect(() => mountSteps(proc, {destination, type: 'tmpfs'})).toThrow(
      /^config.json#\/mounts\/1\/destination: .*inside \/proc/,
    );
  });

  it('is a proc filesystem', () => {
    expect(() => mountSteps({destination: '/proc', type: 'tmpfs'})).toThrow(
      "config.json#/mounts/0/destination: only a proc filesystem, or the host's /proc, can be mounted there",
    );
  });
});

describe('old kernels', () => {
  const compile = (option: string) => () =>
    compilePlan(withMounts([{destination: '/x', type: 'bind', source: '/x', options: [option]}], {facts: oldKernel}));

  it('cannot do recursive options', () => {
    expect(compile('rro')).toThrow(
      'config.json#/mounts/0/options: a recursive option (rro and the like) needs Linux 5.12, and this is 5.10',
    );
  });

  it('cannot do nosymfollow', () => {
    expect(compile('nosymfollow')).toThrow('nosymfollow needs Linux 5.14, and this is 5.10');
  });

  it('can do the others', () => {
    expect(compile('ro')).not.toThrow();
  });
});
