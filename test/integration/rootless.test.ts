// An ordinary user: the user namespace that his container gets, and what he is told when something is missing on the host.
import {chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, runtsOnly, test} from './harness.ts';
import {read, until} from './inspect.ts';
import {asUser, bundleOfUser, lines, USER, type UserOptions} from './rootless-user.ts';
import type {Spec} from './spec.ts';

const GRANTED = 'tester:300000:1000\n';
const MAPS = 'cat /proc/self/uid_map /proc/self/gid_map';
const alsoMapped =
  (hostID: number, size: number) =>
  (spec: Spec): void => {
    spec.linux['uidMappings'] = [
      {containerID: 0, hostID: USER, size: 1},
      {containerID: 1, hostID, size},
    ];
  };
/** What `unshare --map-root-user` maps. */
const rootOfUnshare = (spec: Spec): void => {
  spec.linux['uidMappings'] = spec.linux['gidMappings'] = [{containerID: 0, hostID: 0, size: 1}];
};
const inUnshare = (script: string): UserOptions => ({
  around: ['unshare', '--user', '--map-root-user', 'sh', '-c', `${script}; exec "$@"`, 'sh'],
});
const run = (box: Box, options: UserOptions = {}) => asUser(box, ['run', 'c'], options);
const OWN = 'runc wants a user namespace with mappings in the config';

const writable = (spec: Spec): void => {
  spec.root.readonly = false;
};

describe('a user namespace that the config leaves to the caller', () => {
  runtsOnly(OWN, 'rootless: without one in the config it is made of /etc/subuid and /etc/subgid', async (box) => {
    await bundleOfUser(
      box,
      `${MAPS}; id -u; ls -ld /bin/sh >/dev/null && touch /made && stat -c %u /made`,
      writable,
      [],
    );
    const done = await run(box, {grants: `other:100000:65536\n${USER}:500000:7\n${GRANTED}`});
    expect(done.stderr).toBe('');
    const map = [`0 ${USER} 1`, '1 300000 1000', '1001 500000 7'];
    expect(lines(done.stdout)).toEqual([...map, ...map, '0', '0']);
  });

  runtsOnly(OWN, 'rootless: one without mappings gets them, and the program may be another user', async (box) => {
    await bundleOfUser(
      box,
      `${MAPS}; id -u; id -g; id -G`,
      (spec) => {
        spec.linux.namespaces.push({type: 'user'});
        spec.process.user = {uid: 5, gid: 6, additionalGids: [7]};
      },
      [],
    );
    const done = await run(box, {grants: GRANTED});
    expect(done.stderr).toBe('');
    const map = [`0 ${USER} 1`, '1 300000 1000'];
    expect(lines(done.stdout)).toEqual([...map, ...map, '5', '6', '6 7']);
  });

  runtsOnly(OWN, 'rootless: an exec is in it, too', async (box) => {
    await bundleOfUser(box, 'sleep 100', undefined, []);
    const user = (...args: string[]) => asUser(box, args, {grants: GRANTED});
    expect((await user('run', '--detach', 'c')).stderr).toBe('');
    try {
      const inside = await user('exec', '--user', '9:9', 'c', '/bin/sh', '-c', `id -u; ${MAPS}`);
      expect(inside).toMatchObject({stderr: '', code: 0});
      expect(lines(inside.stdout).slice(0, 3)).toEqual(['9', `0 ${USER} 1`, '1 300000 1000']);
    } finally {
      expect((await user('delete', '--force', 'c')).stderr).toBe('');
    }
  });

  runtsOnly(OWN, 'rootless: without grants there is one id, and a warning with the lines to add', async (box) => {
    await bundleOfUser(box, MAPS, undefined, []);
    const done = await run(box, {grants: 'other:100000:65536\n'});
    expect(lines(done.stdout)).toEqual([`0 ${USER} 1`, `0 ${USER} 1`]);
    for (const file of ['/etc/subuid', '/etc/subgid']) {
      expect(done.stderr).toContain(
        `${file} gives tester no ids: add the line \\"tester:165536:65536\\" to it (as root)`,
      );
    }
  });

  runtsOnly(OWN, 'rootless: ids that the user cannot have are refused with the line to add', async (box) => {
    await bundleOfUser(box, 'true', (spec) => Object.assign(spec.process.user, {uid: 7}), []);
    const done = await run(box, {grants: '# none\n'});
    expect(done.code).toBe(1);
    expect(done.stderr).toContain(
      'config.json#/process/user/uid: the user cannot have 7 in the container: /etc/subuid gives tester no ids: add the line \\"tester:100000:65536\\" to it',
    );
  });

  runtsOnly(OWN, 'rootless: ids that the user namespace around does not have are left out', async (box) => {
    await bundleOfUser(box, 'cat /proc/self/uid_map', undefined, []);
    // Root of a user namespace needs no further one, so it is another id that runs the container.
    const around = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
    const done = await run(box, {around, grants: '1000:300000:1000\n'});
    expect(lines(done.stdout)).toEqual(['0 1000 1']);
    expect(done.stderr).toContain('what /etc/subuid gives the user is not in the user namespace around it');
  });
});

