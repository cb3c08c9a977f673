// The whole life of a cgroup against this machine's kernel.
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync} from 'node:fs';
import {afterAll, afterEach, describe, expect, it} from 'vitest';
import {
  applyLimits,
  applyResources,
  type CgroupRecord,
  createCgroup,
  entranceFiles,
  freeze,
  isFrozen,
  killAll,
  openEntrance,
  processes,
  readLayout,
  removeCgroup,
  resolveCgroup,
  thaw,
} from '../../../src/cgroups/index.ts';
import type {LinuxResources} from '../../../src/generated/config.ts';

/** Moves a process in, the slow way. */
function join(record: CgroupRecord, pid: number): void {
  for (const directory of new Set(Object.values(record.paths))) writeFileSync(`${directory}/cgroup.procs`, String(pid));
}

const layout = readLayout();
const isRoot = process.geteuid?.() === 0;
const skip = isRoot ? (layout.mode === 'v2' ? 'this host has cgroup v2' : '') : 'needs root';

const id = `runts-unit-${process.pid}`;
const children: ChildProcess[] = [];
const records: CgroupRecord[] = [];
const none = (): never => {
  throw new Error('no device program on cgroup v1');
};
const native = {
  kill: (pid: number, signal: number): void => void process.kill(pid, signal),
  bpfLoadDevice: none,
  bpfAttachDevice: none,
  bpfDetachDevice: none,
  bpfQueryDevice: none,
};

function made(cgroupsPath?: string): CgroupRecord {
  const record = resolveCgroup(layout, cgroupsPath, id, false);
  records.push(record);
  createCgroup(record);
  return record;
}

function sleeper(): number {
  const child = spawn('sleep', ['100'], {stdio: 'ignore'});
  children.push(child);
  return child.pid ?? 0;
}

function read(record: CgroupRecord, controller: string, file: string): string {
  return readFileSync(`${record.paths[controller]}/${file}`, 'utf8').trim();
}

const apply = (record: CgroupRecord, resources: LinuxResources): readonly string[] =>
  applyResources(record, resources, native);

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const record of records.splice(0)) {
    thaw(record);
    removeCgroup(record);
    for (const directory of [...Object.values(record.paths), ...record.ancestors])
      expect(existsSync(directory)).toBe(false);
  }
});

