// Bad input: bundles and ids.
import {execFileSync} from 'node:child_process';
import {appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Case, NOT_FOUND, config, put, rewrite, withId} from './case.ts';

export const bundleCases: readonly Case[] = [
  // ---- the bundle
  {
    what: 'a bundle that is missing',
    args: (it, box) => ['create', '--bundle', join(box.dir, 'nope'), it.id],
    says: new RegExp(`nope.*(${NOT_FOUND})`, 'i'),
  },
  {
    what: 'a bundle that is a file',
    args: (it) => ['create', '--bundle', config(it), it.id],
    says: /config\.json.*not a directory|ENOTDIR/i,
  },
  {
    what: 'a bundle without config.json',
    bundle: (it) => rmSync(config(it)),
    says: /config\.json.*(not found|no such file)/i,
  },
  {
    what: 'a config.json that is empty',
    bundle: (it) => writeFileSync(config(it), ''),
    says: /config\.json.*(empty|end)|EOF/i,
    runc: /EOF/,
  },
  {
    what: 'a config.json that is truncated',
    bundle: (it) => truncateSync(config(it), 200),
    says: /config\.json.*(line|position|end|JSON)/i,
    runc: /unexpected EOF|unexpected end/,
  },
  {
    what: 'a config.json that is not JSON',
    bundle: (it) => writeFileSync(config(it), 'ociVersion: 1.0.2\n'),
    says: /config\.json:1:1: /,
    runc: /invalid character/,
  },
  {
    what: 'a config.json that is an array',
    bundle: (it) => writeFileSync(config(it), '[]'),
    says: /config\.json.*object/i,
    runc: /cannot unmarshal array/,
  },
  {
    what: 'a config.json that is null',
    bundle: (it) => writeFileSync(config(it), 'null'),
    says: /config\.json.*object/i,
    runc: 'runc 1.1 panics',
  },
  {
    what: 'a config.json of 10 MB of zeros',
    bundle: (it) => truncateSync(config(it), 10 << 20),
    says: /config\.json/i,
    runc: 'Go stops reading after the object',
  },
  {
    what: 'a config.json of 10 MB with an invalid end',
    bundle: (it) => appendFileSync(config(it), `${' '.repeat(10 << 20)}x`),
    says: /config\.json.*(too large|unexpected)/i,
    runc: 'Go stops reading after the object',
  },
  {
    what: 'a config.json that nests ten thousand arrays',
    bundle: (it) =>
      rewrite(it, (text) =>
        text
          .replace('{', `{"x": ${'['.repeat(20_000)}${']'.repeat(20_000)},`)
          .replace('"ociVersion": "1.0.2"', '"ociVersion": 1'),
      ),
    says: /config\.json/i,
    runc: /max depth|cannot unmarshal/,
  },
  {
    what: 'a config.json that is a directory',
    bundle: (it) => {
      rmSync(config(it));
      mkdirSync(config(it));
    },
    says: /config\.json.*(is a directory|EISDIR|not a regular file)/i,
  },
  {
    what: 'a config.json that is a FIFO',
    bundle: (it) => {
      rmSync(config(it));
      execFileSync('mkfifo', [config(it)]);
    },
    says: /config\.json.*(FIFO|not a regular file|regular)/i,
    runc: 'runc 1.1 waits for a writer',
  },
  {
    what: 'a config.json that is a device',
    bundle: (it) => {
      rmSync(config(it));
      symlinkSync('/dev/zero', config(it));
    },
    says: /config\.json.*(device|not a regular file|regular)/i,
    runc: 'runc 1.1 reads it',
  },
  {
    what: 'a config.json with invalid UTF-8',
    bundle: (it) => writeFileSync(config(it), Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
    says: /config\.json|\/process/i,
    runc: /process/,
  },
  {
    what: 'a rootfs that is missing',
    edit: (spec) => {
      spec.root.path = 'nope';
    },
    says: new RegExp(`nope.*(${NOT_FOUND})`, 'i'),
  },
  {
    what: 'a rootfs that is a file',
    edit: (spec) => {
      spec.root.path = 'config.json';
    },
    says: /config\.json.*not a directory|ENOTDIR/i,
    runc: /not a directory/,
  },
  {
    what: 'a root without a path',
    edit: put('/root', {}),
    says: /root\/?.*path/i,
    runc: 'runc 1.1 takes the bundle',
  },
  {
    what: 'no root at all',
    edit: put('/root', undefined),
    says: /root/i,
  },

  // ---- ids
  {
    what: 'an id that climbs: ../x',
    args: withId('../x'),
    says: /invalid container ID format.*\.\.\/x|invalid container ID format/,
  },
  {what: 'an id with a slash', args: withId('a/b'), says: /invalid container ID format/},
  {what: 'the id ..', args: withId('..'), says: /invalid container ID format/},
  {what: 'the id .', args: withId('.'), says: /invalid container ID format/},
  {what: 'an id with a blank', args: withId('a b'), says: /invalid container ID format/},
  {what: 'an id with a line break', args: withId('a\nb'), says: /invalid container ID format/},
  {what: 'an id beyond ASCII', args: withId('bücher'), says: /invalid container ID format/},
  {what: 'an empty id', args: withId(''), says: /container id cannot be empty/},
  {
    what: 'an id that is too long for a file name',
    args: withId('a'.repeat(300)),
    says: /(id|ID).*(long|length)|name too long/,
  },
  {what: 'state of ../x', args: () => ['state', '../x'], says: /invalid container ID format|does not exist/},
  {
    what: 'delete --force of ../x',
    args: () => ['delete', '--force', '../x'],
    says: /invalid container ID format/,
    runc: 'runc 1.1 takes it for unknown',
  },
];
