// Every option string of the specification's table (config.md#linux-mount-options), on a new filesystem and on a bind
// mount: what mountinfo and statvfs show of it, and that runc shows the same where it knows the option.
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, isRunc, type Outcome, runtsOnly, test} from './harness.ts';
import {type MountLine, mountAt} from './inspect.ts';
import {type MountSpec, toJson} from './spec.ts';

type Kind = 'tmpfs' | 'bind';

interface Row {
  readonly options: string;
  /** What has to be among the options of mountinfo, `!x`: must not be; `super:x`: of the superblock. */
  readonly shows: string;
  readonly only?: Kind;
  /** What runc 1.1 does else. */
  readonly runc?: string;
}

const later = 'runc 1.1 does not know it';
const relatime = 'relatime !noatime';

const rows: readonly Row[] = [
  {options: 'defaults', shows: `rw ${relatime} !nosuid !nodev !noexec`, runc: 'takes it for data'},
  {options: 'ro', shows: 'ro'},
  {options: 'ro,rw', shows: 'rw'},
  {options: 'nosuid', shows: 'nosuid'},
  {options: 'nosuid,suid', shows: '!nosuid'},
  {options: 'nodev', shows: 'nodev'},
  {options: 'nodev,dev', shows: '!nodev'},
  {options: 'noexec', shows: 'noexec'},
  {options: 'noexec,exec', shows: '!noexec'},
  {options: 'nosymfollow', shows: 'nosymfollow', runc: later},
  {options: 'nosymfollow,symfollow', shows: '!nosymfollow', runc: later},
  {options: 'sync', shows: 'super:sync', only: 'tmpfs'},
  {options: 'sync,async', shows: '!super:sync', only: 'tmpfs'},
  {options: 'dirsync', shows: 'super:dirsync', only: 'tmpfs'},
  {options: 'lazytime', shows: 'super:lazytime', only: 'tmpfs', runc: later},
  {options: 'lazytime,nolazytime', shows: '!super:lazytime', only: 'tmpfs', runc: later},
  // Obsolete, or not to be seen anywhere: accepted is all there is.
  {options: 'iversion', shows: 'rw', only: 'tmpfs'},
  {options: 'noiversion', shows: 'rw', only: 'tmpfs'},
  {options: 'silent', shows: 'rw', only: 'tmpfs', runc: later},
  {options: 'loud', shows: 'rw', only: 'tmpfs', runc: later},
  {options: 'nomand', shows: 'rw', only: 'tmpfs'},
  {options: 'mand', shows: 'rw', only: 'tmpfs'},
  {options: 'atime', shows: relatime},
  {options: 'noatime', shows: 'noatime !relatime'},
  {options: 'noatime,atime', shows: relatime},
  {options: 'nodiratime', shows: `nodiratime ${relatime}`},
  {options: 'nodiratime,diratime', shows: '!nodiratime'},
  {options: 'relatime', shows: relatime},
  {options: 'norelatime', shows: relatime},
  {options: 'strictatime', shows: '!relatime !noatime'},
  {options: 'strictatime,nostrictatime', shows: relatime},
  {options: 'noatime,strictatime', shows: '!relatime !noatime', runc: 'sets both, of which noatime wins'},
  {options: 'strictatime,noatime', shows: 'noatime', runc: 'sets both'},
  {options: 'nosuid,noatime,nodev,noexec,ro', shows: 'ro nosuid nodev noexec noatime'},
  {options: 'private', shows: ''},
  {options: 'shared,private', shows: ''},
  {options: 'unbindable', shows: 'unbindable'},
];

