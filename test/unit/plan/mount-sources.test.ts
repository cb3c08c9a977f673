import {describe, expect, it} from 'vitest';
import type {Config, Mount, Namespace} from '../../../src/generated/config.ts';
import {compilePlan, type PlanInput} from '../../../src/plan/compile.ts';
import type {Step} from '../../../src/plan/operations.ts';
import {orderOf, stepsNamed, v1Cgroup, v2Layout, withConfig} from './input.ts';

const ids = [{containerID: 0, hostID: 100000, size: 65536}];
const mapped = {uidMappings: ids, gidMappings: ids};
const own = {
  uidMappings: [{containerID: 0, hostID: 1000, size: 10}],
  gidMappings: [{containerID: 0, hostID: 2000, size: 20}],
};
const bind: Mount = {destination: '/m', type: 'bind', source: '/srv', options: ['rbind']};
const withUser = (mounts: Mount[], namespaces: Namespace[] = [], rest: Partial<PlanInput> = {}): PlanInput =>
  withConfig({mounts, linux: {namespaces: [{type: 'user'}, {type: 'mount'}, ...namespaces], ...mapped}}, rest);
const without = (mounts: Mount[], linux: Config['linux'] = {namespaces: [{type: 'mount'}]}): PlanInput =>
  withConfig({mounts, linux});
const sourceSteps = (input: PlanInput): Step[] => stepsNamed(input, 'openTree', 'openFilesystem', 'idmapTree');

describe('sources', () => {
  it('are opened before a user namespace is entered', () => {
    const input = withUser([bind, {destination: '/t', type: 'tmpfs'}, {...bind, options: ['bind'], source: 'x'}]);
    const common = {nofollow: false, propagation: 0x84000};
    expect(sourceSteps(input)).toEqual([
      {op: 'openTree', at: '/root/path', slot: 0, path: '/bundle/rootfs', recursive: true, ...common},
      {op: 'openTree', at: '/mounts/0', slot: 1, path: '/srv', recursive: true, ...common},
      {op: 'openTree', at: '/mounts/2', slot: 3, path: '/bundle/x', recursive: false, ...common},
    ]);
    expect(stepsNamed(input, 'rootfs', 'mountBind')).toMatchObject([{slot: 0}, {slot: 1}, {slot: 3}]);
    const order = orderOf(input);
    expect(order.indexOf('openTree')).toBeLessThan(order.indexOf('userNamespace'));
    expect(order.lastIndexOf('openTree')).toBeLessThan(order.indexOf('userNamespace'));
  });

  it.each([
    ['rprivate', 0x44000],
    ['private', 0x44000],
    ['rshared', 0x84000],
    ['rslave', 0x84000],
  ] as const)('are cut off from the host, with rootfsPropagation %s', (rootfsPropagation, propagation) => {
    const {config} = withUser([bind]);
    const input = withConfig({mounts: [bind], linux: {...config.linux, rootfsPropagation}});
    expect(stepsNamed(input, 'openTree')).toMatchObject([{propagation}, {propagation}]);
  });

  it('are opened when they are mounted, without one', () => {
    expect(sourceSteps(without([bind]))).toEqual([]);
    expect(stepsNamed(without([bind]), 'rootfs', 'mountBind')).toMatchObject([{slot: -1}, {slot: -1}]);
  });

  it('are those of a joined mount namespace', () => {
    const namespaces: Namespace[] = [
      {type: 'user', path: '/u'},
      {type: 'mount', path: '/m'},
    ];
    const namespaceFds = new Map([
      ['user', 20],
      ['mount', 21],
    ]);
    expect(sourceSteps(withConfig({mounts: [bind], linux: {namespaces}}, {namespaceFds}))).toEqual([]);
  });
});

