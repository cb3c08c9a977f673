// What is measured, one function a case. Each makes what it needs, measures, and leaves nothing behind.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Workplace} from './bundles.ts';
import type {Cost, Meter} from './meter.ts';
import {NODE, type Runtime} from './runtimes.ts';
import type {Samples} from './statistics.ts';

export interface Bench {
  readonly meter: Meter;
  readonly workplace: Workplace;
  readonly samples: Samples;
  /** An id that nobody has. */
  id(): string;
}

export interface Case {
  readonly name: string;
  /** It comes in every n-th round. */
  readonly every: number;
  measure(bench: Bench, runtime: Runtime): Promise<void>;
}

/** How many are started at once. */
const CROWD = 50;

/** Keeps what a command has cost under the name of a metric. */
export function record({samples}: Bench, runtime: Runtime, name: string, cost: Cost): number {
  samples.add(name, 'ms', runtime.name, cost.milliseconds);
  samples.add(name, 'CPU ms', runtime.name, cost.processorMs);
  samples.add(name, 'faults', runtime.name, cost.faults);
  samples.add(name, 'MiB', runtime.name, cost.peakMiB);
  return cost.milliseconds;
}

const measured = async (bench: Bench, runtime: Runtime, name: string, ...args: readonly string[]): Promise<number> =>
  record(bench, runtime, name, await bench.meter.run(runtime.command(...args)));

async function empty(bench: Bench, runtime: Runtime): Promise<void> {
  if (runtime.name !== 'runts') return;
  const script = join(bench.workplace.directory, 'empty.cjs');
  writeFileSync(script, '');
  record(bench, runtime, 'empty script', await bench.meter.run([NODE, '--no-warnings', script]));
}

async function version(bench: Bench, runtime: Runtime): Promise<void> {
  await measured(bench, runtime, '--version', '--version');
}

const run = (name: string, bundle: (workplace: Workplace) => string) => async (bench: Bench, runtime: Runtime) => {
  await measured(bench, runtime, name, 'run', '--bundle', bundle(bench.workplace), bench.id());
  await bench.meter.reap();
};

/** Each command of a container that has to be killed, alone. */
async function commands(bench: Bench, runtime: Runtime): Promise<void> {
  const id = bench.id();
  await measured(bench, runtime, 'create', 'create', '--bundle', bench.workplace.plain.long, id);
  await measured(bench, runtime, 'start', 'start', id);
  await measured(bench, runtime, 'state', 'state', id);
  await measured(bench, runtime, 'kill', 'kill', id, 'KILL');
  await bench.meter.reap();
  await measured(bench, runtime, 'delete', 'delete', id);
}

/** create, start, state and delete of a container that ends by itself; only the sum is kept. */
async function life(bench: Bench, runtime: Runtime): Promise<void> {
  const id = bench.id();
  const steps = [['create', '--bundle', bench.workplace.plain.short], ['start'], ['state'], ['delete']];
  let sum = 0;
  for (const step of steps) {
    if (step[0] === 'delete') await bench.meter.reap();
    sum += (await bench.meter.run(runtime.command(...step, id))).milliseconds;
  }
  bench.samples.add('life', 'ms', runtime.name, sum);
}

/** `body` with a running container. */
async function withContainer(bench: Bench, runtime: Runtime, body: (id: string) => Promise<void>): Promise<void> {
  const id = bench.id();
  await bench.meter.run(runtime.command('run', '--detach', '--bundle', bench.workplace.plain.long, id));
  try {
    await body(id);
  } finally {
    await bench.meter.run(runtime.command('delete', '--force', id));
    await bench.meter.reap();
  }
}

const exec = (bench: Bench, runtime: Runtime): Promise<void> =>
  withContainer(bench, runtime, async (id) => {
    for (let time = 0; time < 3; time++) await measured(bench, runtime, 'exec', 'exec', id, '/bin/true');
  });

const execCrowd = (bench: Bench, runtime: Runtime): Promise<void> =>
  withContainer(bench, runtime, async (id) => {
    const crowd = Array.from({length: CROWD}, () => runtime.command('exec', id, '/bin/true'));
    bench.samples.add(`exec x${CROWD}`, 'ms', runtime.name, (await bench.meter.runAll(crowd)).milliseconds);
  });

async function runCrowd(bench: Bench, runtime: Runtime): Promise<void> {
  const {short} = bench.workplace.plain;
  const crowd = Array.from({length: CROWD}, () => runtime.command('run', '--bundle', short, bench.id()));
  bench.samples.add(`run x${CROWD}`, 'ms', runtime.name, (await bench.meter.runAll(crowd)).milliseconds);
  await bench.meter.reap();
}

export const cases: readonly Case[] = [
  {name: 'empty', every: 1, measure: empty},
  {name: 'version', every: 1, measure: version},
  {name: 'run', every: 1, measure: run('run', ({plain}) => plain.short)},
  {name: 'engine', every: 1, measure: run('run, engine config', ({engine}) => engine)},
  {name: 'commands', every: 1, measure: commands},
  {name: 'life', every: 1, measure: life},
  {name: 'exec', every: 1, measure: exec},
  {name: 'exec-crowd', every: 5, measure: execCrowd},
  {name: 'run-crowd', every: 5, measure: runCrowd},
];
