// Idmapped mounts, overlays of many layers, and what bind mounts do with symlinks.
import {existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Edit, runtsOnly, test} from './harness.ts';
import {mountAt, read} from './inspect.ts';
import type {MountSpec} from './spec.ts';

const MOUNTINFO = 'cat /proc/self/mountinfo';
const adding =
  (...mounts: MountSpec[]): Edit =>
  (spec) =>
    void spec.mounts.push(...mounts);

/** A directory of the host with a file of uid 5 and gid 6 in it. */
async function owned(box: Box): Promise<string> {
  const dir = join(box.dir, 'owned');
  mkdirSync(dir);
  writeFileSync(join(dir, 'file'), 'content\n');
  await box.host(['chown', '5:6', join(dir, 'file')]);
  return dir;
}

const mappings = (uid: number, gid: number) => ({
  uidMappings: [{containerID: 0, hostID: uid, size: 100}],
  gidMappings: [{containerID: 0, hostID: gid, size: 100}],
});

describe('idmapped mounts', () => {
  const runcLacks = 'runc 1.1 has no idmapped mounts';

  runtsOnly(runcLacks, 'mounts: idmap shows ids as the mappings have them', async (box) => {
    const dir = await owned(box);
    const out = await box.sh(
      `stat -c %u:%g /m /m/file; touch /m/new; ${MOUNTINFO}`,
      adding({destination: '/m', type: 'bind', source: dir, options: ['bind', 'idmap'], ...mappings(1000, 2000)}),
    );
    expect(out).toMatch(/^1000:2000\n1005:2006\n/);
    expect(mountAt(out, '/m').options).toContain('idmapped');
  });

  runtsOnly(runcLacks, 'mounts: what is written through an idmapped mount has the id that was meant', async (box) => {
    const dir = await owned(box);
    await box.sh('chown 1007:2008 /m/file', (spec) => {
      spec.mounts.push({
        destination: '/m',
        type: 'bind',
        source: dir,
        options: ['bind', 'idmap'],
        ...mappings(1000, 2000),
      });
      const all = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER'];
      spec.process.capabilities = {bounding: all, effective: all, permitted: all};
    });
    const {uid, gid} = lstatSync(join(dir, 'file'));
    expect([uid, gid]).toEqual([7, 8]);
  });

  runtsOnly(runcLacks, 'mounts: mappings without the option idmap are used as well', async (box) => {
    const dir = await owned(box);
    const mount = {destination: '/m', type: 'bind', source: dir, options: ['bind'], ...mappings(1000, 2000)};
    expect(await box.sh('stat -c %u:%g /m/file', adding(mount))).toBe('1005:2006');
  });

  for (const [option, below] of [
    ['idmap', '5:6'],
    ['ridmap', '1005:2006'],
  ] as const) {
    runtsOnly(runcLacks, `mounts: ${option} shows a mount below as ${below}`, async (box) => {
      const dir = await owned(box);
      mkdirSync(join(dir, 'below'));
      await box.host(['mount', '-t', 'tmpfs', '-o', 'uid=5,gid=6', 'tmpfs', join(dir, 'below')]);
      try {
        const mount = {
          destination: '/m',
          type: 'bind',
          source: dir,
          options: ['rbind', option],
          ...mappings(1000, 2000),
        };
        expect(await box.sh('stat -c %u:%g /m/file /m/below', adding(mount))).toBe(`1005:2006\n${below}`);
      } finally {
        await box.host(['umount', join(dir, 'below')]);
      }
    });
  }

  runtsOnly(runcLacks, 'mounts: a new tmpfs can be idmapped', async (box) => {
    const options = ['idmap', 'uid=5', 'gid=6', 'size=1m'];
    const mount = {destination: '/m', type: 'tmpfs', source: 'tmpfs', options, ...mappings(1000, 2000)};
    expect(await box.sh('stat -c %u:%g /m; df -k /m | tail -n 1', adding(mount))).toMatch(/^1005:2006\ntmpfs +1024 /);
  });

  runtsOnly(runcLacks, 'mounts: other flags hold for idmapped mounts, too', async (box) => {
    const mount = {destination: '/m', type: 'bind', source: await owned(box), ...mappings(1000, 2000)};
    const info = await box.sh(MOUNTINFO, adding({...mount, options: ['bind', 'idmap', 'ro', 'nosuid', 'rslave']}));
    expect(mountAt(info, '/m').options).toEqual(expect.arrayContaining(['ro', 'nosuid', 'idmapped']));
  });

  runtsOnly(runcLacks, 'mounts: no helper process of an idmapped mount is left', async (box) => {
    const mount = {destination: '/m', type: 'bind', source: await owned(box), ...mappings(1000, 2000)};
    const out = await box.sh('ls -d /proc/[0-9]*', adding({...mount, options: ['bind', 'idmap']}));
    expect(out.split('\n').length).toBeLessThanOrEqual(2);
  });

  for (const [what, mount, says] of [
    [
      'without mappings or a user namespace',
      {type: 'bind', source: '/tmp', options: ['bind', 'idmap']},
      /config\.json#\/mounts\/6\/options: idmap needs uidMappings and gidMappings of the mount, or a user namespace/,
    ],
    [
      'of a filesystem that cannot',
      {type: 'proc', source: 'proc', options: ['idmap'], ...mappings(0, 0)},
      /config\.json#\/mounts\/6: map the ids of the mount \(idmap\): EINVAL .*cannot be idmapped/,
    ],
    [
      'with only one kind of mappings',
      {type: 'bind', source: '/tmp', options: ['bind', 'idmap'], uidMappings: mappings(0, 0).uidMappings},
      /config\.json#\/mounts\/6: uidMappings and gidMappings must be given both or neither/,
    ],
    [
      "with crun's mappings in the option",
      {type: 'bind', source: '/tmp', options: ['bind', 'idmap=uids=0-1-10;gids=0-100-10']},
      /config\.json#\/mounts\/6\/options\/1: mappings belong in uidMappings and gidMappings/,
    ],
    [
      'with mappings that overlap',
      {
        type: 'bind',
        source: '/tmp',
        options: ['bind', 'idmap'],
        ...mappings(0, 0),
        uidMappings: [...mappings(0, 0).uidMappings, ...mappings(50, 50).uidMappings],
      },
      /config\.json#\/mounts\/6: map the ids of the mount \(idmap\): write uid_map: EINVAL/,
    ],
    [
      'of a source that is missing',
      {type: 'bind', source: '/nope/x', options: ['bind', 'idmap'], ...mappings(0, 0)},
      /config\.json#\/mounts\/6: open the source \/nope\/x: ENOENT .*the source does not exist/,
    ],
  ] as const) {
    runtsOnly(runcLacks, `mounts: an idmapped mount ${what} is an error`, async (box) => {
      const outcome = await box.run('true', adding({destination: '/m', ...mount} as unknown as MountSpec));
      expect(outcome).toMatchObject({code: 1, stdout: ''});
      expect(outcome.stderr).toMatch(says);
      expect(box.leftovers()).toEqual([]);
    });
  }
});