interface Wrong {
  readonly what: string;
  readonly edit?: (spec: Spec) => void;
  readonly options?: UserOptions;
  readonly said: readonly string[];
}

const HIDE = 'mount --bind /dev/null';
const COPY = 'cp -p /usr/bin/newuidmap "$PWD/helper"';

const wrongs: readonly Wrong[] = [
  {
    what: 'no newuidmap',
    options: {grants: GRANTED, prelude: `${HIDE} /usr/bin/newuidmap`},
    said: ['/linux/uidMappings: newuidmap was not found: install it (package uidmap in Debian'],
  },
  {
    what: 'no newgidmap',
    edit: (spec) => {
      spec.linux['gidMappings'] = [{containerID: 0, hostID: 300_000, size: 5}];
    },
    options: {grants: GRANTED, prelude: `${HIDE} /usr/bin/newgidmap`},
    said: ['/linux/gidMappings: newgidmap was not found: install it'],
  },
  {
    what: 'empty /etc/subuid',
    options: {grants: '\n'},
    said: ['/etc/subuid gives tester no ids: add the line \\"tester:300000:1000\\" to /etc/subuid (as root)'],
  },
  {
    what: 'a mapping beyond the range',
    edit: alsoMapped(300_000, 70_000),
    options: {grants: GRANTED},
    said: [
      '/linux/uidMappings/1: newuidmap failed: ',
      'uids 300000 to 369999 go beyond \\"tester:300000:1000\\" of /etc/subuid: make that line \\"tester:300000:70000\\", or map 1000 ids only',
    ],
  },
  {
    what: 'a mapping outside of the range',
    edit: alsoMapped(700_000, 10),
    options: {grants: GRANTED},
    said: ['gives tester 300000 to 300999 and not uids 700000 to 700009: add the line \\"tester:700000:10\\" to'],
  },
  {
    what: 'ids of another user',
    edit: alsoMapped(100_000, 10),
    options: {grants: `other:100000:65536\n${GRANTED}`},
    said: ['to other (\\"other:100000:65536\\"): map ids of the user\'s own: 300000 to 300999'],
  },
  {
    what: 'a set-uid bit that was lost',
    options: {
      grants: GRANTED,
      prelude: `${COPY}; chmod u-s "$PWD/helper"; mount --bind "$PWD/helper" /usr/bin/newuidmap`,
    },
    said: [
      '/usr/bin/newuidmap has lost its set-uid bit: chown root /usr/bin/newuidmap && chmod u+s /usr/bin/newuidmap',
    ],
  },
  {
    what: 'newuidmap on a nosuid mount',
    options: {
      grants: GRANTED,
      prelude:
        'mkdir "$PWD/t"; mount -t tmpfs -o nosuid t "$PWD/t"; cp -p /usr/bin/newuidmap "$PWD/t"; mount --bind "$PWD/t/newuidmap" /usr/bin/newuidmap',
    },
    said: ['/usr/bin/newuidmap is on a mount with nosuid, so that it gets no rights: remount it with suid'],
  },
  {
    what: 'no_new_privs around the runtime',
    options: {grants: GRANTED, around: ['setpriv', '--no-new-privs']},
    said: ['runts runs under no_new_privs', 'NoNewPrivileges= of a systemd unit'],
  },
  {
    what: 'a container around that lacks CAP_SETUID',
    options: {
      grants: GRANTED,
      prelude: `exec setpriv --reuid=${USER} --regid=${USER} --clear-groups --bounding-set=-setuid sh -c 'cd user; exec "$@"' sh "$@"`,
    },
    said: ['the container that runts is in lacks CAP_SETUID'],
  },
  {
    what: 'a user that nobody knows',
    options: {grants: GRANTED, named: false},
    said: [`uid ${USER} has no entry in /etc/passwd, which newuidmap looks the user up in: add one`],
  },
  {
    what: 'another primary group than that of /etc/passwd',
    options: {grants: GRANTED, gid: USER + 1},
    edit: (spec) => {
      alsoMapped(300_000, 10)(spec);
      spec.linux['gidMappings'] = [{containerID: 0, hostID: USER + 1, size: 1}];
    },
    said: ['the primary group of the runtime must be that of /etc/passwd'],
  },
  {
    what: 'user namespaces that are switched off',
    edit: rootOfUnshare,
    options: inUnshare('echo 0 >/proc/sys/user/max_user_namespaces'),
    said: ['user.max_user_namespaces is 0, which forbids them: sysctl -w user.max_user_namespaces=15000 (as root'],
  },
  {
    what: 'as many user namespaces as allowed',
    edit: rootOfUnshare,
    options: inUnshare('echo 1 >/proc/sys/user/max_user_namespaces; unshare --user sleep 1 & sleep 0.3'),
    said: [
      'ENOSPC',
      'the user has as many of them as user.max_user_namespaces (1) allows here or in a user namespace around',
    ],
  },
  {
    what: 'user namespaces that are nested too deep',
    edit: rootOfUnshare,
    options: {around: Array.from({length: 33}, () => ['unshare', '--user', '--map-root-user']).flat()},
    said: ['ENOSPC', 'or they are nested too deep'],
  },
  {
    what: 'a masked /proc',
    options: {grants: GRANTED, prelude: 'mount -t tmpfs t /proc/fs'},
    edit: (spec) => {
      spec.mounts = spec.mounts.filter(({type}) => type === 'proc');
      delete spec.linux['uidMappings'];
      delete spec.linux['gidMappings'];
    },
    said: [
      '/mounts/0: mount proc on /proc: EPERM',
      'parts of /proc (or /sys) are covered here',
      '\\"source\\": \\"/proc\\", \\"options\\": [\\"rbind\\"]',
    ],
  },
  {
    what: 'limits without rights to cgroups',
    edit: (spec) => {
      delete spec.linux['uidMappings'];
      delete spec.linux['gidMappings'];
      spec.linux.resources = {pids: {limit: 9}};
    },
    options: {grants: GRANTED},
    said: ['/linux/resources/pids/limit: rootless needs no limits + no cgrouppath', 'cannot set pids limit'],
  },
  {
    what: 'root without CAP_SETFCAP',
    edit: rootOfUnshare,
    options: {
      prelude:
        'exec setpriv --bounding-set=-setfcap,-sys_admin --inh-caps=-setfcap,-sys_admin -- sh -c "cd user; exec \\"\\$@\\"" sh "$@"',
    },
    said: ['mapping the root that runts itself is takes CAP_SETFCAP, which it lacks'],
  },
];

