// Thousands of damaged configs: whatever the text, runts answers with a plan or with errors that say where, and soon.
// Reproducible: RUNTS_FUZZ_SEED and RUNTS_FUZZ_RUNS choose other texts, and more of them.
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterAll, describe, expect, it} from 'vitest';
import {parseJson} from '../../../src/config/json.ts';
import {loadConfig, loadProcess, loadResources} from '../../../src/config/load.ts';
import type {Shape} from '../../../src/config/tidy.ts';
import {ConfigError, RuntsError} from '../../../src/errors.ts';
import type {Config} from '../../../src/generated/config.ts';
import {shapeOfConfig, shapeOfProcess, shapeOfResources} from '../../../src/generated/shapes.ts';
import {sample} from '../config/sample.ts';
import {mutatedBytes, mutatedText} from './mutations.ts';
import {checkPlaces, checkSyntaxError, outcomeOf, type Outcome} from './stages.ts';
import {textOf, treeOf} from './tree.ts';

const SEED = Number(process.env['RUNTS_FUZZ_SEED'] ?? 20);
const RUNS = Number(process.env['RUNTS_FUZZ_RUNS'] ?? 10_000);
/** Far more than any of them takes on a busy machine, and far less than forever. */
const PATIENCE_MS = 10_000;

/** Long lists say nothing more than short ones. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 8).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shortened(member)]));
}

const originals = ['config', 'plan'].flatMap((area) => {
  const directory = join(import.meta.dirname, '..', area, 'fixtures');
  const names = readdirSync(directory).filter((name) => name.endsWith('.json'));
  const texts = names.map((name) => readFileSync(join(directory, name), 'utf8'));
  return texts.map((text) => textOf(treeOf(shortened(parseJson(text, 'f')))));
});
const documents = [sample(), ...originals.map((text) => parseJson(text, 'f'))].map(treeOf);

const directory = mkdtempSync(join(tmpdir(), 'runts-fuzz-'));
afterAll(() => rmSync(directory, {recursive: true}));

function inTime<Result>(run: () => Result): Result {
  const began = performance.now();
  const result = run();
  const took = performance.now() - began;
  if (took > PATIENCE_MS) throw new Error(`took ${took} ms`);
  return result;
}

function forAll<Value>(values: fc.Arbitrary<Value>, runs: number, check: (value: Value) => void): void {
  fc.assert(fc.property(values, check), {seed: SEED, numRuns: runs});
  console.log(`${runs} runs with RUNTS_FUZZ_SEED=${SEED}`);
}

describe('damaged configs', () => {
  it('end in a plan or in located errors', {timeout: 300_000}, () => {
    const seen: Record<Outcome, number> = {'no JSON': 0, refused: 0, planned: 0};
    forAll(mutatedText(documents), RUNS, (text) => {
      seen[inTime(() => outcomeOf(text))] += 1;
    });
    // The mutations are neither too harmless nor too harsh to reach all of the code.
    expect(seen.refused).toBeGreaterThan(RUNS / 10);
    expect(seen.planned).toBeGreaterThan(RUNS / 10);
  });

  it.each([
    ['exec', (config: Config) => config.process, loadProcess, shapeOfProcess],
    [
      'update',
      (config: Config) => config.linux?.resources ?? {},
      (file: string) => loadResources(file, file),
      shapeOfResources,
    ],
  ] as const)('are located in the file of %s, too', {timeout: 300_000}, (_, part, load, shape) => {
    const seen = {accepted: 0, refused: 0, syntax: 0, encoding: 0};
    const parts = originals.map((text) => treeOf(part(parseJson(text, 'f') as Config)));
    const file = join(directory, 'config.json');
    forAll(mutatedText(parts), RUNS / 5, (text) => {
      writeFileSync(file, text);
      seen[inTime(() => fate(() => load(file), text.toWellFormed(), shape))] += 1;
    });
    expect(seen.accepted).toBeGreaterThan(RUNS / 50);
    expect(seen.refused).toBeGreaterThan(RUNS / 50);
  });

  it('damaged as bytes of a file, too', {timeout: 300_000}, () => {
    const seen = {accepted: 0, refused: 0, syntax: 0, encoding: 0};
    forAll(mutatedBytes(originals), RUNS / 2, (bytes) => {
      writeFileSync(join(directory, 'config.json'), bytes);
      seen[inTime(() => fate(() => loadConfig(directory), bytes.toString('utf8'), shapeOfConfig))] += 1;
    });
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });
});

function fate(load: () => unknown, text: string, shape: Shape): 'accepted' | 'refused' | 'syntax' | 'encoding' {
  try {
    load();
    return 'accepted';
  } catch (error) {
    if (error instanceof ConfigError) {
      checkPlaces(error, text, shape);
      return 'refused';
    }
    if (!(error instanceof RuntsError)) throw error;
    checkSyntaxError(error, text);
    return error.message.endsWith('a byte that is not UTF-8') ? 'encoding' : 'syntax';
  }
}

describe('parseJson', () => {
  it('accepts what JSON.parse accepts, and reads it alike but for long integers', () => {
    forAll(mutatedBytes(originals), RUNS / 5, (bytes) => {
      const text = bytes.toString('utf8');
      let expected: unknown;
      try {
        expected = JSON.parse(text.replace(/^\ufeff/, ''));
      } catch {
        expect(() => parseJson(text, 'f')).toThrow(RuntsError);
        return;
      }
      expect(rounded(parseJson(text, 'f'))).toStrictEqual(expected);
    });
  });

  it('keeps every integer of up to 40 digits', () => {
    const integer = fc.bigInt({min: -(10n ** 39n) + 1n, max: 10n ** 39n - 1n});
    forAll(fc.tuple(fc.array(integer), fc.constantFrom('', ' ', '\n\t')), RUNS, ([integers, space]) => {
      const text = `{${space}"a":${space}[${space}${integers.join(`${space},${space}`)}${space}]}`;
      const {a} = parseJson(text, 'f') as {a: (number | bigint)[]};
      expect(a.map(BigInt)).toEqual(integers);
    });
  });
});

/** The same value as JSON.parse would have it. */
function rounded(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rounded(member)]));
}
