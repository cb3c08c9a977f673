// argv → values of a table. Engines speak the flag syntax of Go's runc: single-dash long flags, `--flag=value` and
// `--flag value`, `--bool=false`, `--` as the end of flags. That syntax is rewritten here into what yargs-parser reads in
// one way only, and yargs-parser turns it into typed values.
import yargsParser from 'yargs-parser';
import {RuntsError} from '../errors.ts';
import type {Option, Values} from './options.ts';
import {flagError} from './usage-error.ts';

export interface Parsed<Options extends readonly Option[]> {
  readonly values: Values<Options>;
  readonly args: readonly string[];
  /** The first mistake. Parsing goes on after it, so that a later --log is known when it is reported. */
  readonly error: RuntsError | undefined;
}

export interface ParseRules {
  readonly scope: 'global' | 'command';
  /** Flags end at the first argument; otherwise they may stand anywhere before `--`. */
  readonly stopAtArgument: boolean;
}

/** Parses `argv` by a table of options. Never throws: a mistake comes back as `error`. */
export function parse<const Options extends readonly Option[]>(
  argv: readonly string[],
  options: Options,
  rules: ParseRules,
): Parsed<Options> {
  const {flags, args, error} = rewrite(argv, options, rules);
  const values = typedValues(flags, options);
  return {values: values as Values<Options>, args, error: error ?? choiceError(values, options)};
}

interface Rewritten {
  /** `--name` `value` and `--bool=true`, full names only. */
  readonly flags: string[];
  readonly args: string[];
  error: RuntsError | undefined;
}

function rewrite(argv: readonly string[], options: readonly Option[], rules: ParseRules): Rewritten {
  const result: Rewritten = {flags: [], args: [], error: undefined};
  let next = 0;
  while (next < argv.length) {
    const token = argv[next++] as string;
    if (token === '--') {
      result.args.push(...argv.slice(next));
      break;
    }
    if (!token.startsWith('-') || token === '-') {
      result.args.push(token);
      if (!rules.stopAtArgument) continue;
      result.args.push(...argv.slice(next));
      break;
    }
    const flag = splitFlag(token);
    const takesNext = flag.value === undefined && takesValue(flag.name, options);
    const value = takesNext ? argv[next++] : flag.value;
    const problem = pushFlag(result.flags, token, flag.name, value, options);
    if (problem !== undefined) result.error ??= flagError(problem, rules.scope);
  }
  return result;
}

function splitFlag(token: string): {name: string; value: string | undefined} {
  const body = token.slice(token.startsWith('--') ? 2 : 1);
  const equals = body.indexOf('=');
  return equals < 0 ? {name: body, value: undefined} : {name: body.slice(0, equals), value: body.slice(equals + 1)};
}

function findOption(name: string, options: readonly Option[]): Option | undefined {
  return options.find((option) => option.name === name || option.alias === name);
}

function takesValue(name: string, options: readonly Option[]): boolean {
  const option = findOption(name, options);
  return option !== undefined && option.type !== 'boolean';
}

/** Appends the flag in its one canonical form, or says what is wrong with it in the words of Go's flag package. */
function pushFlag(
  flags: string[],
  token: string,
  name: string,
  value: string | undefined,
  options: readonly Option[],
): string | undefined {
  if (name === '' || name.startsWith('-')) return `bad flag syntax: ${token}`;
  const option = findOption(name, options);
  if (option === undefined) return `flag provided but not defined: -${name}`;
  if (option.type === 'boolean') {
    const truth = parseBoolean(value ?? 'true');
    if (truth === undefined) return `invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`;
    flags.push(`--${option.name}=${truth}`);
    return undefined;
  }
  if (value === undefined) return `flag needs an argument: -${name}`;
  if (option.type === 'number') {
    const problem = numberProblem(value);
    if (problem !== undefined) return `invalid value ${JSON.stringify(value)} for flag -${name}: ${problem}`;
  }
  // Two tokens, not one: yargs-parser strips quotes from the value of `--name="value"`.
  flags.push(`--${option.name}`, value);
  return undefined;
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

function parseBoolean(text: string): boolean | undefined {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : undefined;
}

function numberProblem(text: string): string | undefined {
  if (!/^[+-]?\d+$/.test(text)) return 'parse error';
  return Number.isSafeInteger(Number(text)) ? undefined : 'value out of range';
}

/** Whatever yargs-parser would do beyond the table is switched off: no negation, no dots, no guessing of types. */
const CONFIGURATION = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': true,
  'flatten-duplicate-arrays': false,
  'nargs-eats-options': true,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
} as const;

function typedValues(flags: string[], options: readonly Option[]): Record<string, unknown> {
  const given: Record<string, unknown> = flags.length === 0 ? {} : yargsParser(flags, parserOptions(options));
  const values: Record<string, unknown> = {};
  for (const option of options) values[option.name] = settle(option, given[option.name]);
  return values;
}

function parserOptions(options: readonly Option[]): yargsParser.Options {
  const named = (...types: readonly string[]): string[] =>
    options.filter(({type}) => types.includes(type)).map(({name}) => name);
  const valued = named('string', 'strings', 'number');
  return {
    boolean: named('boolean'),
    string: named('string', 'strings'),
    number: named('number'),
    narg: Object.fromEntries(valued.map((name) => [name, 1])),
    configuration: CONFIGURATION,
  };
}

/** Repeated flags arrive as an array: a list keeps them all, of others the last one counts. */
function settle(option: Option, given: unknown): unknown {
  const all: readonly unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
  if (option.type === 'strings') return all;
  return all.at(-1) ?? option.default ?? (option.type === 'boolean' && !option.threeState ? false : undefined);
}

function choiceError(values: Record<string, unknown>, options: readonly Option[]): RuntsError | undefined {
  for (const {name, choices, choiceError: text} of options) {
    const value = values[name];
    if (choices === undefined || typeof value !== 'string' || choices.includes(value)) continue;
    return new RuntsError(
      text?.(value) ?? `invalid value ${JSON.stringify(value)} for --${name}: use ${either(choices)}`,
    );
  }
  return undefined;
}

function either(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}
