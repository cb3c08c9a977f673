import {describe, expect, it} from 'vitest';
import {sysctlPath} from '../../../src/config/rules/sysctl.ts';
import {namespaces, problemsOf, raw, warningsOf} from './sample.ts';

type Case = [changes: Record<string, unknown>, lines: string[]];

/** Each case: changes to the sample, and every line of the error. */
const check = (cases: Case[]): void => {
  it.each(cases)('%j', (changes, lines) => expect(problemsOf(changes)).toEqual(lines));
};

const namespaced = (...types: string[]): Record<string, unknown> => ({'/linux/namespaces': namespaces(...types)});

describe('ociVersion', () => {
  it.each(['1.0.0', '1.0.2-dev', '1.3.0', '1.3.0+dev', '1.4.0-rc.1+x'])('%s is fine', (version) => {
    expect(problemsOf({'/ociVersion': version})).toEqual([]);
  });
  it.each(['', '1', '1.0', 'v1.0.0', '0.5.0', '2.0.0', '1.0.0 ', '1.02.0'])('%j is not', (version) => {
    expect(problemsOf({'/ociVersion': version})).toEqual([
      `/ociVersion: must be a version 1.x.y of the OCI runtime-spec, got "${version}"`,
    ]);
  });
});

describe('host names', () => {
  check([
    [{'/hostname': 'web', ...namespaced('uts')}, []],
    [{'/hostname': 'web'}, ['/hostname: unable to set hostname without a private UTS namespace']],
    [{'/domainname': 'web'}, ['/domainname: unable to set domainname without a private UTS namespace']],
    [{'/hostname': 'ä'.repeat(33), ...namespaced('uts')}, ['/hostname: is 66 bytes long; the kernel takes at most 64']],
  ]);
});

describe('cgroupsPath', () => {
  check([
    [{'/linux/cgroupsPath': '/a/..b/c'}, []],
    [{'/linux/cgroupsPath': '/a/../../b'}, ['/linux/cgroupsPath: must not contain "..", got "/a/../../b"']],
  ]);
});

describe('masked paths', () => {
  check([
    [
      {'/linux/maskedPaths': ['/proc/keys', '/a/..']},
      ['/linux/maskedPaths/1: must not be the root of the container: nothing would be left of it'],
    ],
  ]);
});

describe('annotations', () => {
  check([[{'/annotations': {'': 'x'}}, ['/annotations: has an empty key']]]);
});

