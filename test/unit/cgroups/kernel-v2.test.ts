// The whole life of a cgroup against a kernel with cgroup v2, and device programs in it. Runs in the lab's guest.
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {afterEach, describe, expect, it} from 'vitest';
import {
  applyLimits,
  applyResources,
  type CgroupRecord,
  createCgroup,
  freeze,
  isFrozen,
  killAll,
  openEntrance,
  processes,
  readLayout,
  removeCgroup,
  resolveCgroup,
} from '../../../src/cgroups/index.ts';
import type {LinuxResources} from '../../../src/generated/config.ts';
import {loadNative} from '../../../src/native.ts';

function join(record: CgroupRecord, pid: number): void {
  writeFileSync(`${record.paths.unified}/cgroup.procs`, String(pid));
}

const addon = resolve(import.meta.dirname, '../../../dist/runts.node');
const layout = readLayout();
const missing: Readonly<Record<string, boolean>> = {
  'needs root': process.geteuid?.() !== 0,
  'needs cgroup v2': layout.mode !== 'v2',
  'needs the addon: make build': !existsSync(addon),
};
const skip = Object.keys(missing).find((reason) => missing[reason]) ?? '';

const root = layout.unified?.mountPoint ?? '';
const parent = `${root}/runts-unit-${process.pid}`;
const children: ChildProcess[] = [];

function record(name: string): CgroupRecord {
  return resolveCgroup(layout, `/runts-unit-${process.pid}/${name}`, 'unused', false);
}

function made(): CgroupRecord {
  const one = record('c');
  createCgroup(one);
  return one;
}

function apply(one: CgroupRecord, resources: LinuxResources | undefined): readonly string[] {
  return applyResources(one, resources, loadNative(addon));
}

function read({paths}: CgroupRecord, file: string): string {
  return readFileSync(`${paths.unified}/${file}`, 'utf8').trim();
}

function sleeper(): number {
  const child = spawn('sleep', ['100'], {stdio: 'ignore'});
  children.push(child);
  return child.pid ?? 0;
}

async function ended(child: ChildProcess | undefined): Promise<string | null> {
  if (child?.signalCode === null) await new Promise((done) => child.once('exit', done));
  return child?.signalCode ?? null;
}

function shellIn(one: CgroupRecord, script: string): string {
  const enter = `echo 0 > ${one.paths.unified}/cgroup.procs && exec sh -c "$1"`;
  const {stdout, stderr} = spawnSync('sh', ['-c', enter, 'sh', script], {encoding: 'utf8'});
  return `${stdout}${stderr}`;
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await ended(child);
  }
  for (const name of ['c', 'busy/c', 'threaded/c', 'frozen/c']) removeCgroup(record(name));
  expect(existsSync(parent)).toBe(false);
});

