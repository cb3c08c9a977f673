// Runs once around all integration tests: builds what they share, and at the end fails the run if the machine holds
// anything that it did not hold before.
import {execFileSync} from 'node:child_process';
import {chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TestProject} from 'vitest/node';
import {startAgent, type TestAgent} from './agent.ts';
import {BINARY} from './binary.ts';
import {allCgroups, entries, processesOf, read, until} from './inspect.ts';

// Podman makes these and keeps them; no runtime can know.
const PODMANS_OWN = /\/libpod_parent(\/conmon)?$/;

/** Made from the C files next to this one. Static: some run in containers. */
const PROGRAMS = ['recvfd', 'seccomp-agent', 'syscalls', 'filter-flags', 'notify', 'onlooker'];

const DEFAULT_ROOTS = ['/run/runts', '/run/runc'];

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (const [need, remedy] of [
    ['/bin/busybox', 'apt-get install busybox-static'],
    ['/usr/bin/gcc', 'apt-get install gcc'],
  ] as const) {
    if (!existsSync(need)) throw new Error(`the integration tests need ${need}: ${remedy}`);
  }
  if (process.getuid?.() !== 0) throw new Error('the integration tests make containers as root: run them as root');

  const shared = mkdtempSync(join(tmpdir(), 'runts-it-'));
  chmodSync(shared, 0o711); // root of a user namespace is nobody here
  copyFileSync('/bin/busybox', join(shared, 'busybox'));
  for (const name of PROGRAMS) {
    const [source, program] = [join(import.meta.dirname, `${name}.c`), join(shared, name)];
    execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-pthread', '-static', '-o', program, source], {stdio: 'inherit'});
  }
  project.provide('shared', shared);

  const before = snapshot();
  const agent = process.env['RUNTS_TEST_AGENT'] === '1' ? await startAgent(BINARY, shared) : undefined;
  project.provide('agentSocket', agent?.socket ?? '');
  return async () => {
    await stopAgent(agent);
    rmSync(join(shared, 'agent'), {recursive: true, force: true});
    const found = (): string[] => survivors(shared, before);
    // Other work on the machine comes and goes: only what stays is ours.
    await until('a clean machine', () => found().length === 0, 3000).catch(() => {});
    const left = found();
    if (!read('/proc/self/mountinfo').includes(shared)) rmSync(shared, {recursive: true, force: true});
    if (left.length > 0) throw new Error(`the integration tests left behind:\n${left.join('\n')}`);
  };
}

/** The tests have shown nothing unless it was the agent that has answered them. */
async function stopAgent(agent: TestAgent | undefined): Promise<void> {
  if (agent === undefined) return;
  // Such as at the sight of another build.
  const early = read(`/proc/${agent.pid}/cmdline`) === '';
  const {answered, declined, log} = await agent.stop();
  console.log(`the agent has answered ${answered} calls and declined ${declined}`);
  if (!(answered > 0)) throw new Error(`the agent has answered no call:\n${log}`);
  if (early) throw new Error(`the agent has ended before the tests:\n${log}`);
}

interface Snapshot {
  readonly mounts: ReadonlySet<string>;
  readonly cgroups: ReadonlySet<string>;
  readonly states: ReadonlySet<string>;
}

function snapshot(): Snapshot {
  return {
    mounts: new Set(read('/proc/self/mountinfo').split('\n').map(mountKey)),
    cgroups: new Set(allCgroups().filter((path) => !PODMANS_OWN.test(path))),
    states: new Set(DEFAULT_ROOTS.flatMap(containersIn)),
  };
}

// Caches have names that cannot be ids.
const containersIn = (root: string): string[] =>
  entries(root)
    .filter((name) => /^[\w+.-]+$/.test(name))
    .map((name) => join(root, name));

// Without the mount ids, which tell nothing.
const mountKey = (line: string): string => line.split(' ').slice(2).join(' ');

function survivors(shared: string, before: Snapshot): string[] {
  const now = snapshot();
  const ours = processesOf([shared]);
  const pids = new Set(ours.map(({pid}) => String(pid)));
  return [
    ...[...now.mounts.difference(before.mounts)].map((line) => `mount ${line}`),
    ...[...now.cgroups.difference(before.cgroups)]
      .filter((path) => !isInUse(path, pids))
      .map((path) => `cgroup ${path}`),
    ...[...now.states.difference(before.states)].map((path) => `state ${path}`),
    ...ours.map(({pid, command}) => `process ${pid} ${command}`),
    ...entries(shared)
      .filter((name) => name !== 'busybox' && !PROGRAMS.includes(name))
      .map((name) => `sandbox ${join(shared, name)}`),
  ];
}

/** A cgroup with processes none of which are `ours` belongs to other work on this machine. */
function isInUse(cgroup: string, ours: ReadonlySet<string>): boolean {
  const members = read(join(cgroup, 'cgroup.procs'))
    .split('\n')
    .filter((pid) => pid !== '');
  const here = members.length > 0 && !members.some((pid) => ours.has(pid));
  return here || entries(cgroup).some((name) => isInUse(join(cgroup, name), ours));
}
