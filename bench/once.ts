// What does not vary from run to run, and so is measured a few times only: system calls, and the memory of a container that
// waits for its start.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Bench} from './cases.ts';
import type {Command} from './meter.ts';
import type {Runtime} from './runtimes.ts';

/** Memory that the first process has for itself between create and start. */
export async function waitingMemory(bench: Bench, runtime: Runtime): Promise<void> {
  const id = bench.id();
  const pidFile = join(bench.workplace.directory, `${id}.pid`);
  await bench.meter.run(runtime.command('create', '--bundle', bench.workplace.plain.short, '--pid-file', pidFile, id));
  const rollup = readFileSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}/smaps_rollup`, 'utf8');
  const pages = [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB/gm)];
  const total = pages.reduce((sum, [, size]) => sum + Number(size), 0);
  bench.samples.add('private memory before start', 'KiB', runtime.name, total);
  await bench.meter.run(runtime.command('delete', '--force', id));
  await bench.meter.reap();
}

/** System calls of each command and of everything that it starts, the container's program included. */
export async function systemCalls(bench: Bench, runtime: Runtime): Promise<void> {
  const {plain, engine} = bench.workplace;
  const count = async (name: string, ...args: readonly string[]): Promise<void> =>
    bench.samples.add(name, 'calls', runtime.name, await traced(bench, runtime.command(...args)));

  await count('run', 'run', '--bundle', plain.short, bench.id());
  await count('run, engine config', 'run', '--bundle', engine, bench.id());
  const id = bench.id();
  bench.samples.add('create', 'calls', runtime.name, await tracedCreate(bench, runtime));
  await bench.meter.run(runtime.command('create', '--bundle', plain.long, id));
  await count('start', 'start', id);
  await count('state', 'state', id);
  await count('exec', 'exec', id, '/bin/true');
  await count('kill', 'kill', id, 'KILL');
  await bench.meter.reap();
  await count('delete', 'delete', id);
}

/** The container, too, is traced, and strace waits for it: so it is killed once it is there. */
async function tracedCreate(bench: Bench, runtime: Runtime): Promise<number> {
  const id = bench.id();
  const {directory, plain} = bench.workplace;
  const pidFile = join(directory, `${id}.pid`);
  const calls = traced(bench, runtime.command('create', '--bundle', plain.long, '--pid-file', pidFile, id));
  for (let tries = 0; !existsSync(pidFile) && tries < 1000; tries++) await sleep(10);
  await sleep(300);
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  const result = await calls;
  await bench.meter.run(runtime.command('delete', '--force', id));
  return result;
}

async function traced({workplace}: Bench, command: Command): Promise<number> {
  const summary = join(workplace.directory, 'strace');
  const child = spawn(
    'env',
    [
      ...command.filter((word) => word.startsWith('RUNTS_')),
      'strace',
      '-f',
      '-c',
      '-o',
      summary,
      ...command.filter((word) => !word.startsWith('RUNTS_')),
    ],
    {stdio: ['ignore', 'ignore', 'pipe']},
  );
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`strace ${command.join(' ')}: exit code ${code}\n${said}`);
  const [, calls] = /^100\.00\s+\S+\s+\S+\s+(\d+)/m.exec(readFileSync(summary, 'utf8')) ?? [];
  if (calls === undefined) throw new Error(`strace gave no summary of ${command.join(' ')}`);
  return Number(calls);
}
