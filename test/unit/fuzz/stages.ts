// A text through everything that runts decides before it acts, and what must hold of the outcome.
import {deviceProgram} from '../../../src/cgroups/devices-program.ts';
import {deviceRules} from '../../../src/cgroups/device-rules.ts';
import {type ResourceWrites, resourceWrites} from '../../../src/cgroups/resources.ts';
import {deviceWrites} from '../../../src/cgroups/v1/devices.ts';
import {parseJson} from '../../../src/config/json.ts';
import {parseConfig} from '../../../src/config/load.ts';
import {ConfigError, RuntsError} from '../../../src/errors.ts';
import type {Shape} from '../../../src/config/tidy.ts';
import type {Config} from '../../../src/generated/config.ts';
import {shapeOfConfig} from '../../../src/generated/shapes.ts';
import {compilePlan} from '../../../src/plan/compile.ts';
import {encodePlan} from '../../../src/plan/encode.ts';
import type {PlanInput} from '../../../src/plan/input.ts';
import {normaliseSeccomp} from '../../../src/plan/seccomp.ts';
import {minimalInput, v1Cgroup, v1Layout, v2Layout} from '../plan/input.ts';

/** How far a text came. */
export type Outcome = 'no JSON' | 'refused' | 'planned';

/** Throws an Error that says what is wrong with how runts takes `text`. */
export function outcomeOf(text: string): Outcome {
  let config: Config;
  try {
    config = parseConfig(text).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) return checkSyntaxError(error, text);
    checkPlaces(error, text);
    return 'refused';
  }
  const stages = [
    () => checkWrites(resourceWrites(config.linux?.resources ?? {}, () => 1)),
    () => checkWrites(resourceWrites(config.linux?.resources ?? {}, () => 2)),
    () => deviceWrites(deviceRules(config.linux?.resources?.devices)),
    () => deviceProgram(deviceRules(config.linux?.resources?.devices)),
    () => config.linux?.seccomp && normaliseSeccomp(config.linux.seccomp),
    () => checkPlan(inputFor(config, v1Cgroup, v1Layout)),
    () => checkPlan(inputFor(config, {...v1Cgroup, version: 2, paths: {unified: '/sys/fs/cgroup/web'}}, v2Layout)),
  ];
  // All of them, also when one has refused: what v1 cannot do is fine on v2.
  return stages.map((stage) => passes(stage, text)).every(Boolean) ? 'planned' : 'refused';
}

function passes(stage: () => unknown, text: string): boolean {
  try {
    stage();
    return true;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    checkPlaces(error, text);
    return false;
  }
}

/** The facts that the life cycle would gather for this config. */
function inputFor(config: Config, cgroup: PlanInput['cgroup'], layout: PlanInput['layout']): PlanInput {
  const joined = (config.linux?.namespaces ?? []).filter(({path}) => path !== undefined);
  return {
    ...minimalInput,
    config,
    cgroup,
    layout,
    namespaceFds: new Map(joined.map(({type}, index) => [type, 20 + index])),
    ...(config.linux?.seccomp === undefined ? {} : {seccomp: {program: new Uint8Array(8), flags: 0}}),
  };
}

function checkPlan(input: PlanInput): void {
  const {steps} = compilePlan(input);
  encodePlan({steps});
  for (const step of steps) {
    for (const value of Object.values(step).flat()) {
      if (typeof value === 'string' && value.includes('\0')) throw new Error(`a NUL byte in ${step.op}`);
    }
  }
}

function checkWrites({families}: ResourceWrites): void {
  for (const {file, value} of families.flat()) {
    if (/\0|^$/.test(file) || file.includes('/') || value.includes('\0')) throw new Error(`a write to ${file}`);
    if (/NaN|undefined|Infinity|\[object/.test(`${file} ${value}`)) throw new Error(`${file} = ${value}`);
  }
}

/** Every place that an error names is in the document, or could be and is missing. */
export function checkPlaces(error: ConfigError, text: string, shape: Shape = shapeOfConfig): void {
  if (error.problems.length === 0) throw new Error('refused without a reason');
  const document = parseJson(text, 'f');
  for (const {pointer, message} of error.problems) {
    if (!leadsSomewhere(document, pointer, shape)) throw new Error(`${pointer} is not in the file: ${message}`);
    if (/undefined|NaN|\[object/.test(message.replace(/"(?:[^"\\]|\\.)*"/g, '')))
      throw new Error(`odd words: ${message}`);
  }
}

function leadsSomewhere(document: unknown, pointer: string, top: Shape): boolean {
  let value = document;
  let shape: Shape | undefined = top;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    shape = inside(shape, key);
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    if (!isThere && (shape === undefined || typeof value !== 'object')) return false;
    value = isThere ? (value as Record<string, unknown>)[key] : {};
  }
  return true;
}

/** The shape of a member, as far as shapes go; undefined for what no config has. */
function inside(shape: Shape | undefined, key: string): Shape | undefined {
  if (typeof shape !== 'object') return shape;
  if ('fields' in shape) return Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
  return 'items' in shape ? shape.items : shape.values;
}

/** What is no JSON is told with a line and a column of the text, in one line. */
export function checkSyntaxError(error: unknown, text: string): Outcome {
  if (!(error instanceof RuntsError)) throw error;
  if (/nested too deeply$/.test(error.message)) return 'no JSON';
  const [, line = '', column = ''] = /config\.json:(\d+):(\d+): [^\n]+$/.exec(error.message) ?? [];
  const written = text.replace(/^\ufeff/, '').split('\n')[Number(line) - 1];
  if (written === undefined || Number(column) < 1 || Number(column) > written.length + 1) {
    throw new Error(`not a place of the text: ${error.message}`);
  }
  return 'no JSON';
}