/** Recursive ones, and what the mount and the one below it show. */
const recursive: readonly Row[] = [
  {options: 'rro', shows: 'ro'},
  {options: 'rro,rrw', shows: 'rw'},
  {options: 'rnosuid', shows: 'nosuid'},
  {options: 'rnosuid,rsuid', shows: '!nosuid'},
  {options: 'rnodev', shows: 'nodev'},
  {options: 'rnodev,rdev', shows: '!nodev'},
  {options: 'rnoexec', shows: 'noexec'},
  {options: 'rnoexec,rexec', shows: '!noexec'},
  {options: 'rnosymfollow', shows: 'nosymfollow'},
  {options: 'rnosymfollow,rsymfollow', shows: '!nosymfollow'},
  {options: 'rnoatime', shows: 'noatime !relatime'},
  {options: 'rnoatime,ratime', shows: relatime},
  {options: 'rstrictatime', shows: '!noatime !relatime'},
  {options: 'rstrictatime,rnostrictatime', shows: relatime},
  {options: 'rrelatime', shows: relatime},
  {options: 'rnorelatime', shows: relatime},
  {options: 'rnodiratime', shows: 'nodiratime'},
  {options: 'rnodiratime,rdiratime', shows: '!nodiratime'},
  {options: 'rro,rnosuid,rnodev,rnoexec,rnoatime', shows: 'ro nosuid nodev noexec noatime'},
];

function check({options, data, propagation}: MountLine, shows: string): void {
  for (const word of shows.split(' ').filter((each) => each !== '')) {
    const absent = word.startsWith('!');
    const name = word.replace(/^!?(super:)?/, '');
    const among = word.includes('super:') ? data : name === 'unbindable' ? propagation : options;
    if (absent) expect(among).not.toContain(name);
    else expect(among).toContain(name);
  }
}

function mountOf(box: Box, kind: Kind, options: string): MountSpec {
  const list = [...(kind === 'bind' ? ['bind'] : []), ...options.split(',')];
  const source = join(box.dir, 'volume');
  if (kind === 'bind' && !existsSync(source)) mkdirSync(source);
  return {destination: '/m', type: kind, source: kind === 'bind' ? source : 'tmpfs', options: list};
}

const SHOW = 'cat /proc/self/mountinfo';

describe('the table', () => {
  for (const {options, shows, only, runc} of rows) {
    for (const kind of ['tmpfs', 'bind'] as const) {
      if (only !== undefined && only !== kind) continue;
      test(`mount options: ${options} on ${kind} shows ${shows === '' ? 'nothing' : shows}`, async ({box, skip}) => {
        skip(isRunc && runc !== undefined, runc);
        const mount = mountOf(box, kind, options);
        const it = box.container(SHOW, (spec) => void spec.mounts.push(mount));
        const info = (await box.ok(['run', '--bundle', it.dir, it.id])).stdout;
        check(mountAt(info, '/m'), shows);
      });
    }
  }

  for (const {options, shows} of recursive) {
    runtsOnly(
      'runc 1.1 has no recursive attributes',
      `mount options: ${options} on all below shows ${shows}`,
      async (box) => {
        const source = join(box.dir, 'volume');
        mkdirSync(join(source, 'below'), {recursive: true});
        // What is to be undone by the negations is set on the host already.
        await box.host(['mount', '-t', 'tmpfs', '-o', 'nosuid,noatime', 'tmpfs', join(source, 'below')]);
        try {
          const info = await box.sh(SHOW, (spec) => {
            spec.mounts.push({destination: '/m', type: 'bind', source, options: ['rbind', ...options.split(',')]});
          });
          for (const target of ['/m', '/m/below']) check(mountAt(info, target), shows);
          if (!options.includes('suid')) expect(mountAt(info, '/m/below').options).toContain('nosuid');
          if (!/a?time/.test(options)) expect(mountAt(info, '/m/below').options).toContain('noatime');
        } finally {
          await box.host(['umount', join(source, 'below')]);
        }
      },
    );
  }

  test('mount options: statvfs sees them as mountinfo does', async ({box}) => {
    const mounts: MountSpec[] = ['tmpfs', 'bind'].map((kind) => ({
      ...mountOf(box, kind as Kind, 'ro,nosuid,nodev,noexec,noatime'),
      destination: `/${kind}`,
    }));
    const it = box.container(['/bin/sleep', '100'], (spec) => void spec.mounts.push(...mounts));
    await it.create();
    const {pid} = await it.state();
    await it.start();
    for (const kind of ['tmpfs', 'bind']) {
      const {stdout} = spawnSync('python3', [
        '-c',
        'import os,sys; print(os.statvfs(sys.argv[1]).f_flag)',
        `/proc/${pid}/root/${kind}`,
      ]);
      // ST_RDONLY, ST_NOSUID, ST_NODEV, ST_NOEXEC, ST_NOATIME
      expect(Number(stdout) & 0x40f, kind).toBe(0x40f);
    }
  });
});

