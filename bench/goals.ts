// What runts promises about its speed, as ratios of one interleaved run. A goal is left out when what it needs was not measured.
import type {Results, Row} from './report.ts';
import type {Unit} from './statistics.ts';

export interface Goal {
  readonly text: string;
  readonly value: number;
  readonly limit: number;
  readonly met: boolean;
}

/** How much above an empty script of Node a short command may be, in ms. */
const ABOVE_EMPTY_MS = 4;

export function goals({rows}: Results): readonly Goal[] {
  const found: Goal[] = [];
  const median = (runtime: string, name: string, unit: Unit = 'ms'): number | undefined =>
    rows.find((row: Row) => row.name === name && row.unit === unit)?.results[runtime]?.median;
  const check = (text: string, value: number | undefined, limit: number | undefined): void => {
    if (value !== undefined && limit !== undefined) found.push({text, value, limit, met: value <= limit});
  };
  const ratio = (runtime: string, name: string, other: string, limit: number, otherName = name): void => {
    const [own, base] = [median(runtime, name), median(other, otherName)];
    const text = runtime === other ? `${name} / ${otherName}, ${runtime}` : `${name}: ${runtime} / ${other}`;
    if (own !== undefined && base !== undefined) check(text, own / base, limit);
  };

  ratio('runts', 'run', 'runc', 1.3);
  ratio('runts', 'run, engine config', 'runc', 0.6);
  const empty = median('runts', 'empty script');
  for (const name of ['state', 'kill', 'delete']) {
    const own = median('runts', name);
    if (own !== undefined && empty !== undefined)
      check(`${name}: ms above an empty script`, own - empty, ABOVE_EMPTY_MS);
  }
  ratio('runts', 'create, 1000 present', 'runts', 1.2, 'create, 0 present');
  check('list of 1000: ms', median('runts', 'list, 1000 present'), 50);
  check('private memory before start: KiB', median('runts', 'private memory before start', 'KiB'), 1024);

  for (const name of ['run', 'run, engine config', 'life', 'state']) ratio('runts agent', name, 'crun', 0.5);
  ratio('runts agent', 'exec', 'crun', 0.6);
  return found;
}
