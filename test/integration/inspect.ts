// What the kernel says: processes, mounts and cgroups, and which of them belong to a sandbox. Reads only.
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';

/** The text of a file, '' when it cannot be read (the process behind a /proc file may be gone at any moment). */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

export function entries(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

export interface MountLine {
  readonly root: string;
  readonly target: string;
  /** Mount options proper: ro, nosuid, relatime, .. */
  readonly options: readonly string[];
  /** shared:N, master:N, unbindable */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  /** Options of the filesystem (superblock): size=.., mode=.. */
  readonly data: readonly string[];
}

/** Parses /proc/PID/mountinfo; proc_pid_mountinfo(5). */
export function parseMountinfo(text: string): MountLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [left = '', right = ''] = line.split(' - ');
      const [, , , root = '', target = '', options = '', ...propagation] = left.split(' ');
      const [type = '', source = '', data = ''] = right.split(' ');
      return {root, target, options: options.split(','), propagation, type, source, data: data.split(',')};
    });
}

/** The last mount on `target`, or an error that lists what there is. */
export function mountAt(mountinfo: string, target: string): MountLine {
  const found = parseMountinfo(mountinfo).findLast((line) => line.target === target);
  if (found === undefined) throw new Error(`nothing is mounted on ${target}:\n${mountinfo}`);
  return found;
}

/** Mount points of all cgroup hierarchies, v1 and v2. */
export function hierarchies(): string[] {
  return parseMountinfo(read('/proc/self/mountinfo'))
    .filter(({type}) => type === 'cgroup' || type === 'cgroup2')
    .map(({target}) => target);
}

/** Directory of one v1 controller's hierarchy. */
export function hierarchy(controller: string): string {
  const found = parseMountinfo(read('/proc/self/mountinfo')).find(
    ({type, data}) => type === 'cgroup' && (data.includes(controller) || data.includes(`name=${controller}`)),
  );
  if (found === undefined) throw new Error(`no hierarchy has the controller ${controller}`);
  return found.target;
}

/** Every cgroup directory below the hierarchies' roots. */
export function allCgroups(): string[] {
  const found: string[] = [];
  const walk = (dir: string): void => {
    let children: string[] = [];
    try {
      children = readdirSync(dir, {withFileTypes: true})
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(dir, entry.name));
    } catch {
      return; // removed meanwhile
    }
    found.push(...children);
    children.forEach(walk);
  };
  hierarchies().forEach(walk);
  return found;
}

/** Directory of `controller` ('memory', 'cpu', ..) of a process, as an absolute path. */
export function cgroupOf(pid: number, controller: string): string {
  for (const line of read(`/proc/${pid}/cgroup`).split('\n')) {
    const [, names = '', ...path] = line.split(':');
    if (names.split(',').some((name) => name === controller || name === `name=${controller}`)) {
      return join(hierarchy(controller), path.join(':'));
    }
  }
  throw new Error(`process ${pid} is in no cgroup of ${controller}`);
}

/** Value of a line `Name:\tvalue` of /proc/PID/status or alike. */
export function field(text: string, name: string): string {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`no line ${name} in:\n${text}`);
  return line.slice(name.length + 1).trim();
}

/** [soft, hard] of a line of /proc/PID/limits. */
export function limit(text: string, name: string): [string, string] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(name));
  const [soft = '', hard = ''] = line?.slice(name.length).trim().split(/\s+/) ?? [];
  return [soft, hard];
}

export function isAlive(pid: number): boolean {
  const state = /^State:\s+(\S)/m.exec(read(`/proc/${pid}/status`))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

export interface ProcessInfo {
  readonly pid: number;
  readonly name: string;
  readonly command: string;
}

/** Processes that have to do with `marks` (a sandbox directory, a token): by command line, environment, cgroup, working
 * directory, root, or a mount in their mount namespace. */
export function processesOf(marks: readonly string[]): ProcessInfo[] {
  const seen = new Map<string, boolean>([[link('/proc/self/ns/mnt'), false]]);
  const touches = (text: string): boolean => marks.some((mark) => text.includes(mark));
  const namespaceTouches = (pid: string): boolean => {
    const namespace = link(`/proc/${pid}/ns/mnt`);
    if (!seen.has(namespace)) seen.set(namespace, touches(read(`/proc/${pid}/mountinfo`)));
    return seen.get(namespace) === true;
  };
  return entries('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && link(`/proc/${name}/exe`) !== '')
    .filter(
      (pid) =>
        ['cmdline', 'environ', 'cgroup'].some((file) => touches(read(`/proc/${pid}/${file}`))) ||
        ['cwd', 'root', 'exe'].some((file) => touches(link(`/proc/${pid}/${file}`))) ||
        namespaceTouches(pid),
    )
    .map((pid) => ({
      pid: Number(pid),
      name: read(`/proc/${pid}/comm`).trim(),
      command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
    }));
}

/** What of a sandbox is still on the machine, in words; empty is clean. */
export function leftovers(sandbox: {dir: string; token: string; root: string; temp: string}): string[] {
  const marks = [sandbox.dir, sandbox.token];
  const touches = (text: string): boolean => marks.some((mark) => text.includes(mark));
  return [
    ...processesOf(marks).map(({pid, name, command}) => `process ${pid} (${name}) ${command}`),
    ...read('/proc/self/mountinfo')
      .split('\n')
      .filter(touches)
      .map((line) => `mount ${line}`),
    ...allCgroups()
      .filter(touches)
      .map((dir) => `cgroup ${dir}`),
    ...entries(sandbox.root)
      .filter((name) => name.includes(sandbox.token))
      .map((name) => `state ${join(sandbox.root, name)}`),
    ...entries(sandbox.temp).map((name) => `temporary file ${join(sandbox.temp, name)}`),
  ];
}

/** Polls until `condition` returns something truthy; throws after `milliseconds` saying what was waited for. */
export async function until<T>(
  what: string,
  condition: () => T,
  milliseconds = 5000,
): Promise<NonNullable<Awaited<T>>> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`waited ${milliseconds} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
