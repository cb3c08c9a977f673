import {describe, expect, it} from 'vitest';
import {minimalInput, orderOf, stepsNamed, withConfig, withLinux} from './input.ts';

const noPivot = {...minimalInput.options, noPivot: true};
const rootSteps = (input: typeof minimalInput) =>
  stepsNamed(
    input,
    'rootPropagation',
    'rootfs',
    'pivotRoot',
    'moveRoot',
    'changeRoot',
    'propagation',
    'remountReadonly',
  );

describe('the root', () => {
  it('is beside the config unless its path is absolute', () => {
    expect(rootSteps(minimalInput)).toMatchObject([{path: '/bundle/rootfs'}, {path: '/bundle/rootfs'}, {}]);
    expect(rootSteps(withConfig({root: {path: '/srv/x'}}))).toMatchObject([{path: '/srv/x'}, {path: '/srv/x'}, {}]);
  });

  it('by default host mounts come in and nothing goes out', () => {
    expect(rootSteps(minimalInput)).toEqual([
      {op: 'rootPropagation', at: '/linux/rootfsPropagation', flags: 0x84000, path: '/bundle/rootfs'},
      {op: 'rootfs', at: '/root/path', path: '/bundle/rootfs', slot: -1, onHost: false},
      {op: 'pivotRoot', at: '/root/path'},
    ]);
  });

  it.each([
    ['private', 0x40000, undefined],
    ['rprivate', 0x44000, undefined],
    ['slave', 0x80000, undefined],
    ['rslave', 0x84000, undefined],
    ['shared', 0x100000, 0x100000],
    ['rshared', 0x104000, 0x104000],
    ['unbindable', 0x84000, 0x20000],
    ['runbindable', 0x84000, 0x24000],
  ] as const)('rootfsPropagation %s', (rootfsPropagation, before, after) => {
    const at = '/linux/rootfsPropagation';
    expect(rootSteps(withLinux({rootfsPropagation}))).toEqual([
      {op: 'rootPropagation', at, flags: before, path: '/bundle/rootfs'},
      {op: 'rootfs', at: '/root/path', path: '/bundle/rootfs', slot: -1, onHost: false},
      {op: 'pivotRoot', at: '/root/path'},
      ...(after === undefined ? [] : [{op: 'propagation', at, flags: after}]),
    ]);
  });

  it('without a mount namespace is changed to by chroot, and nothing of the host is', () => {
    const input = withLinux({namespaces: [{type: 'pid'}], rootfsPropagation: 'shared'}, {options: noPivot});
    expect(rootSteps(input)).toEqual([
      {op: 'rootfs', at: '/root/path', path: '/bundle/rootfs', slot: -1, onHost: true},
      {op: 'changeRoot', at: '/root/path', root: -1},
      {op: 'propagation', at: '/linux/rootfsPropagation', flags: 0x100000},
    ]);
  });

  it('without pivot_root is moved, with the host cut off', () => {
    expect(rootSteps(withLinux({rootfsPropagation: 'slave'}, {options: noPivot}))).toMatchObject([
      {op: 'rootPropagation', flags: 0x84000},
      {op: 'rootfs'},
      {op: 'moveRoot', at: '/root/path'},
    ]);
  });

  it.each(['private', 'rprivate', 'shared', 'rshared'] as const)(
    'without pivot_root is not %s',
    (rootfsPropagation) => {
      expect(() => orderOf(withLinux({rootfsPropagation}, {options: noPivot}))).toThrow(
        `config.json#/linux/rootfsPropagation: "${rootfsPropagation}" is not safe with --no-pivot`,
      );
    },
  );

  it('becomes read-only', () => {
    expect(stepsNamed(withConfig({root: {path: 'rootfs', readonly: true}}), 'remountReadonly')).toEqual([
      {op: 'remountReadonly', at: '/root/readonly', target: '/'},
    ]);
  });
});
