// What a benchmark says: as data, which goes into a JSON file, and as tables.
import {readFileSync} from 'node:fs';
import {cpus, release} from 'node:os';
import type {Goal} from './goals.ts';
import type {Runtime} from './runtimes.ts';
import {type Samples, type Summary, summarize, type Unit} from './statistics.ts';

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  readonly results: Readonly<Record<string, Summary>>;
  /** Medians of the first runtime divided by those of the others: below 1 it needs less. */
  readonly ratios: Readonly<Record<string, number>>;
}

export interface Results {
  readonly date: string;
  readonly machine: {readonly kernel: string; readonly cpus: number; readonly model: string; readonly load: string};
  readonly rounds: number;
  readonly runtimes: readonly {readonly name: string; readonly version: string; readonly path: string}[];
  readonly rows: readonly Row[];
}

export function describe(samples: Samples, runtimes: readonly Runtime[], rounds: number): Results {
  const [first] = runtimes;
  const rows = samples.metrics().map(({name, unit, samples: values}) => {
    const summaries = runtimes.flatMap((runtime) => {
      const summary = summarize(values.get(runtime.name));
      return summary === undefined ? [] : [[runtime.name, summary] as const];
    });
    const results = Object.fromEntries(summaries);
    const own = results[first?.name ?? '']?.median;
    const others = summaries.filter(([runtime]) => runtime !== first?.name);
    const ratios = own === undefined ? [] : others.map(([runtime, {median}]) => [runtime, own / median] as const);
    return {name, unit, results, ratios: Object.fromEntries(ratios)};
  });
  return {
    date: new Date().toISOString(),
    machine: {
      kernel: release(),
      cpus: cpus().length,
      model: cpus()[0]?.model ?? '',
      load: readFileSync('/proc/loadavg', 'latin1').trim(),
    },
    rounds,
    runtimes: runtimes.map(({name, version, path}) => ({name, version, path})),
    rows: rows.toSorted((a, b) => rank(a.name) - rank(b.name)),
  };
}

const ORDER = [
  ...['empty script', '--version', 'run', 'run, engine config', 'create', 'start', 'state', 'kill', 'delete'],
  ...['life', 'exec', 'exec x50', 'run x50'],
];

function rank(name: string): number {
  const place = ORDER.indexOf(name);
  return place < 0 ? ORDER.length : place;
}

const TITLES: Readonly<Record<Unit, string>> = {
  ms: 'Wall time in ms: median (first to last decile)',
  'CPU ms': 'User and system time in ms: median',
  faults: 'Page faults: median',
  MiB: 'Peak resident memory of the largest process, in MiB: median',
  KiB: 'Private memory in KiB: median',
  calls: 'System calls',
};

/** Markdown. */
export function tables(results: Results, goals: readonly Goal[]): string {
  const {machine, runtimes, rounds} = results;
  const versions = runtimes.map(({name, version}) => `${name} ${version}`).join(', ');
  const head = `${machine.model}, ${machine.cpus} CPUs, Linux ${machine.kernel}; ${rounds} rounds; ${versions}`;
  const parts = (Object.keys(TITLES) as Unit[]).map((unit) => table(results, unit)).filter((text) => text !== '');
  const verdicts = goals.map(
    ({text, value, limit, met}) => `| ${text} | ${value.toFixed(2)} | ${limit.toFixed(2)} | ${met ? 'yes' : 'NO'} |`,
  );
  const goalTable = ['| goal | is | at most | met |', '|---|---:|---:|---|', ...verdicts].join('\n');
  return [head, ...parts, ...(verdicts.length > 0 ? [goalTable] : [])].join('\n\n');
}

function table({rows, runtimes}: Results, unit: Unit): string {
  const chosen = rows.filter((row) => row.unit === unit);
  if (chosen.length === 0) return '';
  const names = runtimes.map(({name}) => name);
  const [first, ...others] = names;
  const head = ['', ...names, ...others.map((other) => `${first} / ${other}`)];
  const lines = chosen.map(({name, results, ratios}) => [
    name,
    ...names.map((runtime) => cell(results[runtime], unit)),
    ...others.map((other) => ratios[other]?.toFixed(2) ?? ''),
  ]);
  const rule = `|---|${'---:|'.repeat(head.length - 1)}`;
  return `${TITLES[unit]}\n\n${line(head)}\n${rule}\n${lines.map(line).join('\n')}`;
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function cell(summary: Summary | undefined, unit: Unit): string {
  if (summary === undefined) return '';
  const {median, p10, p90} = summary;
  if (unit !== 'ms') return median.toFixed(unit === 'MiB' || unit === 'CPU ms' ? 1 : 0);
  const digits = median < 100 ? 1 : 0;
  return `${median.toFixed(digits)} (${p10.toFixed(digits)}-${p90.toFixed(digits)})`;
}