describe('idmapped mounts', () => {
  const idmapped = {...bind, options: ['rbind', 'idmap'], ...own};
  const maps = {userNamespace: -1, uidMap: '0 1000 10\n', gidMap: '0 2000 20\n'};

  it('are mapped right before they are mounted', () => {
    expect(stepsNamed(without([idmapped]), 'openTree', 'idmapTree', 'mountBind')).toMatchObject([
      {op: 'openTree', slot: 1, path: '/srv', recursive: true, propagation: 0},
      {op: 'idmapTree', at: '/mounts/0', slot: 1, recursive: false, ...maps},
      {op: 'mountBind', slot: 1, source: '/srv'},
    ]);
  });

  it('before a user namespace is entered, if there is one', () => {
    const order = orderOf(withUser([idmapped]));
    expect(order.indexOf('idmapTree')).toBeLessThan(order.indexOf('userNamespace'));
  });

  it('have their own mappings, with or without the option, rather than those of the container', () => {
    for (const options of [['bind'], ['bind', 'idmap']])
      expect(stepsNamed(withUser([{...bind, options, ...own}]), 'idmapTree')).toMatchObject([maps]);
  });

  it('have those of the container otherwise', () => {
    expect(stepsNamed(withUser([{...bind, options: ['rbind', 'ridmap']}]), 'idmapTree')).toMatchObject([
      {recursive: true, userNamespace: -1, uidMap: '0 100000 65536\n', gidMap: '0 100000 65536\n'},
    ]);
  });

  it('have those of the user namespace that is joined', () => {
    const linux = {namespaces: [{type: 'user', path: '/u'}, {type: 'mount'}] as Namespace[]};
    const input = withConfig(
      {mounts: [{...bind, options: ['bind', 'idmap']}], linux},
      {namespaceFds: new Map([['user', 20]])},
    );
    expect(stepsNamed(input, 'idmapTree')).toMatchObject([{userNamespace: 20}]);
  });

  it('can be new filesystems', () => {
    const steps = stepsNamed(
      without([{destination: '/t', type: 'tmpfs', options: ['size=1m', 'nosuid', 'idmap'], ...own}]),
      'openFilesystem',
      'idmapTree',
      'mountFilesystem',
      'mountBind',
    );
    expect(steps).toMatchObject([
      {op: 'openFilesystem', slot: 1, type: 'tmpfs', source: 'tmpfs', options: ['size=1m']},
      {op: 'idmapTree', slot: 1},
      {op: 'mountBind', slot: 1, attrSet: 2n, target: '/t'},
    ]);
  });

  it('become read-only late where they have to be filled', () => {
    const mount: Mount = {destination: '/t', type: 'tmpfs', options: ['ro', 'idmap'], ...own};
    expect(stepsNamed(without([mount]), 'openFilesystem', 'mountBind', 'remountReadonly')).toMatchObject([
      {options: []},
      {attrSet: 0n},
      {target: '/t'},
    ]);
  });

  it('need mappings from somewhere', () => {
    expect(() => compilePlan(without([{...bind, options: ['bind', 'idmap']}]))).toThrow(
      'config.json#/mounts/0/options: idmap needs uidMappings and gidMappings of the mount, or a user namespace',
    );
  });
});

