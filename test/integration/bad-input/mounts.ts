// Bad input: mounts.
import {symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {type Case, NOT_FOUND, put} from './case.ts';

export const mountsCases: readonly Case[] = [
  {
    what: 'a mount option that the filesystem does not know',
    edit: (spec) => {
      spec.mounts.push({destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['nope=1']});
    },
    says: /\/mounts\/6.*tmpfs.*(nope)/i,
    runc: /\/m.*invalid argument/,
  },
  {
    what: 'a mount option with a bad value',
    edit: (spec) => {
      spec.mounts.push({destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['size=many']});
    },
    says: /\/mounts\/6.*Bad value for 'size'/i,
    runc: /\/m.*invalid argument/,
  },
  {
    what: 'an unknown filesystem',
    edit: (spec) => {
      spec.mounts.push({destination: '/m', type: 'nopefs', source: 'none'});
    },
    says: /nopefs|no such device/i,
  },
  {
    what: 'a bind source that is missing',
    edit: (spec) => {
      spec.mounts.push({destination: '/m', type: 'bind', source: '/nope/source', options: ['bind']});
    },
    says: new RegExp(`/nope/source.*(${NOT_FOUND})`, 'i'),
  },
  {
    what: 'a directory bound over a file',
    edit: (spec) => {
      spec.mounts.push({destination: '/etc/passwd', type: 'bind', source: '/tmp', options: ['bind']});
    },
    says: /\/etc\/passwd.*not a directory/i,
  },
  {
    what: 'a file bound over a directory',
    edit: (spec) => {
      spec.mounts.push({destination: '/etc', type: 'bind', source: '/etc/passwd', options: ['bind']});
    },
    says: /\/etc.*(not a directory|is a directory)/i,
  },
  {
    what: 'a target below a file',
    edit: (spec) => {
      spec.mounts.push({destination: '/etc/passwd/sub', type: 'tmpfs', source: 'tmpfs'});
    },
    says: /\/etc\/passwd.*not a directory/i,
  },
  {
    what: 'a target that is a symlink to itself',
    edit: (spec) => {
      spec.mounts.push({destination: '/loop/x', type: 'tmpfs', source: 'tmpfs'});
    },
    bundle: (it) => symlinkSync('/loop', join(it.rootfs, 'loop')),
    says: /\/loop.*(symbolic links|symlink|ELOOP)/i,
    runc: /too many|symlink|loop/i,
  },
  {
    what: 'a mount without a destination',
    edit: put('/mounts/-', {type: 'tmpfs', source: 'tmpfs'}),
    says: /\/mounts\/6.*destination/,
    runc: 'runc 1.1 mounts it somewhere',
  },
  {
    what: 'an overlay whose lower directory is missing',
    edit: (spec) => {
      spec.mounts.push({destination: '/m', type: 'overlay', source: 'overlay', options: ['lowerdir=/nope/lower']});
    },
    says: /\/m.*(no such file or directory|invalid argument|lower)/i,
  },
  {
    what: 'an unknown rootfsPropagation',
    edit: (spec) => {
      spec.linux.rootfsPropagation = 'nope';
    },
    says: /rootfsPropagation/,
    runc: /rootfsPropagation.*nope|nope/,
  },
];
