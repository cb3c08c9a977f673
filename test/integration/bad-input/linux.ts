// Bad input: devices, seccomp and resources.
import {type Case, put} from './case.ts';

export const linuxCases: readonly Case[] = [
  // ---- devices, seccomp
  {
    what: 'a device of an unknown type',
    edit: (spec) => {
      spec.linux.devices = [{type: 'x', path: '/dev/x', major: 1, minor: 3}];
    },
    says: /\/linux\/devices\/0.*type/,
    runc: /device.*x/,
  },
  {
    what: 'a device without a path',
    edit: put('/linux/devices', [{type: 'c', major: 1, minor: 3}]),
    says: /\/linux\/devices\/0.*path/,
    runc: 'runc 1.1 makes it somewhere',
  },
  {
    what: 'a device with a relative path',
    edit: (spec) => {
      spec.linux.devices = [{type: 'c', path: 'dev/x', major: 1, minor: 3}];
    },
    says: /\/linux\/devices\/0.*absolute/,
    runc: 'runc 1.1 takes it from the root',
  },
  {
    what: 'a device where the image has a directory',
    edit: (spec) => {
      spec.linux.devices = [{type: 'c', path: '/etc', major: 1, minor: 3}];
    },
    says: /\/etc/,
    runc: 'runc 1.1 bind-mounts over it',
  },
  {
    what: 'an unknown seccomp action',
    edit: (spec) => {
      spec.linux.seccomp = {defaultAction: 'SCMP_ACT_NOPE'};
    },
    says: /SCMP_ACT_NOPE/,
  },
  {
    what: 'an unknown seccomp operator',
    edit: (spec) => {
      spec.linux.seccomp = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{names: ['chmod'], action: 'SCMP_ACT_ERRNO', args: [{index: 1, value: 1, op: 'SCMP_CMP_NOPE'}]}],
      };
    },
    says: /SCMP_CMP_NOPE/,
  },
  {
    what: 'a seccomp argument beyond the sixth',
    edit: (spec) => {
      spec.linux.seccomp = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{names: ['chmod'], action: 'SCMP_ACT_ERRNO', args: [{index: 6, value: 1, op: 'SCMP_CMP_EQ'}]}],
      };
    },
    says: /\/linux\/seccomp\/syscalls\/0\/args\/0.*index/,
    runc: /seccomp|invalid|argument/i,
  },
  {
    what: 'an unknown seccomp architecture',
    edit: (spec) => {
      spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_NOPE']};
    },
    says: /SCMP_ARCH_NOPE/,
  },
  {
    what: 'a seccomp rule without names',
    edit: (spec) => {
      spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names: [], action: 'SCMP_ACT_ERRNO'}]};
    },
    says: /\/linux\/seccomp\/syscalls\/0.*names/,
    runc: 'runc passes over it',
  },
  {
    what: 'seccomp notification without a listener',
    edit: (spec) => {
      spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names: ['chmod'], action: 'SCMP_ACT_NOTIFY'}]};
    },
    says: /listenerPath|SCMP_ACT_NOTIFY/,
    runc: /SCMP_ACT_NOTIFY|listenerPath/i,
  },

  // ---- cgroups
  {
    what: 'a cpuset that does not exist',
    edit: (spec) => {
      spec.linux.resources = {cpu: {cpus: '999'}};
    },
    says: /cpuset|cpus/,
  },
  {
    what: 'a cpuset that is not a list',
    edit: (spec) => {
      spec.linux.resources = {cpu: {cpus: 'nope'}};
    },
    says: /cpuset|cpus/,
  },
  {
    what: 'a memory limit that is too small to start',
    edit: (spec) => {
      spec.linux.resources = {memory: {limit: 4096}};
    },
    says: /memory|OOM/i,
  },
  {
    what: 'a swap limit below the memory limit',
    edit: (spec) => {
      spec.linux.resources = {memory: {limit: 64 << 20, swap: 32 << 20}};
    },
    says: /swap/i,
    runc: /memory/i,
  },
  {
    what: 'a cpu quota that is too small',
    edit: (spec) => {
      spec.linux.resources = {cpu: {quota: 10, period: 100_000}};
    },
    says: /quota/i,
  },
  {
    what: 'a throttled device that does not exist',
    edit: (spec) => {
      spec.linux.resources = {blockIO: {throttleReadBpsDevice: [{major: 4000, minor: 99, rate: 1000}]}};
    },
    says: /4000:99/,
    runc: /blkio|no such device/i,
  },
  {
    what: 'a device rule without access',
    edit: (spec) => {
      spec.linux.resources = {devices: [{allow: true, type: 'c', major: 1, minor: 3, access: 'xyz'}]};
    },
    says: /access|xyz/,
    runc: 'runc passes it on to the kernel, which passes over it',
  },
  {
    what: 'an unsupported page size',
    edit: (spec) => {
      spec.linux.resources = {hugepageLimits: [{pageSize: '3MB', limit: 1}]};
    },
    says: /3MB|huge/i,
  },
  {
    what: 'unified resources on cgroup v1',
    edit: (spec) => {
      spec.linux.resources = {unified: {'memory.max': '1'}};
    },
    says: /unified/,
  },
];