describe('overlays', () => {
  /** `count` layers, each with a file of its own and one that all have. */
  function layers(box: Box, count: number, length: number): string[] {
    return Array.from({length: count}, (_, index) => {
      const dir = join(box.dir, `${index}-`.padEnd(length, 'x'), 'deep'.padEnd(length, 'y'));
      mkdirSync(dir, {recursive: true});
      writeFileSync(join(dir, `file-${index}`), '');
      writeFileSync(join(dir, 'same'), `${index}\n`);
      return dir;
    });
  }

  for (const [what, count, length] of [
    ['200 layers of long paths', 200, 90],
    ['20 layers whose paths are longer than fsconfig takes', 20, 200],
    ['499 layers', 499, 20],
  ] as const) {
    runtsOnly('a page is all that mount(2) takes', `mounts: an overlay has ${what}`, async (box) => {
      const lower = layers(box, count, length);
      const far = join(box.dir, 'u'.repeat(200), 'v'.repeat(100));
      for (const name of ['upper', 'work']) mkdirSync(join(far, name), {recursive: true});
      const out = await box.sh(
        'ls /o | wc -l; cat /o/same; echo new > /o/new',
        adding({
          destination: '/o',
          type: 'overlay',
          source: 'overlay',
          options: [`lowerdir=${lower.join(':')}`, `upperdir=${far}/upper`, `workdir=${far}/work`],
        }),
      );
      expect(out).toBe(`${count + 1}\n0`);
      expect(read(join(far, 'upper/new'))).toBe('new\n');
    });
  }

  test('mounts: colons and commas in the names of layers are escaped', async ({box}) => {
    const dirs = ['one:two', 'three,four', `five\\six${'z'.repeat(200)}`].map((name) => join(box.dir, name));
    for (const [index, dir] of dirs.entries()) {
      mkdirSync(dir);
      writeFileSync(join(dir, `file-${index}`), '');
    }
    const lower = dirs.map((dir) => dir.replace(/[\\:,]/g, '\\$&')).join(':');
    const out = await box.sh(
      'ls /o',
      adding({destination: '/o', type: 'overlay', source: 'overlay', options: [`lowerdir=${lower}`]}),
    );
    expect(out).toBe('file-0\nfile-1\nfile-2');
  });

  runtsOnly('runc says "invalid argument"', 'mounts: the layer that is missing is named', async (box) => {
    const [first = '', ...rest] = layers(box, 20, 60);
    const options = [`lowerdir=${[first, join(box.dir, 'missing'), ...rest].join(':')}`];
    const outcome = await box.run('true', adding({destination: '/o', type: 'overlay', source: 'overlay', options}));
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/config\.json#\/mounts\/6: mount overlay on \/o: .*\/missing/);
  });
});

