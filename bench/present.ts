// What one `create` costs when many containers are there already. It comes last, one runtime after the other, since a
// thousand containers of one weigh on the others, too.
import {type Bench, record} from './cases.ts';
import type {Runtime} from './runtimes.ts';

const LEVELS = [0, 100, 1000];
const SAMPLES = 20;
/** How many containers are made at a time to get there. */
const WIDTH = 4;

export async function present(bench: Bench, runtime: Runtime): Promise<void> {
  const ids: string[] = [];
  try {
    for (const level of LEVELS) {
      await grow(bench, runtime, ids, level);
      await sample(bench, runtime, `create, ${level} present`);
      if (level > 0) record(bench, runtime, `list, ${level} present`, await bench.meter.run(runtime.command('list')));
    }
  } finally {
    await shrink(bench, runtime, ids);
  }
  // The machine may have become slower meanwhile.
  await sample(bench, runtime, 'create, 0 present');
}

/** Makes and deletes some containers more. */
export async function sample(bench: Bench, runtime: Runtime, name: string): Promise<void> {
  for (let time = 0; time < SAMPLES; time++) {
    const id = bench.id();
    const create = runtime.command('create', '--bundle', bench.workplace.plain.long, id);
    record(bench, runtime, name, await bench.meter.run(create));
    await bench.meter.run(runtime.command('delete', '--force', id));
  }
}

/** Has `level` containers run; adds their ids. */
export async function grow(bench: Bench, runtime: Runtime, ids: string[], level: number): Promise<void> {
  while (ids.length < level) {
    const more = Array.from({length: Math.min(WIDTH, level - ids.length)}, () => bench.id());
    ids.push(...more);
    const {long} = bench.workplace.plain;
    await bench.meter.runAll(more.map((id) => runtime.command('run', '--detach', '--bundle', long, id)));
  }
}

/** Kills and deletes them. */
export async function shrink(bench: Bench, runtime: Runtime, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += WIDTH) {
    await bench.meter.runAll(ids.slice(at, at + WIDTH).map((id) => runtime.command('delete', '--force', id)));
  }
  await bench.meter.reap();
}
