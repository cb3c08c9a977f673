import {describe, expect, it} from 'vitest';
import type {Mount, Namespace} from '../../../src/generated/config.ts';
import type {PlanInput} from '../../../src/plan/compile.ts';
import {stepsOf, v1Cgroup, v1Layout, v2Layout, withConfig} from './input.ts';

const OWN: Namespace[] = [{type: 'mount'}, {type: 'cgroup'}];
const HOST: Namespace[] = [{type: 'mount'}];

const mount: Mount = {
  destination: '/sys/fs/cgroup',
  type: 'cgroup',
  source: 'cgroup',
  options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro', 'rslave'],
};

function stepsFor(namespaces: Namespace[], changes: Partial<PlanInput> = {}, of = mount) {
  return stepsOf(withConfig({mounts: [of], linux: {namespaces}}, changes)).filter(({at}) => at === '/mounts/0');
}

const v2 = {layout: v2Layout, cgroup: {...v1Cgroup, version: 2 as const, paths: {unified: '/sys/fs/cgroup/web'}}};

const none = {recursiveSet: 0n, recursiveClear: 0n, propagation: [0x80000 | 0x4000]};

const folder = {
  op: 'mountFilesystem',
  at: '/mounts/0',
  type: 'tmpfs',
  source: 'tmpfs',
  target: '/sys/fs/cgroup',
  options: ['mode=755'],
  attrSet: 0xen,
  attrClear: 0x70n,
  legacyFlags: 0x20000en,
  copyUp: false,
  directory: '',
  label: '',
  yield: false,
  ...none,
};

const links = ['cpu', 'cpuacct'].map((name) => ({
  op: 'symlink',
  at: '/mounts/0',
  target: 'cpu,cpuacct',
  path: `/sys/fs/cgroup/${name}`,
  replace: false,
}));

const finish = {op: 'remountReadonly', at: '/mounts/0', target: '/sys/fs/cgroup'};

describe('cgroup v2', () => {
  it.each([
    ['own', OWN],
    ['the host', HOST],
  ])('cgroup namespace %s: a new mount, read-only at once', (_, namespaces) => {
    expect(stepsFor(namespaces, v2)).toContainEqual({
      op: 'mountFilesystem',
      at: '/mounts/0',
      type: 'cgroup2',
      source: 'cgroup',
      target: '/sys/fs/cgroup',
      options: [],
      attrSet: 0xfn,
      attrClear: 0x70n,
      legacyFlags: 0x20000fn,
      copyUp: false,
      directory: '',
      label: '',
      yield: false,
      ...none,
    });
    expect(stepsFor(namespaces, v2)).toHaveLength(1);
  });
});

describe('cgroup v1', () => {
  it('in its own cgroup namespace: a new mount of each hierarchy', () => {
    const hierarchy = (name: string, options: string[]) => ({
      ...folder,
      type: 'cgroup',
      source: 'cgroup',
      target: `/sys/fs/cgroup/${name}`,
      options,
      attrSet: 0xfn,
      legacyFlags: 0x20000fn,
    });
    expect(stepsFor(OWN)).toEqual([
      folder,
      hierarchy('cpu,cpuacct', ['cpu', 'cpuacct']),
      ...links,
      hierarchy('memory', ['memory']),
      hierarchy('systemd', ['none', 'name=systemd']),
      finish,
    ]);
  });

  it('in that of the host: a bind of its own cgroup in each', () => {
    const hierarchy = (name: string) => ({
      op: 'mountBind',
      at: '/mounts/0',
      source: `/sys/fs/cgroup/${name}/web`,
      slot: -1,
      target: `/sys/fs/cgroup/${name}`,
      recursive: false,
      nofollowSource: false,
      nofollowTarget: false,
      copyLink: false,
      instead: false,
      attrSet: 0xfn,
      attrClear: 0x70n,
      ...none,
    });
    expect(stepsFor(HOST)).toEqual([
      folder,
      hierarchy('cpu,cpuacct'),
      ...links,
      hierarchy('memory'),
      hierarchy('systemd'),
      finish,
    ]);
  });

  it('a hierarchy without a cgroup of the container is left out', () => {
    const {memory: _, ...paths} = v1Cgroup.paths;
    const targets = stepsFor(HOST, {cgroup: {...v1Cgroup, paths}}).map((step) => ('target' in step ? step.target : ''));
    expect(targets).not.toContain('/sys/fs/cgroup/memory');
  });

  it('stays writable when not asked otherwise', () => {
    const steps = stepsFor(HOST, {layout: {...v1Layout, mode: 'v1'}}, {...mount, options: ['rw']});
    expect(steps.map((step) => ('attrSet' in step ? step.attrSet : undefined))).not.toContain(0xfn);
    expect(steps).not.toContainEqual(finish);
  });
});