describe('process', () => {
  check([
    [{'/process/args': ['', 'x']}, ['/process/args/0: must not be empty: it names the program to run']],
    [{'/process/user': {uid: 0, gid: 0, umask: 0o777}}, []],
    [
      {'/process/user': {uid: 0, gid: 0, umask: 0o1000}},
      ['/process/user/umask: must be at most 511 (octal 777), got 512'],
    ],
    [
      {
        '/process/rlimits': [
          {type: 'RLIMIT_CORE', soft: 0, hard: 0},
          {type: 'RLIMIT_NOFILE', soft: raw('18446744073709551615'), hard: raw('18446744073709551614')},
          {type: 'RLIMIT_CORE', soft: 0, hard: 0},
        ],
      },
      [
        '/process/rlimits/2: duplicate RLIMIT_CORE: /process/rlimits/0 sets it already',
        '/process/rlimits/1: the soft limit 18446744073709551615 is above the hard limit 18446744073709551614',
      ],
    ],
    [
      {'/process/capabilities': {effective: ['CAP_KILL', 'CAP_CHOWN'], permitted: ['CAP_KILL']}},
      ['/process/capabilities/effective/1: CAP_CHOWN must be in permitted too'],
    ],
    [
      {'/process/scheduler': {policy: 'SCHED_FIFO', nice: 20, runtime: 5}},
      [
        '/process/scheduler/nice: must be from -20 to 19, got 20',
        '/process/scheduler/priority: must be from 1 to 99 with SCHED_FIFO, got 0',
        '/process/scheduler/runtime: goes only with SCHED_DEADLINE, not with SCHED_FIFO',
      ],
    ],
    [
      {'/process/scheduler': {policy: 'SCHED_DEADLINE', runtime: 5, deadline: 4, priority: 1}},
      [
        '/process/scheduler/priority: must be 0 with SCHED_DEADLINE, got 1',
        '/process/scheduler: must have 0 < runtime <= deadline <= period, got 5, 4 and 0',
      ],
    ],
    [
      {
        '/process/scheduler': {
          policy: 'SCHED_RR',
          priority: 1,
          flags: ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_RECLAIM'],
        },
      },
      ['/process/scheduler/flags/1: SCHED_FLAG_RECLAIM goes only with SCHED_DEADLINE, not with SCHED_RR'],
    ],
    [
      {'/linux/memoryPolicy': {mode: 'MPOL_LOCAL', nodes: '0', flags: ['MPOL_F_NUMA_BALANCING']}},
      [
        '/linux/memoryPolicy/nodes: must be empty with MPOL_LOCAL',
        '/linux/memoryPolicy/flags: MPOL_F_NUMA_BALANCING goes only with MPOL_BIND and MPOL_PREFERRED_MANY',
      ],
    ],
    [{'/linux/memoryPolicy': {mode: 'MPOL_BIND'}}, ['/linux/memoryPolicy/nodes: MPOL_BIND needs at least one node']],
    [
      {'/linux/memoryPolicy': {mode: 'MPOL_BIND', nodes: '3-1'}},
      ['/linux/memoryPolicy/nodes: must be a list such as "0-3,7" of nodes below 1024, got "3-1"'],
    ],
    [
      {'/linux/memoryPolicy': {mode: 'MPOL_BIND', nodes: '0-99999999999'}},
      ['/linux/memoryPolicy/nodes: must be a list such as "0-3,7" of nodes below 1024, got "0-99999999999"'],
    ],
    [
      {'/linux/memoryPolicy': {mode: 'MPOL_BIND', nodes: '0,,1'}},
      ['/linux/memoryPolicy/nodes: must be a list such as "0-3,7" of nodes below 1024, got "0,,1"'],
    ],
    [
      {
        '/linux/memoryPolicy': {
          mode: 'MPOL_BIND',
          nodes: '0',
          flags: ['MPOL_F_STATIC_NODES', 'MPOL_F_RELATIVE_NODES'],
        },
      },
      ['/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other'],
    ],
    [
      {'/linux/memoryPolicy': {mode: 'MPOL_PREFERRED', flags: ['MPOL_F_STATIC_NODES']}},
      ['/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES needs nodes'],
    ],
    [
      {'/process/ioPriority': {class: 'IOPRIO_CLASS_BE', priority: 8}},
      ['/process/ioPriority/priority: must be at most 7, got 8'],
    ],
  ]);

  it('what the scheduler passes over is a warning', () => {
    expect(warningsOf({'/process/scheduler': {policy: 'SCHED_IDLE', nice: 3}})).toEqual([
      '/process/scheduler/nice: ignored, as it goes only with SCHED_OTHER and SCHED_BATCH',
    ]);
    const flags = ['SCHED_FLAG_UTIL_CLAMP_MAX'];
    expect(warningsOf({'/process/scheduler': {policy: 'SCHED_OTHER', flags}})).toEqual([
      '/process/scheduler/flags/0: the clamp is 0, as the specification has no property for its value',
    ]);
  });

  it('flags of a personality are a warning', () => {
    expect(warningsOf({'/linux/personality': {domain: 'LINUX32', flags: ['ADDR_NO_RANDOMIZE']}})).toEqual([
      '/linux/personality/flags: ignored, as the specification defines none yet',
    ]);
    expect(warningsOf({'/linux/personality': {domain: 'LINUX32', flags: []}})).toEqual([]);
  });

  it('unknown capabilities are a warning, once each', () => {
    const capabilities = {
      bounding: ['CAP_SYS_AMDIN', 'CAP_KILL', 'NET_ADMIN'],
      effective: ['CAP_NEW'],
      permitted: ['CAP_NEW'],
      ambient: ['CAP_NEW', 'CAP_SYS_AMDIN'],
    };
    expect(problemsOf({'/process/capabilities': capabilities})).toEqual([]);
    expect(warningsOf({'/process/capabilities': capabilities})).toEqual([
      '/process/capabilities/bounding/0: ignoring the unknown capability "CAP_SYS_AMDIN"; did you mean "CAP_SYS_ADMIN"?',
      '/process/capabilities/bounding/2: ignoring the unknown capability "NET_ADMIN"; did you mean "CAP_NET_ADMIN"?',
      '/process/capabilities/effective/0: ignoring the unknown capability "CAP_NEW"',
    ]);
  });

  it('ambient capabilities that cannot be are a warning', () => {
    const capabilities = {
      permitted: ['CAP_KILL', 'CAP_CHOWN'],
      inheritable: ['CAP_KILL'],
      ambient: ['CAP_KILL', 'CAP_CHOWN'],
    };
    expect(warningsOf({'/process/capabilities': capabilities})).toEqual([
      '/process/capabilities/ambient: ignored, as only what is in both permitted and inheritable can be ambient: CAP_CHOWN',
    ]);
  });
});