describe.skipIf(skip !== '')(`cgroup v1 of this kernel${skip && ` (skipped: ${skip})`}`, () => {
  it('puts limits in force', () => {
    const record = made();
    const warnings = apply(record, {
      memory: {limit: 67108864n, reservation: 33554432n, swap: 134217728n},
      cpu: {shares: 512n, quota: 50000n, period: 200000n, burst: 1000n, cpus: '0', mems: '0'},
      pids: {limit: 20n},
      devices: [{allow: false, access: 'rwm'}],
    });
    expect(warnings).toEqual([]);
    expect(read(record, 'memory', 'memory.limit_in_bytes')).toBe('67108864');
    expect(read(record, 'memory', 'memory.soft_limit_in_bytes')).toBe('33554432');
    expect(read(record, 'memory', 'memory.memsw.limit_in_bytes')).toBe('134217728');
    expect(read(record, 'cpu', 'cpu.shares')).toBe('512');
    expect(read(record, 'cpu', 'cpu.cfs_quota_us')).toBe('50000');
    expect(read(record, 'cpu', 'cpu.cfs_period_us')).toBe('200000');
    expect(read(record, 'cpu', 'cpu.cfs_burst_us')).toBe('1000');
    expect(read(record, 'cpuset', 'cpuset.cpus')).toBe('0');
    expect(read(record, 'pids', 'pids.max')).toBe('20');
    expect(read(record, 'devices', 'devices.list').split('\n').sort()).toEqual([
      'b *:* m',
      'c *:* m',
      'c 10:200 rwm',
      'c 136:* rwm',
      'c 1:3 rwm',
      'c 1:5 rwm',
      'c 1:7 rwm',
      'c 1:8 rwm',
      'c 1:9 rwm',
      'c 5:0 rwm',
      'c 5:2 rwm',
    ]);
  });

  it('raises and lowers limits that the kernel checks against each other', () => {
    const record = made();
    apply(record, {memory: {limit: 33554432n, swap: 33554432n}, cpu: {quota: 10000n, period: 100000n, burst: 10000n}});
    applyLimits(record, {
      memory: {limit: 67108864n, swap: 67108864n},
      cpu: {quota: 90000n, period: 100000n, burst: 90000n},
    });
    expect(read(record, 'memory', 'memory.limit_in_bytes')).toBe('67108864');
    expect(read(record, 'cpu', 'cpu.cfs_burst_us')).toBe('90000');
    applyLimits(record, {
      memory: {limit: 33554432n, swap: 33554432n},
      cpu: {quota: 5000n, period: 5000n, burst: 5000n},
    });
    expect(read(record, 'memory', 'memory.memsw.limit_in_bytes')).toBe('33554432');
    expect(read(record, 'cpu', 'cpu.cfs_quota_us')).toBe('5000');
    applyLimits(record, {memory: {limit: -1n}, cpu: {quota: -1n}});
    expect(BigInt(read(record, 'memory', 'memory.memsw.limit_in_bytes'))).toBeGreaterThan(2n ** 60n);
  });

  it('a refused limit names its property, the file and what was likely meant', () => {
    const record = made();
    const {cpu, cpuset, memory} = record.paths;
    expect(() => apply(record, {cpu: {shares: 1n}})).toThrow(
      `config.json#/linux/resources/cpu/shares: write 1 to cpu.shares of cgroup ${cpu}: the kernel made it 2`,
    );
    expect(() => apply(record, {cpu: {quota: 5n}})).toThrow(
      `config.json#/linux/resources/cpu/quota: write 5 to cpu.cfs_quota_us of cgroup ${cpu}: EINVAL (invalid argument): periods are`,
    );
    expect(() => apply(record, {cpu: {cpus: '900'}})).toThrow(
      new RegExp(
        `^config.json#/linux/resources/cpu/cpus: write 900 to cpuset.cpus of cgroup ${cpuset}: E.*: the cgroup above has cpuset.cpus 0`,
      ),
    );
    expect(() => apply(record, {memory: {swappiness: 1000n}})).toThrow(
      `config.json#/linux/resources/memory/swappiness: write 1000 to memory.swappiness of cgroup ${memory}: EINVAL (invalid argument)`,
    );
    expect(() => apply(record, {blockIO: {throttleReadBpsDevice: [{major: 999n, minor: 9n, rate: 5n}]}})).toThrow(
      /^config.json#\/linux\/resources\/blockIO\/throttleReadBpsDevice\/0: .*: there is no such block device/,
    );
    expect(() => apply(record, {blockIO: {leafWeight: 10}})).toThrow(
      /leafWeight: .*ENOENT .*: no I\/O scheduler with weights/,
    );
    expect(() => apply(record, {rdma: {mlx: {hcaHandles: 1}}})).toThrow(
      /^config.json#\/linux\/resources\/rdma\/mlx: .*controller "rdma"/,
    );
  });

  it('takes processes, freezes them, kills them', async () => {
    const record = made();
    apply(record, {pids: {limit: 10n}});
    const pid = sleeper();
    const exited = new Promise((resolve) => children[0]?.once('exit', resolve));
    join(record, pid);
    expect(processes(record)).toEqual([pid]);
    for (const [controller, directory] of Object.entries(record.paths)) {
      expect(readFileSync(`${directory}/cgroup.procs`, 'utf8'), controller).toBe(`${pid}\n`);
    }
    expect(isFrozen(record)).toBe(false);
    freeze(record);
    expect(isFrozen(record)).toBe(true);
    killAll(record, 15, native);
    expect(isFrozen(record)).toBe(true);
    thaw(record);
    await exited;
    expect(children[0]?.signalCode).toBe('SIGTERM');
    expect(processes(record)).toEqual([]);
  });

  it('SIGKILL reaches what forks, what is frozen and what is in cgroups below', async () => {
    const record = made();
    // It forks only when it is in the cgroups of all controllers: what it left behind in some would not be the container's.
    const script = 'read -r go; while :; do sleep 100 & sleep 0.01; done';
    const child = spawn('sh', ['-c', script], {stdio: ['pipe', 'ignore', 'ignore']});
    children.push(child);
    join(record, child.pid ?? 0);
    child.stdin.end('\n');
    const exited = new Promise((resolve) => child.once('exit', resolve));
    for (const directory of new Set(Object.values(record.paths))) mkdirSync(`${directory}/below`);
    for (const controller of ['cpuset.cpus', 'cpuset.mems']) {
      writeFileSync(`${record.paths.cpuset}/below/${controller}`, read(record, 'cpuset', controller));
    }
    const below: CgroupRecord = {
      ...record,
      paths: Object.fromEntries(Object.entries(record.paths).map(([name, path]) => [name, `${path}/below`])),
    };
    const deep = sleeper();
    join(below, deep);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(processes(record)).toContain(deep);
    expect(processes(record).length).toBeGreaterThan(2);
    freeze(record);
    killAll(record, 9, native);
    await exited;
    // Those that `sh` left behind are reaped by init.
    for (let round = 0; round < 100 && processes(record).length > 0; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(processes(record)).toEqual([]);
  });

  it('kills without the freezer and without cgroup.kill too', async () => {
    const {paths, ...rest} = made();
    const {freezer: _freezer, unified: _unified, ...others} = paths;
    const pid = sleeper();
    const exited = new Promise((resolve) => children[0]?.once('exit', resolve));
    join({paths, ...rest}, pid);
    killAll({...rest, paths: others}, 9, native);
    await exited;
    expect(children[0]?.signalCode).toBe('SIGKILL');
  });

  it('a process with one thread can come in by itself', () => {
    const record = made();
    const files = entranceFiles(record);
    const fd = openEntrance(record);
    expect(fd !== undefined).toBe(record.paths.unified !== undefined);
    if (fd !== undefined) closeSync(fd);
    const script = `for f; do echo 0 > $f || exit 1; done; cat /proc/self/cgroup`;
    const {stdout, status} = spawnSync('sh', ['-c', script, 'sh', ...files], {encoding: 'utf8'});
    expect(status).toBe(0);
    for (const line of stdout
      .trim()
      .split('\n')
      .filter((text) => !text.startsWith('0::') && !/:name=(?!systemd)/.test(text))) {
      expect(line.endsWith(`/${id}`), line).toBe(true);
    }
  });

  it('makes the directories above, shares them, and the last one to go removes them', () => {
    const parent = `/runts-unit-parent-${process.pid}`;
    const first = made(`${parent}/deep/a`);
    const second = made(`${parent}/deep/b`);
    expect(second.ancestors).toEqual(first.ancestors);
    expect(statSync(first.ancestors[0] ?? '').mode & 0o1000).toBe(0o1000);
    removeCgroup(first);
    expect(existsSync(second.paths.memory ?? '')).toBe(true);
    expect(existsSync(first.paths.memory ?? '')).toBe(false);
    removeCgroup(second);
    expect(existsSync(second.ancestors.at(-1) ?? '')).toBe(false);
  });

  it('refuses a cgroup with processes in it, rolls back, and accepts an empty one', () => {
    const record = resolveCgroup(layout, undefined, id, false);
    records.push(record);
    const memory = record.paths.memory ?? '';
    const pids = record.paths.pids ?? '';
    mkdirSync(memory);
    mkdirSync(pids);
    const pid = sleeper();
    writeFileSync(`${pids}/cgroup.procs`, String(pid));
    expect(() => createCgroup(record)).toThrow(`container's cgroup is not empty: 1 process(es) found in ${pids}`);
    expect(existsSync(memory)).toBe(true);
    expect(existsSync(record.paths.devices ?? '')).toBe(false);
    process.kill(pid, 9);
    for (let round = 0; round < 100 && readFileSync(`${pids}/cgroup.procs`, 'utf8') !== ''; round++)
      spawnSync('sleep', ['0.01']);
    createCgroup(record);
  });

  it('refuses to make one below a frozen cgroup', () => {
    const parent = `${layout.hierarchies.find(({controllers}) => controllers.includes('freezer'))?.mountPoint}/${id}-frozen`;
    mkdirSync(parent);
    writeFileSync(`${parent}/freezer.state`, 'FROZEN');
    try {
      const record = resolveCgroup(layout, `/${id}-frozen/c`, id, false);
      records.push(record);
      expect(() => createCgroup(record)).toThrow("container's cgroup unexpectedly frozen");
      expect(existsSync(record.paths.freezer ?? '')).toBe(false);
    } finally {
      rmdirSync(parent);
    }
  });

  it('says who is in the way of removal, and takes absence as done', () => {
    const record = made();
    const pid = sleeper();
    join(record, pid);
    expect(() => removeCgroup(record)).toThrow(
      new RegExp(`^remove cgroup .*: EBUSY .*: 1 process\\(es\\) are in it \\(${pid}\\)$`),
    );
    killAll(record, 9, native);
    for (let round = 0; round < 100 && processes(record).length > 0; round++) spawnSync('sleep', ['0.01']);
    removeCgroup(record);
    removeCgroup(record);
    expect(processes(record)).toEqual([]);
    expect(isFrozen(record)).toBe(false);
    killAll(record, 9, native);
    thaw(record);
  });
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});
