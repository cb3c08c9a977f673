import {describe, expect, it} from 'vitest';
import {type MountOptions, mountOptionNames, parseMountOptions} from '../../../src/plan/mount-options.ts';

const nothing: MountOptions = {
  bind: false,
  recursive: false,
  remount: false,
  copyUp: false,
  idmap: undefined,
  nofollowSource: false,
  nofollowTarget: false,
  copyLink: false,
  attributes: {set: 0n, clear: 0n},
  recursiveAttributes: {set: 0n, clear: 0n},
  superblock: [],
  legacySet: 0,
  legacyClear: 0,
  propagation: [],
  data: [],
};

const ATIMES = 0x400 | 0x200000 | 0x1000000;

// One row for each option of the spec: what parsing it alone changes. attributes: [set, clear]; legacy: [set, clear].
const table: Readonly<Record<string, Partial<MountOptions>>> = {
  ...attribute('ro', 'rw', 0x1n, 0x1),
  ...attribute('nosuid', 'suid', 0x2n, 0x2),
  ...attribute('nodev', 'dev', 0x4n, 0x4),
  ...attribute('noexec', 'exec', 0x8n, 0x8),
  ...attribute('nodiratime', 'diratime', 0x80n, 0x800),
  ...attribute('nosymfollow', 'symfollow', 0x200000n, 0x100),
  ...atime('noatime', 'atime', 0x10n, 0x400),
  ...atime('relatime', 'norelatime', 0n, 0x200000),
  ...atime('strictatime', 'nostrictatime', 0x20n, 0x1000000),
  sync: {superblock: ['sync'], legacySet: 0x10},
  async: {legacyClear: 0x10},
  dirsync: {superblock: ['dirsync'], legacySet: 0x80},
  mand: {superblock: ['mand'], legacySet: 0x40},
  nomand: {legacyClear: 0x40},
  lazytime: {superblock: ['lazytime'], legacySet: 0x2000000},
  nolazytime: {legacyClear: 0x2000000},
  iversion: {legacySet: 0x800000},
  noiversion: {legacyClear: 0x800000},
  silent: {legacySet: 0x8000},
  loud: {legacyClear: 0x8000},
  shared: {propagation: [0x100000]},
  rshared: {propagation: [0x104000]},
  slave: {propagation: [0x80000]},
  rslave: {propagation: [0x84000]},
  private: {propagation: [0x40000]},
  rprivate: {propagation: [0x44000]},
  unbindable: {propagation: [0x20000]},
  runbindable: {propagation: [0x24000]},
  bind: {bind: true},
  rbind: {bind: true, recursive: true},
  remount: {remount: true},
  tmpcopyup: {copyUp: true},
  idmap: {idmap: 'idmap'},
  ridmap: {idmap: 'ridmap'},
  'src-nofollow': {nofollowSource: true},
  'dest-nofollow': {nofollowTarget: true},
  'copy-symlink': {copyLink: true},
  defaults: {},
};

function attribute(on: string, off: string, bits: bigint, ms: number): Record<string, Partial<MountOptions>> {
  return {
    [on]: {attributes: {set: bits, clear: 0n}, legacySet: ms},
    [off]: {attributes: {set: 0n, clear: bits}, legacyClear: ms},
    [`r${on}`]: {recursiveAttributes: {set: bits, clear: 0n}},
    [`r${off}`]: {recursiveAttributes: {set: 0n, clear: bits}},
  };
}

function atime(on: string, off: string, value: bigint, ms: number): Record<string, Partial<MountOptions>> {
  return {
    [on]: {attributes: {set: value, clear: 0x70n}, legacySet: ms, legacyClear: ATIMES},
    [off]: {attributes: {set: 0n, clear: 0x70n}, legacyClear: ATIMES},
    [`r${on}`]: {recursiveAttributes: {set: value, clear: 0x70n}},
    [`r${off}`]: {recursiveAttributes: {set: 0n, clear: 0x70n}},
  };
}

describe('mount options', () => {
  it.each(Object.entries(table))('%s', (name, change) => {
    expect(parseMountOptions([name])).toEqual({...nothing, ...change});
  });

  it('are all in the list for features, sorted', () => {
    expect(mountOptionNames).toEqual(Object.keys(table).sort());
  });

  it('nothing is nothing', () => {
    expect(parseMountOptions([])).toEqual(nothing);
  });
});

describe('the last of contradicting options wins', () => {
  it('of a flag', () => {
    expect(parseMountOptions(['ro', 'rw'])).toEqual(parseMountOptions(['rw']));
    expect(parseMountOptions(['suid', 'nosuid'])).toEqual(parseMountOptions(['nosuid']));
  });

  it('of atime values, which are one choice out of three', () => {
    expect(parseMountOptions(['noatime', 'strictatime'])).toEqual(parseMountOptions(['strictatime']));
    expect(parseMountOptions(['strictatime', 'relatime'])).toEqual(parseMountOptions(['relatime']));
  });

  it('and a negated atime value takes back that value only', () => {
    expect(parseMountOptions(['strictatime', 'atime'])).toEqual(parseMountOptions(['strictatime']));
    expect(parseMountOptions(['noatime', 'atime']).attributes).toEqual({set: 0n, clear: 0x70n});
  });

  it('of superblock flags', () => {
    expect(parseMountOptions(['sync', 'async']).superblock).toEqual([]);
  });

  it('but propagation is kept in order', () => {
    expect(parseMountOptions(['rslave', 'shared']).propagation).toEqual([0x84000, 0x100000]);
  });
});

describe('what is no option of a mount is data of the filesystem', () => {
  const dataOf = (...options: string[]) => parseMountOptions(options).data;

  it('with the index of the option it was in', () => {
    expect(dataOf('ro', 'size=64m', 'mode=755')).toEqual([
      {index: 1, text: 'size=64m'},
      {index: 2, text: 'mode=755'},
    ]);
  });

  it('split at commas', () => {
    expect(dataOf('lowerdir=/a:/b,upperdir=/c,,xino').map(({text}) => text)).toEqual([
      'lowerdir=/a:/b',
      'upperdir=/c',
      'xino',
    ]);
  });

  it('but not at those that a backslash or quotes protect', () => {
    expect(dataOf('upperdir=/a\\,b,workdir=/w').map(({text}) => text)).toEqual(['upperdir=/a\\,b', 'workdir=/w']);
    expect(dataOf('name="x,y",b').map(({text}) => text)).toEqual(['name="x,y"', 'b']);
  });

  it('a quote inside of a value protects nothing', () => {
    expect(dataOf('lowerdir=/a"b,upperdir=/c"d').map(({text}) => text)).toEqual(['lowerdir=/a"b', 'upperdir=/c"d']);
  });

  it('SELinux labels lose their quotes', () => {
    expect(dataOf('context="system_u:object_r:t:s0:c1,c2",size=1').map(({text}) => text)).toEqual([
      'context=system_u:object_r:t:s0:c1,c2',
      'size=1',
    ]);
  });
});
