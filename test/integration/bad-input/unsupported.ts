// Properties that are valid, and that this version does not support yet. A row moves to a test of its own when it does.
import type {Edit} from '../harness.ts';
import {all, put} from './case.ts';

export const UNSUPPORTED: readonly (readonly [what: string, edit: Edit, says: RegExp])[] = [
  ['apparmorProfile', put('/process/apparmorProfile', 'some-profile'), /apparmorProfile/],
  ['selinuxLabel', put('/process/selinuxLabel', 'system_u:system_r:x_t:s0'), /selinuxLabel/],
  ['personality', put('/linux/personality', {domain: 'LINUX32'}), /personality/],
  [
    'user namespace',
    all(
      put('/linux/namespaces/-', {type: 'user'}),
      put('/linux/uidMappings', [{containerID: 0, hostID: 0, size: 1}]),
      put('/linux/gidMappings', [{containerID: 0, hostID: 0, size: 1}]),
    ),
    /user/,
  ],
  ['intelRdt', put('/linux/intelRdt', {closID: 'x', l3CacheSchema: 'L3:0=f'}), /intelRdt/],
  ['netDevices', put('/linux/netDevices', {eth9: {name: 'eth0'}}), /netDevices/],
  ['memoryPolicy', put('/linux/memoryPolicy', {mode: 'MPOL_BIND', nodes: '0'}), /memoryPolicy/],
  [
    'seccomp listener',
    put('/linux/seccomp', {
      defaultAction: 'SCMP_ACT_ALLOW',
      listenerPath: '/run/x.sock',
      syscalls: [{names: ['chmod'], action: 'SCMP_ACT_NOTIFY'}],
    }),
    /listenerPath|SCMP_ACT_NOTIFY/,
  ],
];
