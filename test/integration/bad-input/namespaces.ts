// Bad input: namespaces and sysctl.
import {type Case, NOT_FOUND} from './case.ts';

export const namespacesCases: readonly Case[] = [
  {
    what: 'an unknown namespace',
    edit: (spec) => {
      spec.linux.namespaces.push({type: 'nope'});
    },
    says: /nope/,
  },
  {
    what: 'the same namespace twice',
    edit: (spec) => {
      spec.linux.namespaces.push({type: 'pid'});
    },
    says: /pid/,
  },
  {
    what: 'a namespace path that is missing',
    edit: (spec) => {
      spec.linux.namespaces[1] = {type: 'network', path: '/nope/netns'};
    },
    says: new RegExp(`/nope/netns.*(${NOT_FOUND})`, 'i'),
  },
  {
    what: 'a namespace path that is no namespace',
    edit: (spec) => {
      spec.linux.namespaces[1] = {type: 'network', path: '/etc/passwd'};
    },
    says: /\/etc\/passwd/,
    runc: /namespace|nsexec|init/,
  },
  {
    what: 'a namespace of another kind',
    edit: (spec) => {
      spec.linux.namespaces[1] = {type: 'network', path: '/proc/self/ns/uts'};
    },
    says: /\/proc\/self\/ns\/uts.*(uts|network|kind|type)/,
    runc: /namespace|nsexec|init/,
  },
  {
    what: 'a relative namespace path',
    edit: (spec) => {
      spec.linux.namespaces[1] = {type: 'network', path: 'netns'};
    },
    says: /netns/,
  },
  {
    what: 'a hostname without a uts namespace',
    edit: (spec) => {
      spec.linux.namespaces = spec.linux.namespaces.filter(({type}) => type !== 'uts');
    },
    says: /hostname.*uts/i,
  },
  {
    what: 'a sysctl outside of its namespace',
    edit: (spec) => {
      spec.linux.sysctl = {'net.ipv4.ip_forward': '1'};
      spec.linux.namespaces = spec.linux.namespaces.filter(({type}) => type !== 'network');
    },
    says: /net\.ipv4\.ip_forward/,
  },
  {
    what: 'a sysctl that has no namespace',
    edit: (spec) => {
      spec.linux.sysctl = {'vm.swappiness': '1'};
    },
    says: /vm\.swappiness/,
  },
  {
    what: 'a sysctl that does not exist',
    edit: (spec) => {
      spec.linux.sysctl = {'net.nope': '1'};
    },
    says: /net[./]nope/,
  },
  {
    what: 'a value that a sysctl refuses',
    edit: (spec) => {
      spec.linux.sysctl = {'net.ipv4.ip_forward': 'many'};
    },
    says: /net[./]ipv4[./]ip_forward.*invalid argument/i,
  },
  {
    what: 'a user namespace without a mount namespace',
    edit: ({linux}) => {
      linux.namespaces = [...linux.namespaces.filter(({type}) => type !== 'mount'), {type: 'user'}];
      linux.uidMappings = linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}];
    },
    says: /without a .{0,2}mount.{0,2} namespace/,
    runc: /MNT namespace/,
  },
];