describe('remount', () => {
  for (const [options, shows] of [
    ['ro', 'ro nosuid'],
    ['noexec', 'noexec nosuid rw'],
    ['suid,nodev', '!nosuid nodev'],
    ['noatime', 'noatime nosuid'],
    ['size=2m', 'super:size=2048k'],
    ['bind,ro', 'ro nosuid'],
  ] as const) {
    runtsOnly(
      'runc 1.1 drops what is not said again',
      `mount options: remount with ${options} shows ${shows}`,
      async (box) => {
        const info = await box.sh(SHOW, (spec) => {
          spec.mounts.push(
            {destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'size=1m']},
            {destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['remount', ...options.split(',')]},
          );
        });
        check(mountAt(info, '/m'), shows);
      },
    );
  }
});

describe('locked flags', () => {
  const USER = 64_322;

  // An ordinary user cannot take away in a user namespace of his own what root gave to the mounts of the host.
  const inside = async (box: Box, options: string[]): Promise<Outcome> => {
    const source = join(box.dir, 'volume');
    mkdirSync(source);
    const it = box.container(SHOW, (spec) => {
      spec.mounts = [
        {destination: '/proc', type: 'proc', source: 'proc'},
        {destination: '/m', type: 'bind', source, options: ['bind', ...options]},
      ];
      spec.linux.namespaces = ['mount', 'pid', 'user'].map((type) => ({type}));
      spec.linux['uidMappings'] = [{containerID: 0, hostID: USER, size: 1}];
      spec.linux['gidMappings'] = [{containerID: 0, hostID: USER, size: 1}];
      delete spec.linux.resources;
      delete spec.hostname;
    });
    await box.host(['chown', '-R', `${USER}:${USER}`, it.rootfs, box.root]);
    const script = `mount -t tmpfs -o nosuid,nodev,noatime x ${source} &&
      exec setpriv --reuid=${USER} --regid=${USER} --clear-groups "$@"`;
    return box.runtime(['run', '--bundle', it.dir, it.id], {
      wrapper: ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh'],
    });
  };

  for (const options of [['ro'], ['noexec'], []]) {
    test(`mount options: locked flags stay with ${options.join() || 'none of its own'}`, async ({box, skip}) => {
      skip(isRunc && options.length > 0, 'runc 1.1 wants them to be said again');
      const {stdout, stderr} = await inside(box, options);
      expect(stderr).toBe('');
      expect(mountAt(stdout, '/m').options).toEqual(expect.arrayContaining(['nosuid', 'nodev', 'noatime', ...options]));
    });
  }

  runtsOnly('the words are ours', 'mount options: to clear a locked flag is an error', async (box) => {
    const {code, stderr} = await inside(box, ['suid']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /config\.json#\/mounts\/1: bind .*EPERM .*flags that the host gave a mount .* cannot be cleared/,
    );
  });
});

describe('runc', () => {
  const skipped = new Set(['defaults']);
  test('mount options: runc shows the same for what it knows', async ({box, skip}) => {
    skip(isRunc, 'it would be compared with itself');
    const known = rows.filter(({runc, options}) => runc === undefined && !skipped.has(options));
    const kinds = (['tmpfs', 'bind'] as const).flatMap((kind) =>
      known.filter(({only}) => only === undefined || only === kind).map(({options}) => mountOf(box, kind, options)),
    );
    const mounts = kinds.map((mount, index) => ({...mount, destination: `/m${index}`}));
    const it = box.container(SHOW, (spec) => void spec.mounts.push(...mounts));
    const shown = (info: string): unknown[] =>
      mounts.map(({destination, options}) => {
        const {options: seen, data, propagation} = mountAt(info, destination);
        return {options, seen, data, propagation};
      });
    const ours = (await box.ok(['run', '--bundle', it.dir, it.id])).stdout;
    const root = join(box.dir, 'runc');
    const theirs = await box.host(['runc', '--root', root, 'run', '--bundle', it.dir, it.id]);
    expect(theirs, toJson(theirs.stderr)).toMatchObject({code: 0});
    expect(shown(ours)).toEqual(shown(theirs.stdout));
  });
});