describe('mounts', () => {
  const mounts = (...list: Record<string, unknown>[]): Record<string, unknown> => ({'/mounts': list});
  check([
    [mounts({destination: '/a', type: 'bind', source: '/b', options: ['rbind', 'ro', 'rslave', 'defaults']}), []],
    [mounts({destination: '/a', source: '/b', options: ['bind']}), []],
    [
      mounts({destination: '/x/..', type: 'tmpfs'}),
      ['/mounts/0/destination: must not be the root directory: the root filesystem is mounted there'],
    ],
    [mounts({destination: '/a', options: ['bind']}), ['/mounts/0: missing "source": what is to be bound']],
    [
      mounts({destination: '/a', source: 'x'}),
      ['/mounts/0: missing "type": a filesystem, or "bind" for a directory or file of the host'],
    ],
    [mounts({destination: '/a', type: 'bind', source: '/b', options: ['ro', 'mode=755,uid=1']}), []],
    [
      mounts({destination: '/a', type: 'bind', source: '/b', uidMappings: [{containerID: 0, hostID: 0, size: 1}]}),
      ['/mounts/0: uidMappings and gidMappings must be given both or neither'],
    ],
    [
      mounts({destination: '/a', options: ['remount', 'idmap']}),
      ['/mounts/0: a mount that is there already cannot be idmapped: remount cannot change that'],
    ],
    [
      mounts({destination: '/a', type: 'bind', source: '/b', options: ['bind', 'idmap=uids=0-1-2']}),
      ['/mounts/0/options/1: mappings belong in uidMappings and gidMappings of the mount'],
    ],
    [
      mounts({destination: '/a', type: 'tmpfs', options: ['src-nofollow', 'ro']}),
      ['/mounts/0/options/0: src-nofollow is for bind mounts'],
    ],
    [
      {
        ...mounts(
          {destination: '/a', type: 'tmpfs', options: ['uid=9', 'gid=5']},
          {destination: '/b', type: 'devpts', options: ['gid=10,mode=0620', 'gid=4']},
          {destination: '/c', type: 'tmpfs', options: ['uid=99', 'idmap']},
        ),
        '/linux/namespaces': [{type: 'user'}, {type: 'mount'}],
        '/linux/uidMappings': [{containerID: 0, hostID: 0, size: 9}],
        '/linux/gidMappings': [{containerID: 0, hostID: 0, size: 9}],
      },
      [
        '/mounts/0/options/0: uid=9 is not mapped by /linux/uidMappings',
        '/mounts/1/options/0: gid=10 is not mapped by /linux/gidMappings',
      ],
    ],
  ]);

  it('data of a bind mount is passed over, with a warning', () => {
    const options = ['ro', 'mode=755,uid=1'];
    const noData = 'bind mounts cannot have any filesystem-specific options applied, ignoring';
    expect(warningsOf(mounts({destination: '/a', type: 'bind', source: '/b', options}))).toEqual([
      `/mounts/0/options/1: ${noData} "mode=755"`,
      `/mounts/0/options/1: ${noData} "uid=1"`,
    ]);
  });

  it('a relative destination is taken from the root, with a warning', () => {
    expect(warningsOf(mounts({destination: 'proc', type: 'proc'}))).toEqual([
      '/mounts/0/destination: "proc" is not an absolute path; it is taken from the root: "/proc"',
    ]);
  });
});