describe('stand-ins in a user namespace', () => {
  const steps = (mount: Mount, namespaces: Namespace[], rest: Partial<PlanInput> = {}) =>
    compilePlan(withUser([mount], namespaces, rest)).steps.filter(({at}) => at === '/mounts/0');

  it.each([
    ['sysfs', '/sys', 'network'],
    ['mqueue', '/dev/mqueue', 'ipc'],
    ['proc', '/proc', 'pid'],
  ] as const)('%s of the host: %s is bound', (type, source, namespace) => {
    const mount: Mount = {destination: source, type, source: type, options: ['nosuid', 'noexec']};
    expect(steps(mount, [])).toMatchObject([
      {op: 'mountFilesystem', type, yield: true},
      {op: 'mountBind', source, recursive: true, instead: true, slot: -1, attrSet: 0xan},
    ]);
    // A sysfs is refused as well where parts of the host's are covered; the host's processes are no stand-in for new ones.
    const yields = type === 'sysfs';
    expect(steps(mount, [{type: namespace}])[0]).toMatchObject({op: 'mountFilesystem', yield: yields});
    expect(steps(mount, [{type: namespace}])).toHaveLength(yields ? 2 : 1);
  });

  it("the host's /sys is read-only, with all below", () => {
    expect(steps({destination: '/sys', type: 'sysfs', options: ['rw', 'nosuid']}, [])[1]).toMatchObject({
      recursiveSet: 3n,
      recursiveClear: 0n,
      attrClear: 0n,
    });
  });

  it('none without a user namespace', () => {
    const input = without([{destination: '/sys', type: 'sysfs'}]);
    expect(stepsNamed(input, 'mountFilesystem')).toMatchObject([{yield: false}]);
    expect(stepsNamed(input, 'mountBind')).toEqual([]);
  });

  describe('cgroup v2', () => {
    const mount: Mount = {destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro']};
    const v2 = (paths: Record<string, string>): Partial<PlanInput> => ({
      layout: v2Layout,
      cgroup: {...v1Cgroup, version: 2, paths, rootless: true},
    });
    const path = {unified: '/sys/fs/cgroup/user/web'};

    it("the container's cgroup is bound when the namespace is the host's", () => {
      expect(steps(mount, [], v2(path))).toMatchObject([
        {op: 'mountFilesystem', type: 'cgroup2', yield: true},
        {op: 'mountBind', source: path.unified, recursive: false, instead: true, attrSet: 1n},
      ]);
    });

    it('nothing is to be seen when there is none (CVE-2023-25809)', () => {
      expect(steps(mount, [], v2({}))).toMatchObject([
        {op: 'mountFilesystem', type: 'tmpfs', options: ['ro', 'mode=755', 'nr_inodes=1'], attrSet: 0xfn, yield: false},
      ]);
    });

    it('in a namespace of its own it is mounted', () => {
      expect(steps(mount, [{type: 'cgroup'}], v2({}))).toMatchObject([{type: 'cgroup2', yield: false}]);
    });
  });
});

describe('mountLabel', () => {
  const label = 'system_u:object_r:container_file_t:s0:c1,c2';
  const mounts: Mount[] = [
    {destination: '/proc', type: 'proc'},
    {destination: '/t', type: 'tmpfs', options: ['size=1m']},
    {destination: '/q', type: 'mqueue'},
    {destination: '/own', type: 'tmpfs', options: ['context="a:b"']},
    bind,
  ];
  const linux = {namespaces: [{type: 'mount'}] as Namespace[], mountLabel: label, maskedPaths: ['/sys/firmware']};
  const {facts} = withConfig({});

  it("is that of the container's own filesystems", () => {
    const input = withConfig({mounts, linux}, {facts: {...facts, hasSelinux: true}});
    expect(stepsNamed(input, 'mountFilesystem', 'maskPath')).toMatchObject([
      {type: 'proc', options: [], label: ''},
      {type: 'tmpfs', options: ['size=1m', `context=${label}`], label: ''},
      {type: 'mqueue', options: [], label},
      {type: 'tmpfs', options: ['context=a:b'], label: ''},
      {op: 'maskPath', label},
    ]);
  });

  it('is passed over without SELinux, with a warning', () => {
    const input = withConfig({mounts, linux}, {facts: {...facts, hasSelinux: false}});
    expect(compilePlan(input).warnings).toEqual([
      `config.json#/linux/mountLabel: SELinux is not enabled on this host, ignoring "${label}"`,
    ]);
    for (const step of stepsNamed(input, 'mountFilesystem', 'maskPath')) expect(step).toMatchObject({label: ''});
  });

  it('may be empty', () => {
    expect(() => compilePlan(withConfig({mounts, linux: {...linux, mountLabel: ''}}))).not.toThrow();
  });
});