describe('wrong set-ups', () => {
  for (const {what, edit = alsoMapped(300_000, 1000), options, said} of wrongs) {
    runtsOnly('the words are ours', `rootless: ${what} is told with its cure`, async (box) => {
      await bundleOfUser(box, 'true', edit);
      const done = await run(box, options);
      expect(done.code).toBe(1);
      for (const words of said) expect(done.stderr).toContain(words);
      expect(existsSync(join(box.dir, 'user', 'runts', 'c'))).toBe(false);
    });
  }

  const directories: readonly (readonly [what: string, directory: (box: Box) => string | undefined, said: string])[] = [
    ['XDG_RUNTIME_DIR that is not set', () => undefined, 'XDG_RUNTIME_DIR is not set'],
    [
      'XDG_RUNTIME_DIR that is not there',
      () => '/run/user-of-tests/1',
      'mkdir /run/user-of-tests: EACCES (permission denied): /run belongs to uid 0: set XDG_RUNTIME_DIR to a directory of the user',
    ],
    [
      'XDG_RUNTIME_DIR of another user',
      () => '/root',
      'mkdir /root/runts: EACCES (permission denied): /root belongs to uid 0: set XDG_RUNTIME_DIR',
    ],
    [
      'state that another user owns',
      (box) => join(box.dir, 'other'),
      `/runts cannot hold the state of containers: it belongs to uid 7, and this user is uid ${USER}`,
    ],
  ];
  for (const [what, directory, said] of directories) {
    runtsOnly('the words are ours', `rootless: ${what} is told with its cure`, async (box) => {
      await bundleOfUser(box, 'true');
      const root = join(box.dir, 'other', 'runts');
      mkdirSync(root, {recursive: true});
      chmodSync(root, 0o777);
      chownSync(root, 7, 7);
      const done = await run(box, {runtimeDirectory: directory(box)});
      expect(done.code).toBe(1);
      expect(done.stderr).toContain(said);
      expect(done.stderr).toContain('--root');
      expect(readdirSync(root)).toEqual([]);
    });
  }
});

