// Bad input: hooks.
import {type Case, NOT_FOUND} from './case.ts';

export const hooksCases: readonly Case[] = [
  {
    what: 'a hook with a relative path',
    edit: (spec) => {
      spec.hooks = {createRuntime: [{path: 'bin/true'}]};
    },
    says: /hooks?\/?.*(absolute|bin\/true)/i,
  },
  {
    what: 'a hook that is missing',
    edit: (spec) => {
      spec.hooks = {createRuntime: [{path: '/nope/hook'}]};
    },
    says: new RegExp(`/nope/hook.*(${NOT_FOUND})`, 'i'),
  },
  {
    what: 'a hook that is not executable',
    edit: (spec) => {
      spec.hooks = {createRuntime: [{path: '/etc/passwd'}]};
    },
    says: /\/etc\/passwd.*permission denied/i,
  },
  {
    what: 'a hook that fails',
    edit: (spec) => {
      spec.hooks = {createContainer: [{path: '/bin/false'}]};
    },
    says: /hook.*(1)/i,
  },
  {
    what: 'a hook that is killed',
    edit: (spec) => {
      spec.hooks = {prestart: [{path: '/bin/sh', args: ['sh', '-c', 'kill -9 $$']}]};
    },
    says: /hook.*(kill|signal)/i,
  },
  {
    what: 'a hook that takes too long',
    edit: (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/sleep', args: ['sleep', '50'], timeout: 1}]};
    },
    says: /time(d )?out/i,
    within: 2500,
  },
  {
    what: 'a timeout of 0 seconds',
    edit: (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/true', timeout: 0}]};
    },
    says: /timeout/,
    runc: 'runc takes it for none',
  },
  {
    what: 'a startContainer hook that is missing',
    edit: (spec) => {
      spec.hooks = {startContainer: [{path: '/nope/hook'}]};
    },
    args: (it) => ['run', '--bundle', it.dir, it.id],
    says: new RegExp(`/nope/hook.*(${NOT_FOUND})`, 'i'),
  },
];
