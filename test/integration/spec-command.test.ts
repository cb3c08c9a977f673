// spec: writes a config.json to begin with.
import {mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {type Box, test} from './harness.ts';
import {makeRootfs} from './rootfs.ts';
import {inject} from 'vitest';

const configIn = (dir: string) => JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));

async function bundle(box: Box, ...flags: string[]): Promise<string> {
  const dir = join(box.dir, box.unique());
  mkdirSync(dir);
  await box.ok(['spec', ...flags], {cwd: dir});
  return dir;
}

test('spec: writes config.json into the current directory, and says nothing', async ({box}) => {
  const outcome = await box.ok(['spec']);
  expect(outcome.stdout + outcome.stderr).toBe('');
  expect(configIn(box.dir)).toMatchObject({
    ociVersion: expect.stringMatching(/^1\.\d+\.\d+/),
    process: {
      terminal: true,
      user: {uid: 0, gid: 0},
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      rlimits: [{type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024}],
      noNewPrivileges: true,
    },
    root: {path: 'rootfs', readonly: true},
    linux: {resources: {devices: [{allow: false, access: 'rwm'}]}},
  });
});

test('spec: gives the three capabilities, none of them inheritable', async ({box}) => {
  const {process} = configIn(await bundle(box));
  const three = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];
  expect(process.capabilities.bounding).toEqual(three);
  expect(process.capabilities.effective).toEqual(three);
  expect(process.capabilities.permitted).toEqual(three);
  expect(process.capabilities.inheritable ?? []).toEqual([]);
});

test('spec: has new namespaces of five kinds', async ({box}) => {
  const {linux} = configIn(await bundle(box));
  const kinds = linux.namespaces.map(({type}: {type: string}) => type);
  expect(kinds.filter((kind: string) => kind !== 'cgroup').sort()).toEqual(['ipc', 'mount', 'network', 'pid', 'uts']);
});

test('spec: indents by tabs', async ({box}) => {
  const text = readFileSync(join(await bundle(box), 'config.json'), 'utf8');
  expect(text).toMatch(/^\{\n\t"ociVersion": "/);
});

test('spec: --bundle writes there', async ({box}) => {
  const dir = join(box.dir, 'elsewhere');
  mkdirSync(dir);
  await box.ok(['spec', '--bundle', dir]);
  expect(configIn(dir).root.path).toBe('rootfs');
});

test('spec: refuses to overwrite', async ({box}) => {
  writeFileSync(join(box.dir, 'config.json'), 'precious');
  const outcome = await box.runtime(['spec']);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/File config.json exists. Remove it first/);
  expect(readFileSync(join(box.dir, 'config.json'), 'utf8')).toBe('precious');
});

test("spec: obeys the caller's umask", async ({box}) => {
  await box.host(['sh', '-c', 'umask 077; "$@"', 'sh', ...box.command('spec')]);
  expect(statSync(join(box.dir, 'config.json')).mode & 0o777).toBe(0o600);
});

test('spec: --rootless has a user namespace, mappings of one id, and no limits', async ({box}) => {
  const {linux, mounts} = configIn(await bundle(box, '--rootless'));
  const kinds = linux.namespaces.map(({type}: {type: string}) => type);
  expect(kinds).toContain('user');
  expect(kinds).not.toContain('network');
  expect(linux.uidMappings).toEqual([{containerID: 0, hostID: 0, size: 1}]);
  expect(linux.gidMappings).toEqual([{containerID: 0, hostID: 0, size: 1}]);
  expect(linux.resources).toBeUndefined();
  const options: string[] = mounts.flatMap((mount: {options?: string[]}) => mount.options ?? []);
  expect(options.filter((option) => /^[ug]id=/.test(option))).toEqual([]);
});

test('spec: what it writes can be run', async ({box}) => {
  const dir = await bundle(box);
  makeRootfs(join(dir, 'rootfs'), join(inject('shared'), 'busybox'));
  const config = configIn(dir);
  config.process.terminal = false;
  config.process.args = ['sh', '-c', 'echo $$; id -u; hostname; touch /x 2>&1'];
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  const outcome = await box.runtime(['run', '--bundle', dir, box.unique()]);
  expect(outcome.stderr).toBe('');
  expect(outcome.stdout).toBe(`1\n0\n${config.hostname}\ntouch: /x: Read-only file system\n`);
});
