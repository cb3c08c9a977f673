// `make test-scale`: a thousand containers alive at once, and fifty created at the same time. What must hold whatever the
// machine does meanwhile is asserted: nothing fails, all are listed, and nothing is left behind. Times are printed only.
import {execFileSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {allCgroups, processesOf, read} from '../test/integration/inspect.ts';
import {makeWorkplace, type Workplace} from './bundles.ts';
import {check} from './check.ts';
import type {Bench} from './cases.ts';
import {openMeter} from './meter.ts';
import {grow, sample, shrink} from './present.ts';
import {findRuntimes, type Runtime} from './runtimes.ts';
import {createSamples, summarize} from './statistics.ts';

const {values: options} = parseArgs({
  options: {
    count: {type: 'string', default: '1000'},
    runtime: {type: 'string', default: 'runts'},
  },
});
const count = Number(options.count);
const CROWD = 50;

function listed(command: readonly string[]): number {
  return execFileSync('env', command, {encoding: 'utf8', maxBuffer: 1 << 26})
    .trim()
    .split('\n')
    .filter(Boolean).length;
}

/** Whatever the machine still has of us. */
function leftovers({directory, states}: Workplace, token: string): readonly string[] {
  const ids = readdirSync(states).flatMap((name) =>
    readdirSync(join(states, name)).filter((entry) => !entry.includes('@')),
  );
  const mounts = read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(directory) || line.includes(states));
  const cgroups = allCgroups().filter((path) => path.includes(token));
  const sleepers = processesOf([token]).map((process) => JSON.stringify(process));
  return [...ids, ...mounts, ...cgroups, ...sleepers];
}

async function live(bench: Bench, runtime: Runtime): Promise<void> {
  const ids: string[] = [];
  try {
    await sample(bench, runtime, 'create, none present');
    await grow(bench, runtime, ids, count);
    check(
      listed(runtime.command('list', '-q')) === count,
      `${count} containers live at once, and list shows all of them`,
    );
    await sample(bench, runtime, `create, ${count} present`);
    for (let time = 0; time < 5; time++) {
      const {milliseconds} = await bench.meter.run(runtime.command('list'));
      bench.samples.add(`list of ${count}`, 'ms', runtime.name, milliseconds);
    }
  } finally {
    await shrink(bench, runtime, ids);
  }
}

async function crowd(bench: Bench, runtime: Runtime): Promise<void> {
  const ids = Array.from({length: CROWD}, () => bench.id());
  const {long} = bench.workplace.plain;
  try {
    const {milliseconds} = await bench.meter.runAll(ids.map((id) => runtime.command('create', '--bundle', long, id)));
    bench.samples.add(`create x${CROWD} at once`, 'ms', runtime.name, milliseconds);
    check(listed(runtime.command('list', '-q')) === CROWD, `${CROWD} creates at once all succeed`);
  } finally {
    await shrink(bench, runtime, ids);
  }
}

const workplace = makeWorkplace();
const meter = openMeter(join(import.meta.dirname, '../build/measure'), join(workplace.directory, 'errors'));
const samples = createSamples();
const token = `scale-${process.pid}-`;
let next = 0;
try {
  const [runtime] = await findRuntimes([options.runtime], workplace.states);
  if (runtime === undefined) throw new Error(`there is no ${options.runtime}`);
  const bench = {meter, workplace, samples, id: () => `${token}${++next}`};
  await live(bench, runtime);
  await crowd(bench, runtime);
  const left = leftovers(workplace, token);
  check(left.length === 0, `nothing is left behind${left.map((line) => `\n${line}`).join('')}`);
  for (const {name, unit, samples: values} of samples.metrics()) {
    const median = summarize(values.get(runtime.name))?.median;
    if (unit === 'ms' || unit === 'CPU ms') console.log(`      ${name}: ${median?.toFixed(1)} ${unit}`);
  }
} finally {
  await meter.close();
  workplace.remove();
}
