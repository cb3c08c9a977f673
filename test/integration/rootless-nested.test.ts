// runts inside a container made by runts: what `spec --rootless` writes there runs there, as it comes out.
import {chownSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Edit, type Outcome, runtsOnly} from './harness.ts';
import {makeRootfs} from './rootfs.ts';
import {USER} from './rootless-user.ts';
import {privileged, type Spec} from './spec.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const FIRST = 200_000;

const INNER = `
set -e
cd /b
runts spec --rootless "$@"
sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"sh", "-c", "id -u; cat \\/proc\\/self\\/uid_map; ls \\/sys | grep -c fs"/' config.json
runts --root /scratch/state run inner </dev/null
runts --root /scratch/state list -q`;

/** A container with the host's /usr, the project and an inner bundle that belongs to `owner`. */
function nested(box: Box, owner: number, edit: Edit): Promise<Outcome> {
  const outer = box.container(['/bin/sh', '/b/script'], (spec) => {
    spec.process.env = [`PATH=${PROJECT}/dist:/bin:/usr/bin`, 'XDG_RUNTIME_DIR=/scratch'];
    for (const path of ['/usr', PROJECT])
      spec.mounts.push({destination: path, type: 'bind', source: path, options: ['rbind', 'ro']});
    spec.mounts.push({destination: '/scratch', type: 'tmpfs', options: ['mode=1777']});
    edit(spec);
  });
  const bundle = join(outer.rootfs, 'b');
  mkdirSync(bundle);
  makeRootfs(join(bundle, 'rootfs'), join(outer.rootfs, 'bin', 'busybox'));
  writeFileSync(join(bundle, 'script'), INNER);
  for (const name of ['lib', 'lib64']) symlinkSync(`usr/${name}`, join(outer.rootfs, name));
  for (const path of [outer.rootfs, bundle, join(bundle, 'rootfs')]) chownSync(path, owner, owner);
  return box.runtime(['run', '--bundle', outer.dir, outer.id]);
}

const inUserNamespace: Edit = (spec) => {
  spec.linux.namespaces.push({type: 'user'});
  spec.linux['uidMappings'] = spec.linux['gidMappings'] = [{containerID: 0, hostID: FIRST, size: 65_536}];
};
const unmasked: Edit = (spec) => {
  delete spec.linux.maskedPaths;
  delete spec.linux.readonlyPaths;
};
const writableCgroups: Edit = (spec) => {
  spec.mounts.push({destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['rw']});
};
const ordinary: Edit = (spec) => {
  spec.process.user = {uid: USER, gid: USER};
};
const all =
  (...edits: Edit[]): Edit =>
  (spec: Spec) => {
    for (const edit of edits) edit(spec);
  };

const cases: readonly (readonly [who: string, owner: number, edit: Edit, map: string])[] = [
  ['root of a user namespace', FIRST, all(inUserNamespace, privileged), '0 0 1'],
  ['root of a user namespace, nothing masked', FIRST, all(inUserNamespace, privileged, unmasked), '0 0 1'],
  ['root in a privileged container', 0, all(privileged, unmasked, writableCgroups), '0 0 1'],
  ['root in a privileged container with masks', 0, all(privileged, writableCgroups), '0 0 1'],
  ['an ordinary user without capabilities', USER, ordinary, `0 ${USER} 1`],
];

describe('in a container', () => {
  for (const [who, owner, edit, map] of cases) {
    runtsOnly('runc cannot mount proc where parts of it are masked', `rootless: nested: as ${who}`, async (box) => {
      const done = await nested(box, owner, edit);
      expect(done.stderr).toBe('');
      expect(done.code).toBe(0);
      expect(
        done.stdout
          .trim()
          .split('\n')
          .map((line) => line.trim().split(/\s+/).join(' ')),
      ).toEqual(['0', map, '1']);
    });
  }
});
