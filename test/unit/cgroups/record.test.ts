import {chmodSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {CgroupLayout} from '../../../src/cgroups/layout.ts';
import {resolveCgroup} from '../../../src/cgroups/record.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'runts-cgroups-'));
});
afterEach(() => {
  rmSync(root, {recursive: true, force: true});
});

const v1 = (): CgroupLayout => ({
  mode: 'v1',
  hierarchies: [
    {controllers: ['cpu', 'cpuacct'], mountPoint: `${root}/cpu`, ownPath: '/'},
    {controllers: ['devices'], mountPoint: `${root}/devices`, ownPath: '/'},
    {controllers: ['memory'], mountPoint: `${root}/memory`, ownPath: '/own/cgroup'},
    {controllers: ['name=systemd'], mountPoint: `${root}/systemd`, ownPath: '/user.slice'},
  ],
});
const v2 = (ownPath: string): CgroupLayout => ({mode: 'v2', hierarchies: [], unified: {mountPoint: root, ownPath}});

function make(...paths: string[]): void {
  for (const path of paths) mkdirSync(`${root}/${path}`, {recursive: true});
}

describe('resolveCgroup', () => {
  it('v1 default: the id below our own cgroup of each hierarchy', () => {
    make('memory/own/cgroup', 'systemd/user.slice', 'cpu', 'devices');
    expect(resolveCgroup(v1(), undefined, 'c1', false)).toEqual({
      version: 1,
      paths: {
        cpu: `${root}/cpu/c1`,
        cpuacct: `${root}/cpu/c1`,
        devices: `${root}/devices/c1`,
        memory: `${root}/memory/own/cgroup/c1`,
        'name=systemd': `${root}/systemd/user.slice/c1`,
      },
      ancestors: [],
    });
  });

  it('v1 relative: below our own cgroup, with the missing directories above it, deepest first', () => {
    make('memory/own/cgroup/a', 'cpu', 'devices', 'systemd/user.slice');
    const {paths, ancestors} = resolveCgroup(v1(), 'a/b/c', 'c1', false);
    expect(paths.memory).toBe(`${root}/memory/own/cgroup/a/b/c`);
    expect(ancestors.filter((path) => path.includes('/memory/'))).toEqual([`${root}/memory/own/cgroup/a/b`]);
    expect(ancestors.filter((path) => path.includes('/cpu/'))).toEqual([`${root}/cpu/a/b`, `${root}/cpu/a`]);
  });

  it('v1 absolute: from the root of each hierarchy', () => {
    make('cpu/machine', 'memory/machine', 'devices/machine', 'systemd/machine');
    const {paths, ancestors} = resolveCgroup(v1(), '/machine/c1', 'other', false);
    expect(paths.memory).toBe(`${root}/memory/machine/c1`);
    expect(ancestors).toEqual([]);
  });

  it('hybrid: the unified hierarchy like one of v1', () => {
    make('cpu', 'devices', 'memory/own/cgroup', 'systemd/user.slice', 'unified/own');
    const layout: CgroupLayout = {...v1(), mode: 'hybrid', unified: {mountPoint: `${root}/unified`, ownPath: '/own'}};
    const record = resolveCgroup(layout, '', 'c1', false);
    expect(record.version).toBe(1);
    expect(record.paths.unified).toBe(`${root}/unified/own/c1`);
    expect(record.paths['name=systemd']).toBe(`${root}/systemd/user.slice/c1`);
  });

  it('v2: beside our own cgroup, which has processes', () => {
    make('system.slice/own.service');
    const layout = v2('/system.slice/own.service');
    expect(resolveCgroup(layout, undefined, 'c1', false).paths).toEqual({unified: `${root}/system.slice/c1`});
    expect(resolveCgroup(layout, 'a/b', 'c1', false).paths).toEqual({unified: `${root}/system.slice/a/b`});
    expect(resolveCgroup(layout, '/a/b', 'c1', false).paths).toEqual({unified: `${root}/a/b`});
    expect(resolveCgroup(v2('/'), undefined, 'c1', false).paths).toEqual({unified: `${root}/c1`});
  });

  it('".." never leaves the hierarchy', () => {
    expect(resolveCgroup(v2('/own'), '../../../x', 'c1', false).paths.unified).toBe(`${root}/x`);
    expect(resolveCgroup(v2('/own'), '/../../x/../y/', 'c1', false).paths.unified).toBe(`${root}/y`);
    make('cpu', 'devices', 'memory/own/cgroup', 'systemd/user.slice');
    expect(resolveCgroup(v1(), '../../x', 'c1', false).paths.memory).toBe(`${root}/memory/own/cgroup/x`);
  });

  it('refuses the root of the hierarchy', () => {
    expect(() => resolveCgroup(v2('/own'), '/', 'c1', false)).toThrow(
      'config.json#/linux/cgroupsPath: "/" is the root of the hierarchy',
    );
    expect(() => resolveCgroup(v2('/own'), '..', 'c1', false)).toThrow('is the root of the hierarchy');
  });

  it('adopts directories that runts made for another container, and no others', () => {
    make('mine/deep', 'theirs');
    chmodSync(`${root}/mine`, 0o1755);
    chmodSync(`${root}/mine/deep`, 0o1755);
    expect(resolveCgroup(v2('/own'), '/mine/deep/c1', 'c1', false).ancestors).toEqual([
      `${root}/mine/deep`,
      `${root}/mine`,
    ]);
    expect(resolveCgroup(v2('/own'), '/theirs/c1', 'c1', false).ancestors).toEqual([]);
  });

  it('needs the devices controller on v1, and any cgroup at all', () => {
    const {hierarchies} = v1();
    const without: CgroupLayout = {
      mode: 'v1',
      hierarchies: hierarchies.filter(({controllers}) => controllers[0] !== 'devices'),
    };
    expect(() => resolveCgroup(without, undefined, 'c1', false)).toThrow('"devices" is not mounted');
    expect(resolveCgroup(without, undefined, 'c1', true).rootless).toBe(true);
    expect(() => resolveCgroup({mode: 'v1', hierarchies: []}, undefined, 'c1', false)).toThrow('no cgroup filesystem');
  });

  it('rootless: what cannot be written to is left out, unless a path was asked for', () => {
    // Root may write anywhere, so a mount point that is not there plays the one that may not be written to.
    const layout: CgroupLayout = {mode: 'v2', hierarchies: [], unified: {mountPoint: `${root}/none`, ownPath: '/a/b'}};
    expect(resolveCgroup(layout, undefined, 'c1', true)).toEqual({
      version: 2,
      paths: {},
      ancestors: [],
      rootless: true,
    });
    expect(resolveCgroup(layout, '/x', 'c1', true).paths).toEqual({unified: `${root}/none/x`});
  });
});