describe('without rights to cgroups', () => {
  runtsOnly('the words are ours', 'rootless: what needs a cgroup says how to get one, all else works', async (box) => {
    await bundleOfUser(box, 'sleep 100');
    const user = (...args: string[]) => asUser(box, args);
    expect((await user('run', '--detach', 'c')).stderr).toBe('');
    try {
      for (const args of [
        ['ps', 'c'],
        ['pause', 'c'],
        ['events', '--stats', 'c'],
        ['update', '--pids-limit', '9', 'c'],
      ]) {
        const refused = await user(...args);
        expect(refused.code).toBe(1);
        expect(refused.stderr).toMatch(/has no cgroup|cannot set pids limit/);
        expect(refused.stderr).toMatch(/chown|Delegate=/);
      }
      expect((await user('list', '-q')).stdout).toBe('c\n');
      expect((await user('exec', 'c', '/bin/sh', '-c', 'exit 3')).code).toBe(3);
      expect((await user('kill', '--all', 'c', 'KILL')).stderr).toBe('');
      await until('stopped', async () => JSON.parse((await user('state', 'c')).stdout).status === 'stopped');
      expect((await user('delete', 'c')).stderr).toBe('');
    } finally {
      await user('delete', '--force', 'c');
    }
  });

  runtsOnly('the words are ours', 'rootless: a cgroup of cgroup v1 that is not his is refused', async (box) => {
    await bundleOfUser(box, 'true', (spec) => {
      spec.linux.cgroupsPath = `/${box.token}/c`;
    });
    const refused = await run(box);
    expect(refused.stderr).toMatch(
      /linux\/cgroupsPath: mkdir of cgroup .*EACCES.*this user may not make cgroups there/,
    );
    expect(refused.stderr).toContain('cgroup v1 is not delegated to users');
  });

  test('rootless: with directories of his own in cgroup v1 limits, pause, ps and update work', async ({box, skip}) => {
    const own = ownCgroups(box);
    skip(own.length === 0, 'there is no cgroup v1');
    try {
      await bundleOfUser(box, 'sleep 100', (spec) => {
        spec.linux.resources = {pids: {limit: 9}, memory: {limit: 67_108_864}};
        spec.linux.cgroupsPath = `/${box.token}/c`;
      });
      const user = (...args: string[]) => asUser(box, args, {prelude: enter(box)});
      const limit = (): string => read(`/sys/fs/cgroup/pids/${box.token}/c/pids.max`).trim();
      const status = async () => JSON.parse((await user('state', 'c')).stdout).status;
      expect((await user('run', '--detach', 'c')).stderr).toBe('');
      expect(limit()).toBe('9');
      expect(read(`/sys/fs/cgroup/memory/${box.token}/c/memory.limit_in_bytes`)).toBe('67108864\n');
      expect((await user('update', '--pids-limit', '7', 'c')).stderr).toBe('');
      expect(limit()).toBe('7');
      expect((await user('pause', 'c')).code).toBe(0);
      expect(await status()).toBe('paused');
      expect((await user('resume', 'c')).code).toBe(0);
      expect(await status()).toBe('running');
      expect(JSON.parse((await user('ps', '--format', 'json', 'c')).stdout)).toHaveLength(1);
      expect(JSON.parse((await user('events', '--stats', 'c')).stdout).data.pids.limit).toBe(7);
      expect((await user('delete', '--force', 'c')).stderr).toBe('');
      expect(own.filter((directory) => existsSync(join(directory, 'c')))).toEqual([]);
    } finally {
      await asUser(box, ['delete', '--force', 'c']);
      for (const directory of own) {
        for (const below of ['me', 'c']) if (existsSync(join(directory, below))) rmdirSync(join(directory, below));
        rmdirSync(directory);
      }
    }
  });
});

