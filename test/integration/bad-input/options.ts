// Bad input: the command line, and permissions.
import {chmodSync} from 'node:fs';
import {type Case, NOT_FOUND, config, create} from './case.ts';

export const optionsCases: readonly Case[] = [
  // ---- options
  {
    what: 'a --root that is a file',
    args: (it) => ['--root', config(it), 'create', '--bundle', it.dir, it.id],
    says: /config\.json.*(not a directory|file exists)/i,
  },
  {
    what: 'a --log-format that is none',
    args: (it) => ['--log-format', 'yaml', ...create()(it)],
    says: /invalid log-format.*yaml/,
  },
  {
    what: 'a --log in a missing directory',
    args: (it) => ['--log', '/nope/log', ...create()(it)],
    says: new RegExp(`/nope/log.*(${NOT_FOUND})`, 'i'),
  },
  {
    what: 'a --log that is a directory',
    args: (it, box) => ['--log', box.dir, ...create()(it)],
    says: /is a directory|EISDIR/i,
  },
  {
    what: 'a --pid-file in a missing directory',
    args: create('--pid-file', '/nope/pid'),
    says: new RegExp(`/nope/.*(${NOT_FOUND})`, 'i'),
  },
  {
    what: 'a terminal without a console socket',
    edit: (spec) => {
      spec.process.terminal = true;
    },
    says: /cannot allocate tty if \S+ will detach without setting console socket/,
  },
  {
    what: 'a console socket that is missing',
    edit: (spec) => {
      spec.process.terminal = true;
    },
    args: create('--console-socket', '/nope/sock'),
    says: new RegExp(`/nope/sock.*(${NOT_FOUND})`, 'i'),
  },
  {
    what: 'a console socket that is a file',
    edit: (spec) => {
      spec.process.terminal = true;
    },
    args: create('--console-socket', '/etc/passwd'),
    says: /\/etc\/passwd.*(not a socket|connection refused|ECONNREFUSED)/i,
  },
  {what: 'a --preserve-fds that is no number', args: create('--preserve-fds', 'many'), says: /preserve-fds/},
  {
    what: 'a --preserve-fds that is negative',
    args: create('--preserve-fds', '-1'),
    says: /preserve-fds/,
    runc: 'runc 1.1 takes it',
  },

  // ---- permissions
  {
    what: 'an unreadable state root',
    args: (it, box) => ['--root', box.root, ...create()(it)],
    bundle: (_, box) => {
      for (const dir of [box.dir]) chmodSync(dir, 0o755);
    },
    wrapper: () => ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'],
    warns: /level=warning .*the container has no ids but the user's own/,
    says: /permission denied|EACCES|EPERM|operation not permitted/i,
  },
];