describe('symlinks', () => {
  const runcLacks = 'options of crun';

  async function linked(box: Box): Promise<string> {
    symlinkSync('file', join(await owned(box), 'link'));
    return join(box.dir, 'owned/link');
  }

  runtsOnly(runcLacks, 'mounts: src-nofollow binds the symlink itself', async (box) => {
    const source = await linked(box);
    const options = ['bind', 'src-nofollow'];
    expect(await box.sh('readlink /m', adding({destination: '/m', type: 'bind', source, options}))).toBe('file');
  });

  runtsOnly(runcLacks, 'mounts: dest-nofollow covers the symlink itself', async (box) => {
    const source = join(await owned(box), 'file');
    const it = box.container(
      'cat /link /etc/target',
      adding({destination: '/link', type: 'bind', source, options: ['bind', 'dest-nofollow']}),
    );
    symlinkSync('/etc/target', join(it.rootfs, 'link'));
    writeFileSync(join(it.rootfs, 'etc/target'), 'as it was\n');
    expect((await box.ok(['run', '--bundle', it.dir, it.id])).stdout).toBe('content\nas it was\n');
  });

  runtsOnly(runcLacks, 'mounts: copy-symlink makes the same symlink', async (box) => {
    const source = await linked(box);
    const it = box.container(
      `readlink /sub/m; grep -c /sub /proc/self/mountinfo`,
      adding({destination: '/sub/m', type: 'bind', source, options: ['bind', 'copy-symlink']}),
    );
    for (const _ of ['made', 'there already']) {
      expect((await box.runtime(['run', '--bundle', it.dir, it.id])).stdout).toBe('file\n0\n');
    }
    expect(readlinkSync(join(it.rootfs, 'sub/m'))).toBe('file');
  });

  runtsOnly(runcLacks, 'mounts: copy-symlink of what is no symlink binds it', async (box) => {
    const source = join(await owned(box), 'file');
    const options = ['bind', 'copy-symlink'];
    expect(await box.sh('cat /m', adding({destination: '/m', type: 'bind', source, options}))).toBe('content');
  });

  runtsOnly(runcLacks, 'mounts: copy-symlink does not replace anything, nor leave the rootfs', async (box) => {
    const source = await linked(box);
    const outside = join(box.dir, 'outside');
    mkdirSync(outside);
    const it = box.container(
      'true',
      adding({destination: '/way/m', type: 'bind', source, options: ['bind', 'copy-symlink']}),
    );
    symlinkSync(outside, join(it.rootfs, 'way'));
    await box.ok(['run', '--bundle', it.dir, it.id]);
    expect(existsSync(join(outside, 'm'))).toBe(false);
    expect(readlinkSync(join(it.rootfs, outside, 'm'))).toBe('file');
    const taken = box.container(
      'true',
      adding({destination: '/bin/sh', type: 'bind', source, options: ['bind', 'copy-symlink']}),
    );
    const outcome = await box.runtime(['run', '--bundle', taken.dir, taken.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/config\.json#\/mounts\/6: .*\/bin\/sh.*EEXIST/);
  });
});
