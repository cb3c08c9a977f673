// What plan/encode.ts writes is what the C decoder reads: every operation, every operand, through the dump of
// build/native-test/plan_test.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {encodePlan} from '../../src/plan/encode.ts';
import {type FieldTypes, type OperationName, operations, type Step} from '../../src/plan/operations.ts';

const dumper = join(import.meta.dirname, '../../build/native-test/plan_test');

// A value of each kind that tells apart width, sign, order and ends; and how the dump shows it.
const samples: {[Kind in keyof FieldTypes]: {value: FieldTypes[Kind]; shown: string}} = {
  u32: {value: 0xfedcba98, shown: '4275878552'},
  i32: {value: -1000, shown: '-1000'},
  u64: {value: 0xfedcba9876543210n, shown: '18364758544493064720'},
  flag: {value: true, shown: 'true'},
  str: {value: 'größer /€', shown: "'größer /€'"},
  strs: {value: ['', 'a b', 'ü'], shown: "''|'a b'|'ü'"},
  u32s: {value: [0, 1, 0xffffffff], shown: '0|1|4294967295'},
  bytes: {value: Uint8Array.of(0, 255, 16), shown: '00ff10'},
  fd: {value: -1, shown: '-1'},
};

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function sampleStep(name: OperationName): {step: Step; line: string} {
  const fields = Object.entries(operations[name]) as [string, keyof FieldTypes][];
  const values = fields.map(([field, kind]) => [field, samples[kind].value]);
  const shown = fields.map(([field, kind]) => ` ${snake(field)}=${samples[kind].shown}`);
  return {step: {op: name, at: '', ...Object.fromEntries(values)} as Step, line: snake(name) + shown.join('')};
}

function dump(plan: Uint8Array): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'runts-plan-'));
  try {
    writeFileSync(join(directory, 'plan'), plan);
    const text = execFileSync(dumper, ['--dump', join(directory, 'plan')], {encoding: 'utf8'});
    return text.trimEnd().split('\n');
  } finally {
    rmSync(directory, {recursive: true});
  }
}

describe('plan: TypeScript and C agree', () => {
  const names = Object.keys(operations) as OperationName[];

  it.each(names)('on every operand of %s', (name) => {
    const {step, line} = sampleStep(name);
    expect(dump(encodePlan({steps: [step]}))).toEqual([line]);
  });

  it('on a plan of all operations, in order', () => {
    const all = names.map(sampleStep);
    expect(dump(encodePlan({steps: all.map(({step}) => step)}))).toEqual(all.map(({line}) => line));
  });

  it('on a plan larger than the first buffer', () => {
    // Every operation many times over, so that numbers, strings and lists each get to be what does not fit any more.
    const all = Array.from({length: 40}, () => names.map(sampleStep)).flat();
    expect(dump(encodePlan({steps: all.map(({step}) => step)}))).toEqual(all.map(({line}) => line));
    const long: Step = {op: 'hostname', name: 'x'.repeat(100_000), at: ''};
    expect(dump(encodePlan({steps: [long, sampleStep('user').step]}))).toHaveLength(2);
  });
});
