// `make bench`: runts beside other runtimes, on the same bundles, in one interleaved run: whatever the machine does meanwhile
// happens to all of them. In each round every case is measured once with every runtime, in random order.
//
//   --rounds N           30 unless given
//   --only CASE,CASE     some of the cases: those of cases.ts, "calls", "memory" and "present"
//   --runtimes NAME,..   of runts, "runts agent" (the resident mode), runc and crun; NAME=PATH for any other binary
//   --json FILE          build/bench.json unless given
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {makeWorkplace} from './bundles.ts';
import {type Bench, cases} from './cases.ts';
import {goals} from './goals.ts';
import {openMeter} from './meter.ts';
import {systemCalls, waitingMemory} from './once.ts';
import {present} from './present.ts';
import {describe, tables} from './report.ts';
import {findRuntimes, type Runtime} from './runtimes.ts';
import {createSamples} from './statistics.ts';

type Measure = (bench: Bench, runtime: Runtime) => Promise<void>;

const project = resolve(import.meta.dirname, '..');

/** After the rounds, and how many times. */
const extras: Readonly<Record<string, {readonly times: number; readonly measure: Measure}>> = {
  calls: {times: 1, measure: systemCalls},
  memory: {times: 3, measure: waitingMemory},
  present: {times: 1, measure: present},
};

const {values: options} = parseArgs({
  options: {
    rounds: {type: 'string', default: '30'},
    only: {type: 'string', default: [...cases.map(({name}) => name), ...Object.keys(extras)].join(',')},
    runtimes: {type: 'string', default: 'runts,runts agent,runc,crun'},
    json: {type: 'string', default: join(project, 'build/bench.json')},
  },
});

function shuffled<Item>(items: readonly Item[]): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
}

async function measureAll(bench: Bench, runtimes: readonly Runtime[]): Promise<void> {
  const wanted = options.only.split(',');
  const unknown = wanted.filter((name) => !(name in extras) && !cases.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}`);
  const chosen = cases.filter(({name}) => wanted.includes(name));

  // The first time of anything fills caches.
  for (const {measure} of chosen)
    for (const runtime of runtimes) await measure({...bench, samples: createSamples()}, runtime);
  for (let round = 0; round < Number(options.rounds); round++) {
    progress(`round ${round + 1} of ${options.rounds}`);
    const due = chosen.filter(({every}) => round % every === 0);
    const jobs = due.flatMap(({measure}) => runtimes.map((runtime) => ({measure, runtime})));
    for (const {measure, runtime} of shuffled(jobs)) await measure(bench, runtime);
  }
  for (const [name, {times, measure}] of Object.entries(extras)) {
    if (!wanted.includes(name)) continue;
    for (let time = 0; time < times; time++) {
      for (const runtime of runtimes) {
        progress(`${name}: ${runtime.name}`);
        await measure(bench, runtime);
      }
    }
  }
  progress('');
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const workplace = makeWorkplace();
const samples = createSamples();
const meter = openMeter(join(project, 'build/measure'), join(workplace.directory, 'errors'));
let runtimes: readonly Runtime[] = [];
let count = 0;
try {
  runtimes = await findRuntimes(options.runtimes.split(','), workplace.states);
  await measureAll({meter, workplace, samples, id: () => `bench-${process.pid}-${++count}`}, runtimes);
  const results = describe(samples, runtimes, Number(options.rounds));
  mkdirSync(dirname(options.json), {recursive: true});
  writeFileSync(options.json, `${JSON.stringify({...results, goals: goals(results)}, null, 2)}\n`);
  console.log(tables(results, goals(results)));
} finally {
  for (const runtime of runtimes) await runtime.close();
  await meter.close();
  workplace.remove();
}