/** A directory in each hierarchy for the user to make cgroups in; none on a host with cgroup v2 only. */
function ownCgroups(box: Box): string[] {
  const top = '/sys/fs/cgroup';
  if (existsSync(`${top}/cgroup.controllers`)) return [];
  const own = readdirSync(top, {withFileTypes: true})
    .filter((entry) => entry.isDirectory())
    .map(({name}) => join(top, name, box.token));
  for (const directory of own) {
    mkdirSync(directory);
    chownSync(directory, USER, USER);
    // It starts empty, and takes no process then.
    for (const file of directory.includes('/cpuset/') ? ['cpuset.cpus', 'cpuset.mems'] : [])
      writeFileSync(join(directory, file), read(join(directory, '..', file)));
    if (!directory.includes('/unified/')) continue;
    // In the hierarchy of v2 processes move between cgroups below one that is the user's.
    mkdirSync(join(directory, 'me'));
    for (const below of ['', 'me']) chownSync(join(directory, below, 'cgroup.procs'), USER, USER);
  }
  return own;
}

const enter = ({token}: Box): string =>
  `[ ! -e /sys/fs/cgroup/unified/${token}/me ] || echo $$ >/sys/fs/cgroup/unified/${token}/me/cgroup.procs`;

describe('state', () => {
  runtsOnly(
    'runc makes it without',
    'rootless: the state root has the sticky bit, which clean-ups respect',
    async (box) => {
      await bundleOfUser(box, 'sleep 100');
      expect((await asUser(box, ['create', 'c'])).stderr).toBe('');
      try {
        const mode = await box.host(['stat', '-c', '%a %u', join(box.dir, 'user', 'runts')]);
        expect(mode.stdout).toBe(`1700 ${USER}\n`);
        expect(read(join(box.dir, 'user', 'runts', 'c', 'state.json'))).toContain(`"owner":${USER}`);
      } finally {
        await asUser(box, ['delete', '--force', 'c']);
      }
    },
  );
});