describe('namespaces', () => {
  const map = (containerID: number, hostID: number, size: number): unknown => ({containerID, hostID, size});
  check([
    [namespaced('pid', 'network', 'ipc', 'uts', 'cgroup', 'time'), []],
    [namespaced('pid', 'uts', 'pid'), ['/linux/namespaces/3: duplicated ns "pid": /linux/namespaces/1 has it already']],
    [{'/linux/namespaces': []}, []],
    [{'/linux': undefined}, []],
    [
      {'/linux/namespaces': [{type: 'user', path: '/u'}]},
      [
        '/linux/namespaces: without a "mount" namespace the host gets the container\'s mounts, ' +
          'which nobody in a user namespace may make',
      ],
    ],
    [{'/linux/uidMappings': [map(0, 1000, 1)]}, ['/linux/uidMappings: needs a "user" namespace in /linux/namespaces']],
    [
      namespaced('user'),
      [
        '/linux: missing "uidMappings": a new user namespace needs them',
        '/linux: missing "gidMappings": a new user namespace needs them',
      ],
    ],
    [
      {
        ...namespaced('user'),
        '/linux/uidMappings': [map(0, 1000, 10), map(9, 5, 1), map(100, 1009, 0)],
        '/linux/gidMappings': [map(4294967290, 0, 5), map(0, 7, 4294967295)],
      },
      [
        '/linux/uidMappings/2/size: must be at least 1, got 0',
        '/linux/uidMappings/1: its containerID range overlaps with that of /linux/uidMappings/0',
        '/linux/uidMappings/2: its hostID range overlaps with that of /linux/uidMappings/0',
        '/linux/gidMappings/1: goes beyond the largest id, 4294967294',
        '/linux/gidMappings/0: its containerID range overlaps with that of /linux/gidMappings/1',
      ],
    ],
    [
      {
        ...namespaced('user'),
        '/linux/uidMappings': [map(5, 1000, 10)],
        '/linux/gidMappings': [map(0, 1000, 10)],
        '/process/user': {uid: 15, gid: 9, additionalGids: [0, 10]},
      },
      [
        '/process/user/uid: 15 is not mapped by /linux/uidMappings',
        '/process/user/additionalGids/1: 10 is not mapped by /linux/gidMappings',
      ],
    ],
    [
      {'/linux/timeOffsets': {boottime: {secs: 1}}},
      ['/linux/timeOffsets: needs a "time" namespace in /linux/namespaces'],
    ],
    [{'/linux/timeOffsets': {boottime: {secs: -1, nanosecs: 5}}, ...namespaced('time')}, []],
    [
      {'/linux/timeOffsets': {monotonic: {}}, '/linux/namespaces': [{type: 'mount'}, {type: 'time', path: '/t'}]},
      ['/linux/timeOffsets: needs a new "time" namespace, not one joined by path'],
    ],
    [
      {'/linux/netDevices': {eth0: {name: 'e'}}},
      ['/linux/netDevices: needs a "network" namespace in /linux/namespaces'],
    ],
  ]);
});

describe('devices', () => {
  const devices = (...list: unknown[]): Record<string, unknown> => ({'/linux/devices': list});
  const fuse = {path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 8630};
  check([
    [devices(fuse, {...fuse, type: 'u'}, {path: '/dev/p', type: 'p'}), []],
    [
      devices({path: '/dev/x', type: 'b'}),
      [
        '/linux/devices/0: missing "major": a device of type b has one',
        '/linux/devices/0: missing "minor": a device of type b has one',
      ],
    ],
    [
      devices({...fuse, major: 4096, minor: -1}),
      [
        '/linux/devices/0/major: must be from 0 to 4095, got 4096',
        '/linux/devices/0/minor: must be from 0 to 1048575, got -1',
      ],
    ],
    [
      devices(fuse, {...fuse, minor: 1}),
      ['/linux/devices/1: /dev/fuse is c 10:1 here but c 10:229 in /linux/devices/0'],
    ],
  ]);
});

