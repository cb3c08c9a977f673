import {describe, expect, it} from 'vitest';
import type {Linux, Namespace, NamespaceType} from '../../../src/generated/config.ts';
import {compilePlan} from '../../../src/plan/compile.ts';
import {orderOf, stepsNamed, withLinux} from './input.ts';

const fds = new Map(
  ['mount', 'uts', 'ipc', 'network', 'pid', 'cgroup', 'time', 'user'].map((type, index) => [type, 20 + index]),
);

const fresh = (...types: NamespaceType[]): Namespace[] => types.map((type) => ({type}));
const joined = (...types: NamespaceType[]): Namespace[] => types.map((type) => ({type, path: `/run/ns/${type}`}));

const input = (namespaces: Namespace[], linux: Linux = {}) => withLinux({...linux, namespaces}, {namespaceFds: fds});

const entrySteps = (namespaces: Namespace[], linux: Linux = {}) =>
  stepsNamed(input(namespaces, linux), 'setns', 'unshare', 'timensOffsets', 'fork');

describe('new namespaces', () => {
  it.each([
    ['mount', 0x20000],
    ['uts', 0x4020000],
    ['ipc', 0x8020000],
    ['pid', 0x20020000],
    ['network', 0x40020000],
  ] as const)('%s is made by clone3', (type, flags) => {
    const namespaces = type === 'mount' ? fresh('mount') : fresh('mount', type);
    expect(compilePlan(input(namespaces)).cloneFlags).toBe(flags);
    expect(entrySteps(namespaces)).toEqual([]);
  });

  it('cgroup is made by init, once it is in its cgroup', () => {
    const namespaces = fresh('mount', 'cgroup');
    expect(compilePlan(input(namespaces)).cloneFlags).toBe(0x20000);
    expect(entrySteps(namespaces)).toEqual([{op: 'unshare', at: '/linux/namespaces/1', flags: 0x2000000}]);
  });

  it('an empty path is none', () => {
    expect(compilePlan(input([{type: 'mount', path: ''}])).cloneFlags).toBe(0x20000);
  });

  it('time needs a fork, and so the pid namespace is made before it', () => {
    const namespaces = fresh('pid', 'time', 'mount', 'cgroup');
    const timeOffsets = {boottime: {secs: -5n}, monotonic: {secs: 9007199254740993n, nanosecs: 7}};
    expect(compilePlan(input(namespaces)).cloneFlags).toBe(0x20000);
    expect(entrySteps(namespaces, {timeOffsets})).toEqual([
      {op: 'unshare', at: '/linux/namespaces/3', flags: 0x2000000},
      {op: 'unshare', at: '/linux/namespaces/0', flags: 0x20000000},
      {op: 'unshare', at: '/linux/namespaces/1', flags: 0x80},
      {op: 'timensOffsets', at: '/linux/timeOffsets', text: 'monotonic 9007199254740993 7\nboottime -5 0\n'},
      {op: 'fork', at: '/linux/namespaces/1'},
    ]);
  });

  it('without offsets nothing is written', () => {
    expect(entrySteps(fresh('mount', 'time')).map(({op}) => op)).toEqual(['unshare', 'fork']);
  });
});

describe('joined namespaces', () => {
  it.each([
    ['uts', 0x4000000],
    ['ipc', 0x8000000],
    ['network', 0x40000000],
    ['cgroup', 0x2000000],
    ['time', 0x80],
  ] as const)('%s', (type, flag) => {
    const namespaces = [...fresh('mount'), ...joined(type)];
    expect(compilePlan(input(namespaces)).cloneFlags).toBe(0x20000);
    expect(entrySteps(namespaces)).toEqual([
      {op: 'setns', at: '/linux/namespaces/1', fd: fds.get(type), type: flag, yield: false},
    ]);
  });

  it('pid holds after a fork', () => {
    expect(entrySteps([...fresh('mount'), ...joined('pid')])).toEqual([
      {op: 'setns', at: '/linux/namespaces/1', fd: 24, type: 0x20000000, yield: false},
      {op: 'fork', at: '/linux/namespaces/1'},
    ]);
  });

  it('all of them: in an order of their own, mount last', () => {
    const steps = entrySteps(joined('mount', 'time', 'pid', 'cgroup', 'network', 'uts', 'ipc'));
    expect(steps.map((step) => ('fd' in step ? step.fd : step.op))).toEqual([22, 21, 23, 25, 26, 24, 'fork', 20]);
  });

  it('pid joined, time new: one fork for both', () => {
    expect(entrySteps([...joined('pid'), ...fresh('time', 'mount')]).map(({op}) => op)).toEqual([
      'setns',
      'unshare',
      'fork',
    ]);
  });

  it('a namespace that was not opened is a fault of the caller', () => {
    expect(() => compilePlan(withLinux({namespaces: [...fresh('mount'), ...joined('ipc')]}))).toThrow(
      'the ipc namespace /run/ns/ipc was not opened before it is joined',
    );
  });
});

