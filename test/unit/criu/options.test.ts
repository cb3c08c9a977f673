// What criu is told of a container: mounts, namespaces, streams, cgroups.
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {type CgroupLayout, parseLayout} from '../../../src/cgroups/layout.ts';
import {parsePageServer} from '../../../src/cli/commands/checkpoint.ts';
import {commonOptions} from '../../../src/container/criu-choices.ts';
import {cgroupRoots} from '../../../src/criu/cgroup-roots.ts';
import {configFile} from '../../../src/criu/config-file.ts';
import {
  dumpedMounts,
  type MountFacts,
  parseMountPoints,
  resolveInRoot,
  restoredMounts,
} from '../../../src/criu/mounts.ts';
import {dumpedNamespaces, requireMountNamespace, restoredNamespaces} from '../../../src/criu/namespaces.ts';
import {inheritedStdio, writeDescriptors} from '../../../src/criu/stdio.ts';
import type {Config} from '../../../src/generated/config.ts';

const directory = mkdtempSync(join(tmpdir(), 'runts-criu-unit-'));
afterAll(() => rmSync(directory, {recursive: true}));

const rootfs = join(directory, 'rootfs');
mkdirSync(join(rootfs, 'run'), {recursive: true});
mkdirSync(join(rootfs, 'var'));
symlinkSync('/run', join(rootfs, 'var/run'));
symlinkSync('../../../../etc', join(rootfs, 'out'));
symlinkSync('loop', join(rootfs, 'loop'));

const V2: CgroupLayout = {mode: 'v2', hierarchies: [], unified: {mountPoint: '/sys/fs/cgroup', ownPath: '/me'}};

function configOf(parts: Partial<Config>): Config {
  return {ociVersion: '1.0.0', root: {path: rootfs}, process: {args: ['sh'], cwd: '/'}, ...parts} as Config;
}

function factsOf(parts: Partial<Config>, more: Partial<MountFacts> = {}): MountFacts {
  const cgroup = {version: 2, paths: {unified: '/sys/fs/cgroup/c'}, ancestors: []} as const;
  return {
    config: configOf(parts),
    bundle: '/b',
    rootfs,
    cgroup,
    layout: V2,
    host: [],
    notifyDirectory: '/s/notify',
    ...more,
  };
}

const mountsAt = (...paths: string[]) => paths.map((path, id) => ({id, root: '/', path}));

describe('paths in the root filesystem', () => {
  it.each([
    ['/var/run/x', '/run/x'],
    ['var/run', '/run'],
    ['/out/passwd', '/etc/passwd'],
    ['/no/such/../thing', '/no/thing'],
    ['/', '/'],
  ])('%s is %s', (path, expected) => {
    expect(resolveInRoot(rootfs, path)).toBe(expected);
  });

  it('that go round in circles end', () => {
    expect(resolveInRoot(rootfs, '/loop/x')).toMatch(/loop/);
  });
});