describe.skipIf(skip !== '')(`cgroup v2 of this kernel${skip && ` (skipped: ${skip})`}`, () => {
  it('puts limits in force, having passed the controllers down', () => {
    const one = made();
    apply(one, {
      memory: {limit: 67108864n, swap: 100663296n, reservation: 33554432n},
      cpu: {shares: 1024n, quota: 50000n, period: 200000n, burst: 1000n},
      pids: {limit: 20n},
    });
    const files = ['memory.max', 'memory.swap.max', 'memory.low', 'cpu.weight', 'cpu.max', 'cpu.max.burst', 'pids.max'];
    expect(files.map((file) => read(one, file))).toEqual([
      '67108864',
      '33554432',
      '33554432',
      '100',
      '50000 200000',
      '1000',
      '20',
    ]);
    apply(one, {cpu: {quota: 90000n, burst: 90000n}, memory: {limit: 67108864n, swap: 67108864n}});
    apply(one, {cpu: {quota: 2000n, period: 10000n, burst: 2000n}, unified: {'memory.high': '1048576'}});
    expect([read(one, 'cpu.max'), read(one, 'memory.swap.max'), read(one, 'memory.high')]).toEqual([
      '2000 10000',
      '0',
      '1048576',
    ]);
  });

  it('changes limits of a cgroup in use, and with checkBeforeUpdate none to below what is used', () => {
    const one = made();
    const program = spawn('head', ['-c', '24m', '/dev/zero'], {stdio: ['ignore', 'pipe', 'ignore']});
    children.push(program);
    const tail = spawn('sh', ['-c', `echo 0 >${one.paths.unified}/cgroup.procs && exec tail -c 24m`], {
      stdio: [program.stdout, 'ignore', 'ignore'],
    });
    children.push(tail);
    for (let round = 0; round < 1000 && Number(read(one, 'memory.current')) < 20_000_000; round++) {
      spawnSync('sleep', ['0.01']);
    }
    const memory = {limit: 4_194_304n, swap: 8_388_608n, checkBeforeUpdate: true};
    expect(() => applyLimits(one, {memory})).toThrow(
      /^config.json#\/linux\/resources\/memory\/limit: 4194304 is below the \d+ bytes in use, and memory\/checkBeforeUpdate is set$/,
    );
    expect(read(one, 'memory.max')).toBe('max');
    for (const limit of [134_217_728n, 268_435_456n, 134_217_728n]) {
      applyLimits(one, {memory: {limit, swap: limit, checkBeforeUpdate: true}});
      expect([read(one, 'memory.max'), read(one, 'memory.swap.max')]).toEqual([String(limit), '0']);
    }
    expect(applyLimits(one, {pids: {limit: 5n}})).toEqual([]);
    expect([read(one, 'memory.max'), read(one, 'pids.max')]).toEqual(['134217728', '5']);
  });

  it('device programs decide, are replaced, and are left out when everything is granted', () => {
    const one = made();
    const native = loadNative(addon);
    const attached = (): number => {
      const cgroup = openEntrance(one) ?? -1;
      const programs = native.bpfQueryDevice(cgroup);
      for (const fd of [...programs, cgroup]) closeSync(fd);
      return programs.length;
    };
    const openKmsg = ': < /dev/kmsg && echo opened';
    apply(one, undefined);
    expect(shellIn(one, 'head -c2 /dev/zero | wc -c')).toBe('2\n');
    expect(shellIn(one, openKmsg)).toMatch(/Operation not permitted|cannot open/);
    expect(attached()).toBe(1);
    apply(one, {devices: [{allow: true, type: 'c', major: 1n, minor: 11n, access: 'r'}]});
    expect(attached()).toBe(1);
    expect(shellIn(one, openKmsg)).toBe('opened\n');
    apply(one, {devices: [{allow: true, access: 'rwm'}]});
    expect(attached()).toBe(0);
    expect(() => native.bpfLoadDevice(new Uint8Array(8))).toThrow(expect.objectContaining({code: 'EINVAL'}));
  });

  it('freezes, refuses an occupied cgroup, kills, and removes what the container made below', async () => {
    const one = made();
    join(one, sleeper());
    mkdirSync(`${one.paths.unified}/below/deep`, {recursive: true});
    const deep = sleeper();
    writeFileSync(`${one.paths.unified}/below/deep/cgroup.procs`, String(deep));
    expect(processes(one)).toHaveLength(2);
    freeze(one);
    expect(isFrozen(one)).toBe(true);
    expect(() => createCgroup(record('c'))).toThrow("container's cgroup is not empty: 2 process(es) found");
    killAll(one, 9, loadNative(addon));
    expect(await Promise.all(children.map(ended))).toEqual(['SIGKILL', 'SIGKILL']);
    removeCgroup(one);
    expect(existsSync(parent)).toBe(false);
  });

  it('below a cgroup with processes there are no limits, and the error says why', async () => {
    const busy = `${parent}/busy`;
    mkdirSync(busy, {recursive: true});
    writeFileSync(`${busy}/cgroup.procs`, String(sleeper()));
    const one = record('busy/c');
    createCgroup(one);
    join(one, sleeper());
    expect(() => apply(one, {memory: {limit: 67108864n}})).toThrow(
      `: controller "memory" is not enabled in ${busy}/cgroup.subtree_control, because 1 process(es) are in ${busy} itself`,
    );
    expect(() => apply(one, {hugepageLimits: [{pageSize: '3MB', limit: 1n}]})).toThrow(
      'config.json#/linux/resources/hugepageLimits/0: write 1 to hugetlb.3MB.max',
    );
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(ended));
    removeCgroup(one);
    rmdirSync(busy);
    rmdirSync(parent);
  });

  it('refuses a place below a threaded or a frozen cgroup, and leaves nothing there', () => {
    mkdirSync(`${parent}/threaded/t`, {recursive: true});
    writeFileSync(`${parent}/threaded/t/cgroup.type`, 'threaded');
    expect(() => createCgroup(record('threaded/c'))).toThrow(/would be "domain invalid"/);
    mkdirSync(`${parent}/frozen`);
    writeFileSync(`${parent}/frozen/cgroup.freeze`, '1');
    expect(() => createCgroup(record('frozen/c'))).toThrow("container's cgroup unexpectedly frozen");
    expect(existsSync(`${parent}/frozen/c`) || existsSync(`${parent}/threaded/c`)).toBe(false);
    for (const path of ['/threaded/t', '/threaded', '/frozen', '']) rmdirSync(`${parent}${path}`);
  });
});
