// What runtime-spec 1.3 publishes beside its schemas as good and bad (schema/test/{config,state,features}), stated in
// documents of our own.
import {describe, expect, it} from 'vitest';
import {shapeOfConfig} from '../../../src/generated/shapes.ts';
import {validateConfig} from '../../../src/generated/validate.js';
import {validateFeatures, validateState} from '../../../src/generated/validate-output.js';
import {tidy} from '../../../src/config/tidy.ts';
import {parseJson} from '../../../src/config/json.ts';
import {problemsOf} from './sample.ts';

const process = {cwd: '/', args: ['sh'], user: {uid: 0, gid: 0}};
const root = {path: 'rootfs'};

/** Places and kinds of what the schema alone has against a config. */
function schemaErrors(config: object): string[] {
  const document = parseJson(JSON.stringify({ociVersion: '1.0.0', root, ...config}), 'config.json');
  tidy(document, shapeOfConfig);
  return validateConfig(document)
    ? []
    : (validateConfig.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`);
}

const hook = {path: '/usr/bin/fix-mounts', args: ['fix-mounts', 'arg1'], env: ['key1=value1']};
const node = {type: 'c', major: 10, minor: 229};
const disk = {major: 8, minor: 0};

const good: Readonly<Record<string, object>> = {
  minimal: {},
  'minimal for start': {process: {...process, capabilities: {bounding: [], effective: []}}},
  'process and user': {
    process: {
      ...process,
      terminal: true,
      user: {uid: 1, gid: 1, additionalGids: [5, 6]},
      capabilities: {bounding: ['CAP_KILL'], effective: ['CAP_KILL'], inheritable: [], permitted: [], ambient: []},
      rlimits: [{type: 'RLIMIT_CORE', soft: 1024, hard: 1024}],
      apparmorProfile: 'acme_secure_profile',
      selinuxLabel: 'system_u:system_r:svirt_lxc_net_t:s0:c124,c675',
      noNewPrivileges: true,
    },
    hostname: 'slartibartfast',
  },
  mounts: {
    mounts: [
      {destination: '/proc', type: 'proc', source: 'proc'},
      {destination: '/data', source: '/x', options: ['rbind', 'ro']},
    ],
  },
  hooks: {
    hooks: {
      prestart: [hook, {path: '/usr/bin/setup-network'}],
      createRuntime: [hook],
      createContainer: [hook],
      startContainer: [{path: '/usr/bin/refresh-ldcache'}],
      poststart: [{path: '/usr/bin/notify-start', timeout: 5}],
      poststop: [hook],
    },
  },
  'devices and mappings': {
    linux: {
      devices: [{path: '/dev/fuse', ...node, fileMode: 438, uid: 0, gid: 0}],
      uidMappings: [{containerID: 0, hostID: 1000, size: 32000}],
      gidMappings: [{containerID: 0, hostID: 1000, size: 32000}],
      sysctl: {'net.ipv4.ip_forward': '1'},
    },
  },
  resources: {
    linux: {
      cgroupsPath: '/myRuntime/myContainer',
      resources: {
        network: {classID: 1048577, priorities: [{name: 'eth0', priority: 500}]},
        pids: {limit: 32771},
        memory: {limit: 536870912, swap: 536870912, kernel: -1, kernelTCP: -1, swappiness: 0, disableOOMKiller: false},
        cpu: {shares: 1024, quota: 1000000, period: 500000, realtimeRuntime: 950000, cpus: '2-3', mems: '0-7'},
        devices: [
          {allow: false, access: 'rwm'},
          {allow: true, ...node, access: 'rw'},
        ],
        blockIO: {weight: 10, weightDevice: [{...disk, weight: 500}], throttleReadBpsDevice: [{...disk, rate: 600}]},
      },
    },
  },
  'huge pages of two sizes': {
    linux: {
      resources: {
        hugepageLimits: [
          {pageSize: '2MB', limit: 9000},
          {pageSize: '64KB', limit: 1},
        ],
      },
    },
  },
  'rdma devices with one limit or two': {
    linux: {resources: {rdma: {mlx5_1: {hcaHandles: 3, hcaObjects: 10000}, mlx4_0: {hcaObjects: 1000}}}},
  },
  'network devices with and without a new name': {linux: {netDevices: {eth0: {name: 'container_eth0'}, ens4: {}}}},
  'every namespace': {
    linux: {namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'user', 'cgroup', 'time'].map((type) => ({type}))},
  },
  seccomp: {
    linux: {
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
        syscalls: [{names: ['getcwd', 'chmod'], action: 'SCMP_ACT_ERRNO'}],
      },
    },
  },
  'an old property, which is ignored': {linux: {resources: {oomScoreAdj: 100}, timeOffset: {monotonicSecs: 172800}}},
  'other platforms': {
    zos: {namespaces: [{type: 'pid'}]},
    freebsd: {devices: [{path: 'null'}], jail: {host: 'new'}},
    annotations: {'com.example.key1': 'value1'},
  },
};

const bad: readonly (readonly [what: string, config: object, errors: readonly string[]])[] = [
  [
    'a page size in the wrong unit',
    {linux: {resources: {hugepageLimits: [{pageSize: '64kB', limit: 1234123}]}}},
    ['/linux/resources/hugepageLimits/0/pageSize pattern'],
  ],
  [
    'rdma as a list',
    {linux: {resources: {rdma: [{device: 'mlx5_1', hcaHandles: 'not a uint32'}]}}},
    ['/linux/resources/rdma type'],
  ],
  [
    'rdma limits that are no numbers',
    {linux: {resources: {rdma: {mlx5_1: {hcaHandles: 'x'}}}}},
    ['/linux/resources/rdma/mlx5_1/hcaHandles type'],
  ],
  [
    'the name of a network device that is none',
    {linux: {netDevices: {eth0: {name: 23}}}},
    ['/linux/netDevices/eth0/name type'],
  ],
  ['a version that is no string', {ociVersion: 1}, ['/ociVersion type']],
  ['no root', {root: null}, [' required']],
  [
    'a user id that is too large',
    {process: {...process, user: {uid: 4294967296, gid: 0}}},
    ['/process/user/uid maximum'],
  ],
];

describe('the config schema', () => {
  it.each(Object.entries(good))('accepts %s', (_, config) => expect(schemaErrors(config)).toEqual([]));
  it.each(bad)('refuses %s', (_, config, errors) => expect(schemaErrors(config)).toEqual(errors));

  it('passes over what other platforms and later versions define, whatever it is', () => {
    // Bad by the spec's own schemas, which know freebsd and refuse new properties of a network device.
    expect(problemsOf({'/freebsd': {jail: {vnet: 'disable'}}})).toEqual([]);
    expect(schemaErrors({linux: {netDevices: {eth0: {name: 'container_eth0', mtu: 'not_an_int'}}}})).toEqual([]);
  });
});

describe('the state schema', () => {
  const state = {ociVersion: '1.0.0', id: 'oci-container1', status: 'running', bundle: '/containers/redis'};

  it.each([state, {...state, pid: 4422, annotations: {myKey: 'myValue'}}, {...state, status: 'stopped', pid: 0}])(
    'accepts %j',
    (good) => {
      expect(validateState(good)).toBe(true);
    },
  );

  it.each(['ociVersion', 'id', 'status', 'bundle'])('needs %s', (key) => {
    expect(validateState({...state, [key]: undefined})).toBe(false);
  });

  it.each([
    {...state, pid: -1},
    {...state, status: 'wrong'},
    {...state, annotations: {a: 1}},
    {...state, pid: '5'},
  ])('refuses %j', (bad) => {
    expect(validateState(bad)).toBe(false);
  });
});

describe('the features schema', () => {
  it.each([
    {ociVersionMin: '1.0.0', ociVersionMax: '1.3.0'},
    {
      ociVersionMin: '1.0.0',
      ociVersionMax: '1.0.2-dev',
      hooks: ['prestart', 'poststop'],
      mountOptions: ['acl', 'rro'],
      linux: {
        namespaces: ['cgroup', 'user'],
        capabilities: ['CAP_CHOWN'],
        cgroup: {v1: true, v2: true, systemd: true, systemdUser: true},
        seccomp: {
          enabled: true,
          actions: ['SCMP_ACT_ALLOW'],
          operators: ['SCMP_CMP_EQ'],
          archs: ['SCMP_ARCH_X32'],
          knownFlags: ['SECCOMP_FILTER_FLAG_LOG'],
        },
        apparmor: {enabled: true},
        selinux: {enabled: true},
      },
      annotations: {'org.opencontainers.runc.commit': 'v1.1.0-368-ga1c51c56'},
    },
  ])('accepts %j', (good) => expect(validateFeatures(good)).toBe(true));

  it('needs both versions', () => {
    expect(validateFeatures({ociVersionMin: '1.0.0'})).toBe(false);
    expect(validateFeatures({ociVersionMax: '1.3.0'})).toBe(false);
  });
});