describe('resources', () => {
  const at = '/linux/resources';
  const cpu = (values: unknown): Record<string, unknown> => ({[`${at}/cpu`]: values});
  const memory = (values: unknown): Record<string, unknown> => ({[`${at}/memory`]: values});
  check([
    [memory({limit: -1, reservation: 0, swap: -1, swappiness: 60}), []],
    [memory({limit: 100, swap: 100}), []],
    [memory({swap: 100}), [`${at}/memory/swap: unable to set swap limit without memory limit`]],
    [memory({limit: -1, swap: 100}), [`${at}/memory/swap: unable to set swap limit without memory limit`]],
    [
      memory({limit: 100, swap: 99}),
      [`${at}/memory/swap: memory+swap limit should be >= memory limit, got 99 with a limit of 100`],
    ],
    [
      memory({limit: -2, swappiness: 101}),
      [
        `${at}/memory/limit: must be at least -1 (unlimited), got -2`,
        `${at}/memory/swappiness: must be from 0 to 100, got 101`,
      ],
    ],
    [memory({swappiness: raw('18446744073709551615')}), []],
    [cpu({shares: 0, quota: -1, period: 0, burst: 5, cpus: '0-3,7', mems: '0', idle: 1}), []],
    [
      cpu({quota: 999, period: 1000001, burst: 1000, idle: 2, realtimeRuntime: 2, realtimePeriod: 1}),
      [
        `${at}/cpu/quota: must be at least 1000 (1 ms), got 999`,
        `${at}/cpu/period: must be from 1000 (1 ms) to 1000000 (1 s), got 1000001`,
        `${at}/cpu/burst: must not be above the quota 999, got 1000`,
        `${at}/cpu/realtimeRuntime: must not be above realtimePeriod 1, got 2`,
        `${at}/cpu/idle: must be 0 or 1, got 2`,
      ],
    ],
    [
      {[`${at}/blockIO`]: {weight: 9, leafWeight: 0, weightDevice: [{major: 8, minor: 0, weight: 1001}]}},
      [
        `${at}/blockIO/weight: must be from 10 to 1000, got 9`,
        `${at}/blockIO/weightDevice/0/weight: must be from 10 to 1000, got 1001`,
      ],
    ],
    [
      {[`${at}/devices`]: [{allow: false, access: 'rwm'}, {allow: true}, {allow: true, access: 'x', type: 'd'}]},
      [
        `${at}/devices/2/type: must be one of a, c, b, got "d"`,
        `${at}/devices/2/access: must be one or more of "r", "w" and "m", got "x"`,
      ],
    ],
    [
      {[`${at}/devices`]: [{allow: true, access: '', major: -2}]},
      [
        `${at}/devices/0: missing "access": one or more of "r", "w" and "m"`,
        `${at}/devices/0/major: must be at least -1 (all), got -2`,
      ],
    ],
    [{[`${at}/unified`]: {'a/b': '1'}}, [`${at}/unified: unified resource "a/b" must be a file name (no slashes)`]],
  ]);
});

describe('sysctl', () => {
  const sysctl = (...names: string[]): Record<string, unknown> => ({
    '/linux/sysctl': Object.fromEntries(names.map((name) => [name, '1'])),
  });
  check([
    [
      {...sysctl('net.ipv4.ip_forward', 'net/core/somaxconn', 'net.ipv4.conf.eth0/1.mtu'), ...namespaced('network')},
      [],
    ],
    [{...sysctl('kernel.shmmax', 'fs.mqueue.msg_max', 'kernel/sem'), ...namespaced('ipc')}, []],
    [{...sysctl('net.a'), '/linux/namespaces': [{type: 'mount'}, {type: 'network', path: '/n'}]}, []],
    [{...sysctl('kernel.domainname'), ...namespaced('uts')}, []],
    [
      sysctl('net.ipv4.ip_forward'),
      [
        '/linux/sysctl/net.ipv4.ip_forward: sysctl "net.ipv4.ip_forward" is not in a separate kernel namespace: ' +
          'it needs a "network" namespace',
      ],
    ],
    [
      {...sysctl('vm.swappiness', 'kernel/shm'), ...namespaced('ipc')},
      [
        '/linux/sysctl/vm.swappiness: sysctl "vm.swappiness" is not in a separate kernel namespace',
        '/linux/sysctl/kernel~1shm: sysctl "kernel/shm" is not in a separate kernel namespace',
      ],
    ],
    [
      {...sysctl('kernel.hostname', 'kernel.domainname'), '/domainname': 'x', ...namespaced('uts')},
      [
        '/linux/sysctl/kernel.hostname: sysctl "kernel.hostname" is not allowed as it conflicts with the OCI "hostname" field',
        '/linux/sysctl/kernel.domainname: sysctl "kernel.domainname" is not allowed as it conflicts with the OCI ' +
          '"domainname" field',
      ],
    ],
    [
      {...sysctl('net/../kernel/core_pattern', 'net.//.kernel', 'net.ipv4.', ''), ...namespaced('network')},
      ['net~1..~1kernel~1core_pattern', 'net.~1~1.kernel', 'net.ipv4.', ''].map(
        (name) => `/linux/sysctl/${name}: is not the name of a sysctl`,
      ),
    ],
    [
      {...sysctl('net.core.somaxconn', 'net/core/somaxconn'), ...namespaced('network')},
      ['/linux/sysctl/net~1core~1somaxconn: is the same as "net.core.somaxconn"'],
    ],
  ]);

  it.each([
    ['net.ipv4.conf.eth0/1.mtu', 'net/ipv4/conf/eth0.1/mtu'],
    ['net/ipv4/conf/eth0.1/mtu', 'net/ipv4/conf/eth0.1/mtu'],
    ['kernel', 'kernel'],
  ])('sysctlPath(%s) is %s', (name, path) => expect(sysctlPath(name)).toBe(path));
});