describe('mounts', () => {
  const bind = (destination: string, source: string, ...options: string[]) => ({
    destination,
    source,
    type: 'bind',
    options,
  });

  it('from outside are named by their mount points', () => {
    const facts = factsOf({
      mounts: [
        {destination: '/proc', type: 'proc', source: 'proc'},
        bind('/var/run/x', 'data', 'bind'),
        bind('/gone', '/gone', 'bind'),
        bind('/var/run/x', '', 'bind', 'remount', 'ro'),
      ],
    });
    expect(dumpedMounts(facts, mountsAt('/', '/proc', '/run/x', '/run/notify', '/dev/null'))).toEqual([
      {key: '/run/x', val: '/run/x'},
      {key: '/dev/null', val: '/dev/null'},
      {key: '/run/notify', val: '/run/notify'},
    ]);
    expect(restoredMounts(facts)).toEqual(
      expect.arrayContaining([
        {key: '/run/x', val: '/b/data'},
        {key: '/gone', val: '/gone'},
        {key: '/dev/zero', val: '/dev/zero'},
        {key: '/run/notify', val: '/s/notify'},
      ]),
    );
  });

  it('below a recursive bind mount are found on the host', () => {
    const mounts = [bind('/v', '/vol', 'rbind'), bind('/w', '/vol', 'bind')];
    const facts = factsOf({mounts}, {host: mountsAt('/', '/vol', '/vol/in', '/vol/in/deep', '/volume')});
    const pairs = restoredMounts(facts).filter(({key}) => /^.[vw]/.test(key));
    expect(pairs).toEqual([
      {key: '/v', val: '/vol'},
      {key: '/v/in', val: '/vol/in'},
      {key: '/v/in/deep', val: '/vol/in/deep'},
      {key: '/w', val: '/vol'},
    ]);
  });

  it('that mask files go by one name', () => {
    const facts = factsOf({linux: {maskedPaths: ['/proc/kcore', '/proc/acpi', '/proc/none']}});
    const container = [
      {id: 1, root: '/null', path: '/proc/kcore'},
      {id: 2, root: '/', path: '/proc/acpi'},
    ];
    expect(dumpedMounts(facts, container)).toEqual([{key: '/proc/kcore', val: '/dev/null'}]);
    expect(restoredMounts(facts).at(-1)).toEqual({key: '/dev/null', val: '/dev/null'});
  });

  it('with mapped ids are refused', () => {
    const facts = factsOf({mounts: [bind('/a', '/a', 'bind'), bind('/v', '/vol', 'bind', 'idmap')]});
    expect(() => restoredMounts(facts)).toThrow(
      'config.json#/mounts/1: criu does not restore an idmapped mount as one',
    );
  });

  it('of cgroup v1 are bind mounts, but in a cgroup namespace', () => {
    const layout: CgroupLayout = {
      mode: 'v1',
      hierarchies: [{controllers: ['cpu', 'cpuacct'], mountPoint: '/sys/fs/cgroup/cpu,cpuacct', ownPath: '/'}],
    };
    const cgroup = {version: 1, paths: {cpu: '/sys/fs/cgroup/cpu,cpuacct/c'}, ancestors: []} as const;
    const mounts = [{destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup'}];
    const pair = {key: '/sys/fs/cgroup/cpu,cpuacct', val: '/sys/fs/cgroup/cpu,cpuacct/c'};
    expect(restoredMounts(factsOf({mounts}, {layout, cgroup}))).toContainEqual(pair);
    const linux = {namespaces: [{type: 'cgroup'}]} as const;
    expect(restoredMounts(factsOf({mounts, linux}, {layout, cgroup}))).not.toContainEqual(pair);
  });

  it('are read as the kernel writes them', () => {
    expect(parseMountPoints('36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw\n')).toEqual([
      {id: 36, root: '/mnt1', path: '/mnt 2'},
    ]);
  });
});

describe('namespaces by path', () => {
  const config = configOf({
    linux: {
      namespaces: [
        {type: 'network', path: '/run/netns/a'},
        {type: 'pid', path: '/proc/1/ns/pid'},
        {type: 'ipc', path: '/proc/1/ns/ipc'},
        {type: 'uts'},
      ],
    },
  });

  it('are known to criu by inode, key and fd', () => {
    expect(dumpedNamespaces(config, process.pid)).toEqual([
      expect.stringMatching(/^net\[[0-9]+\]:extRootNetNS$/),
      expect.stringMatching(/^pid\[[0-9]+\]:extRootPidNS$/),
    ]);
    const fds = new Map([
      ['network', 11],
      ['pid', 12],
      ['ipc', 13],
    ]);
    expect(restoredNamespaces(config, fds)).toEqual({
      inheritFd: [
        {key: 'extRootNetNS', fd: 11},
        {key: 'extRootPidNS', fd: 12},
      ],
      joinNs: [{ns: 'ipc', nsFile: '/proc/1/ns/ipc'}],
    });
  });

  it.each(['mount', 'cgroup'] as const)('of type %s are refused', (type) => {
    const given = configOf({linux: {namespaces: [{type: 'uts'}, {type, path: '/x'}]}});
    expect(() => restoredNamespaces(given, new Map())).toThrow(
      `config.json#/linux/namespaces/1: criu cannot restore a container into a given ${type} namespace`,
    );
  });
});

it('a container without a mount namespace is refused', () => {
  expect(() => requireMountNamespace(configOf({linux: {namespaces: [{type: 'uts'}]}}))).toThrow(
    'config.json#/linux/namespaces: criu saves and restores only containers with a mount namespace of their own',
  );
  expect(() => requireMountNamespace(configOf({linux: {namespaces: [{type: 'mount'}]}}))).not.toThrow();
});

describe('standard streams', () => {
  it('of the outside are replaced, those of the container are not', () => {
    writeDescriptors(directory, ['/dev/null', 'pipe:[1]', 'socket:[2]']);
    expect(inheritedStdio(directory, [0, 1, 2])).toEqual([
      {key: 'pipe:[1]', fd: 1},
      {key: 'socket:[2]', fd: 2},
    ]);
  });

  it('are missing without a checkpoint', () => {
    expect(() => inheritedStdio(rootfs, [0, 1, 2])).toThrow(`${rootfs} holds no checkpoint of a container: `);
    writeFileSync(join(rootfs, 'descriptors.json'), '{}');
    expect(() => inheritedStdio(rootfs, [0, 1, 2])).toThrow('is not a list of what the standard streams were');
  });
});

describe('cgroups', () => {
  it('that are managed lead to the new one, the others to where the runtime is', () => {
    const mountinfo = [
      '30 23 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '32 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n');
    const self = '4:cpu,cpuacct:/me\n3:memory:/me\n2:name=other:/else\n0::/me\n';
    const record = {
      version: 1,
      paths: {
        cpu: '/sys/fs/cgroup/cpu,cpuacct/a/b',
        cpuacct: '/sys/fs/cgroup/cpu,cpuacct/a/b',
        unified: '/sys/fs/cgroup/unified/a/b',
      },
      ancestors: [],
    } as const;
    expect(cgroupRoots(record, parseLayout(mountinfo, self), self)).toEqual([
      {ctrl: 'cpu,cpuacct', path: '/a/b'},
      {ctrl: 'cpu', path: '/a/b'},
      {ctrl: 'cpuacct', path: '/a/b'},
      {ctrl: 'memory', path: '/me'},
      {ctrl: 'name=other', path: '/else'},
      {ctrl: '', path: '/a/b'},
    ]);
  });
});

describe('choices', () => {
  it('are off unless asked for', () => {
    expect(commonOptions({imagePath: '/i'})).toEqual({
      logLevel: 4,
      notifyScripts: true,
      orphanPtsMaster: true,
      manageCgroups: true,
      manageCgroupsMode: 6,
      emptyNs: 0x40000000,
      tcpEstablished: false,
      extUnixSk: false,
      shellJob: false,
      fileLocks: false,
      lazyPages: false,
      autoDedup: false,
    });
    expect(commonOptions({imagePath: '/i', cgroupMode: 'strict', shellJob: true})).toMatchObject({
      manageCgroupsMode: 5,
      shellJob: true,
    });
  });

  it('of a config file are those of the annotation, then ours', () => {
    expect(configFile({'org.criu.config': '/x'})).toBe('/x');
    expect(configFile({'org.criu.config': ''})).toBeUndefined();
    expect(configFile({})).toMatch(/^\/etc\/criu\/(runts|runc)\.conf$/);
  });

  it.each([
    ['192.0.2.1:9999', {address: '192.0.2.1', port: 9999}],
    ['[2001:db8::1]:1', {address: '2001:db8::1', port: 1}],
    ['host:65535', {address: 'host', port: 65535}],
  ])('of the page server %s', (text, expected) => {
    expect(parsePageServer(text)).toEqual(expected);
  });

  it.each([
    ['foo', 'Use --page-server ADDRESS:PORT to specify page server'],
    [':1', 'Use --page-server ADDRESS:PORT to specify page server'],
    ['foo:', 'Use --page-server ADDRESS:PORT to specify page server'],
    ['foo:x', 'Invalid port number'],
    ['foo:65536', 'Invalid port number'],
  ])('of the page server %s are refused: %s', (text, message) => {
    expect(() => parsePageServer(text)).toThrow(message);
  });
});