describe('what comes with namespaces', () => {
  it('the loopback interface of a new network namespace is brought up', () => {
    expect(stepsNamed(input(fresh('mount', 'network')), 'loopbackUp')).toEqual([
      {op: 'loopbackUp', at: '/linux/namespaces/1'},
    ]);
  });

  it('but not of a joined one, nor of the host', () => {
    expect(orderOf(input([...fresh('mount'), ...joined('network')]))).not.toContain('loopbackUp');
    expect(orderOf(input(fresh('mount')))).not.toContain('loopbackUp');
  });

  it('network devices are moved in once all namespaces are there', () => {
    const both = withLinux({namespaces: [{type: 'mount'}, {type: 'network'}], netDevices: {eth0: {}, eth1: {}}});
    expect(stepsNamed(both, 'netDevices')).toEqual([{op: 'netDevices', at: '/linux/netDevices'}]);
    expect(orderOf(withLinux({netDevices: {}}))).not.toContain('netDevices');
  });
});

describe('user namespaces', () => {
  const linux: Linux = {
    uidMappings: [{containerID: 0, hostID: 100000, size: 65536}],
    gidMappings: [{containerID: 0, hostID: 200000, size: 65536}],
  };
  const interesting = [
    'openTimensOffsets',
    'setns',
    'userNamespace',
    'assumeIds',
    'unshare',
    'timensOffsets',
    'fork',
  ] as const;
  const names = (namespaces: Namespace[], more: Linux = linux): string[] =>
    stepsNamed(input(namespaces, more), ...interesting).map((step) =>
      step.op === 'setns' ? `setns ${step.fd}${step.yield ? ' yield' : ''}` : step.op,
    );

  it('a new one is made by init, and all new namespaces in it at once', () => {
    const namespaces = fresh('pid', 'mount', 'user', 'network', 'ipc', 'uts', 'cgroup');
    expect(compilePlan(input(namespaces, linux)).cloneFlags).toBe(0);
    expect(stepsNamed(input(namespaces, linux), 'userNamespace', 'assumeIds', 'unshare', 'fork')).toEqual([
      {op: 'userNamespace', at: '/linux/namespaces/2'},
      {op: 'assumeIds', at: '/linux/namespaces/2', uid: 0, gid: 0},
      {op: 'unshare', at: '/linux/namespaces', flags: 0x6e020000},
      {op: 'fork', at: '/linux/namespaces/0'},
    ]);
  });

  it('others are joined before a new one is made', () => {
    expect(names([...joined('network', 'pid', 'mount'), ...fresh('user', 'ipc')])).toEqual([
      'setns 23',
      'setns 24',
      'setns 20',
      'userNamespace',
      'assumeIds',
      'unshare',
      'fork',
    ]);
  });

  it('others are joined before a joined one is, and where that is forbidden after it', () => {
    expect(names([...joined('network', 'user'), ...fresh('mount')])).toEqual([
      'setns 23 yield',
      'setns 27',
      'assumeIds',
      'setns 23',
      'unshare',
    ]);
  });

  it('without a pid or time namespace there is no fork', () => {
    expect(names(fresh('user', 'mount'))).toEqual(['userNamespace', 'assumeIds', 'unshare']);
    const timeOffsets = {boottime: {secs: 5n}};
    expect(names(fresh('user', 'mount', 'time'), {...linux, timeOffsets})).toEqual([
      'openTimensOffsets',
      'userNamespace',
      'assumeIds',
      'unshare',
      'timensOffsets',
      'fork',
    ]);
  });

  it('whoever is mapped sets the container up: its root, the user of its program, or the first', () => {
    const ids = (containerID: number, uid: number): number | undefined => {
      const mappings = [{containerID, hostID: 100000, size: 10}];
      const base = input(fresh('user', 'mount'), {uidMappings: mappings, gidMappings: mappings});
      const process = {...base.config.process, user: {uid, gid: uid}};
      const [step] = stepsNamed({...base, config: {...base.config, process}}, 'assumeIds');
      return step?.op === 'assumeIds' ? step.uid : undefined;
    };
    expect([ids(0, 5), ids(1000, 1005), ids(1000, 5)]).toEqual([0, 1005, 1000]);
  });

  it('what takes rights over the host comes before it: limits, and the owner of the standard streams', () => {
    const base = input(fresh('user', 'mount'), linux);
    const process = {
      ...base.config.process,
      user: {uid: 7, gid: 0},
      rlimits: [{type: 'RLIMIT_CORE', soft: 1n, hard: 2n} as const],
    };
    const changed = {...base, config: {...base.config, process}};
    const order = orderOf(changed);
    expect(order.indexOf('rlimitCeiling')).toBeLessThan(order.indexOf('userNamespace'));
    expect(order.indexOf('userNamespace')).toBeLessThan(order.indexOf('rlimit'));
    expect(stepsNamed(changed, 'rlimitCeiling', 'stdioOwner')).toEqual([
      {op: 'rlimitCeiling', at: '/process/rlimits/0', resource: 4, soft: 1n, hard: 2n},
      {op: 'stdioOwner', at: '/process/user/uid', uid: 100007},
    ]);
    expect(order.indexOf('stdioOwner')).toBeLessThan(order.indexOf('userNamespace'));
  });
});