describe('seccomp', () => {
  const seccomp = (values: Record<string, unknown>): Record<string, unknown> => ({
    '/linux/seccomp': {defaultAction: 'SCMP_ACT_ALLOW', ...values},
  });
  const at = '/linux/seccomp';
  check([
    [seccomp({syscalls: [{names: ['a'], action: 'SCMP_ACT_ERRNO', errnoRet: 38}]}), []],
    [
      seccomp({defaultErrnoRet: 1, syscalls: [{names: ['a'], action: 'SCMP_ACT_LOG', errnoRet: 1}]}),
      [
        `${at}/defaultErrnoRet: goes only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not with SCMP_ACT_ALLOW`,
        `${at}/syscalls/0/errnoRet: goes only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not with SCMP_ACT_LOG`,
      ],
    ],
    [
      seccomp({syscalls: [{names: ['a'], action: 'SCMP_ACT_ERRNO', errnoRet: 4096}]}),
      [`${at}/syscalls/0/errnoRet: must be at most 4095 with SCMP_ACT_ERRNO, got 4096`],
    ],
    [
      seccomp({syscalls: [{names: [], action: 'SCMP_ACT_ALLOW', args: [{index: 6, value: 0, op: 'SCMP_CMP_EQ'}]}]}),
      [`${at}/syscalls/0/names: must not be empty`, `${at}/syscalls/0/args/0/index: must be at most 5, got 6`],
    ],
    [
      seccomp({
        listenerPath: '/run/agent.sock',
        listenerMetadata: 'm',
        syscalls: [{names: ['mkdir'], action: 'SCMP_ACT_NOTIFY'}],
      }),
      [],
    ],
    // Ignored: there is nothing to listen to.
    [seccomp({listenerPath: '/run/agent.sock'}), []],
    [
      seccomp({listenerPath: '', syscalls: [{names: ['mkdir'], action: 'SCMP_ACT_NOTIFY'}]}),
      [`${at}/syscalls/0: SCMP_ACT_NOTIFY needs a listenerPath`],
    ],
    [
      seccomp({listenerPath: 'agent.sock', syscalls: [{names: ['mkdir'], action: 'SCMP_ACT_NOTIFY'}]}),
      [`${at}/listenerPath: must be an absolute path, got "agent.sock"`],
    ],
    [seccomp({listenerPath: '/a\0b'}), [`${at}/listenerPath: must not contain a NUL byte`]],
    [
      seccomp({syscalls: [{names: ['read', ''], action: 'SCMP_ACT_ERRNO'}]}),
      [`${at}/syscalls/0/names/1: must not be empty`],
    ],
    [
      seccomp({syscalls: [{names: ['a'], action: 'SCMP_ACT_TRACE', errnoRet: 65536}]}),
      [`${at}/syscalls/0/errnoRet: must be at most 65535 with SCMP_ACT_TRACE, got 65536`],
    ],
    ...['KILL', 'KILL_PROCESS', 'KILL_THREAD', 'TRAP', 'ALLOW', 'LOG', 'NOTIFY'].map(
      (name): [Record<string, unknown>, string[]] => [
        seccomp({
          listenerPath: '/s',
          defaultAction: 'SCMP_ACT_ERRNO',
          syscalls: [{names: ['a'], action: `SCMP_ACT_${name}`, errnoRet: 0}],
        }),
        [`${at}/syscalls/0/errnoRet: goes only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not with SCMP_ACT_${name}`],
      ],
    ),
    [
      seccomp({
        defaultAction: 'SCMP_ACT_NOTIFY',
        listenerMetadata: 'm',
        syscalls: [{names: ['write'], action: 'SCMP_ACT_NOTIFY'}],
      }),
      [
        `${at}/defaultAction: SCMP_ACT_NOTIFY cannot be used as default action`,
        `${at}/syscalls/0: SCMP_ACT_NOTIFY needs a listenerPath`,
        `${at}/syscalls/0: SCMP_ACT_NOTIFY cannot be used for the write syscall`,
        `${at}/listenerMetadata: goes only with a listenerPath`,
      ],
    ],
  ]);
});
