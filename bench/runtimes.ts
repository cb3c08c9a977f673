// The runtimes that are compared.
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {delimiter, join, resolve} from 'node:path';
import type {Command} from './meter.ts';

export interface Runtime {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  /** argv of one of its commands, with a state root of its own. */
  command(...args: readonly string[]): Command;
  /** Ends what it keeps running. */
  close(): Promise<void>;
}

const dist = resolve(import.meta.dirname, '../dist');

/** The Node that runs runts: the floor of its direct mode. */
export const NODE = join(dist, 'node');

/** `choices` are NAME or NAME=PATH; runts, runc and crun are found without a path. `directory` is for their states. */
export async function findRuntimes(choices: readonly string[], directory: string): Promise<readonly Runtime[]> {
  const runtimes: Runtime[] = [];
  for (const choice of choices) {
    const [name = '', given] = choice.split('=');
    const resident = name === 'runts agent';
    const path = given ?? (name.startsWith('runts') ? join(dist, 'runts') : inPath(name));
    const root = join(directory, `state-${runtimes.length}`);
    if (resident && !hasAgent(path)) continue;
    const stop = resident ? await startAgent(path, root) : async () => {};
    runtimes.push({
      name,
      path,
      version: versionOf(path),
      // Whatever agent may run on this machine.
      command: (...args) => [...(resident ? [] : ['RUNTS_AGENT=never']), path, '--root', root, ...args],
      close: stop,
    });
  }
  return runtimes;
}

function inPath(name: string): string {
  const folders = `${process.env['PATH']}:/usr/sbin:/sbin`.split(delimiter);
  const path = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (path === undefined) throw new Error(`${name} is not in PATH; name it as ${name}=PATH`);
  return path;
}

function versionOf(path: string): string {
  return /[\d.]+\S*/.exec(execFileSync(path, ['--version'], {encoding: 'utf8'}))?.[0] ?? 'unknown';
}

function hasAgent(path: string): boolean {
  try {
    execFileSync(path, ['agent', '--help'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
}

/** The resident process of one state root; returns what ends it. */
async function startAgent(path: string, root: string): Promise<() => Promise<void>> {
  const agent = spawn(path, ['--root', root, 'agent'], {stdio: ['ignore', 'ignore', 'inherit']});
  for (let tries = 0; !existsSync(join(root, 'agent@socket')); tries++) {
    if (tries === 200 || agent.exitCode !== null) throw new Error(`${path} agent does not listen in ${root}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
  return async () => {
    agent.kill('SIGTERM');
    if (agent.exitCode === null) await once(agent, 'exit');
  };
}
