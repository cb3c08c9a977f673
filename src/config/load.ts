// config.json of a bundle: read, parsed without losses, checked by the schema and by the rules beyond it.
import {isUtf8} from 'node:buffer';
import {closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats} from 'node:fs';
import {resolve} from 'node:path';
import {ConfigError, errnoText, hasCode, isSyscallError, RuntsError, type Problem} from '../errors.ts';
import type {Config} from '../generated/config.ts';
import {shapeOfConfig} from '../generated/shapes.ts';
import {type SchemaError, validateConfig} from '../generated/validate.js';
import {findNul, parseJson, positionOf} from './json.ts';
import {checkRules} from './rules/index.ts';
import {schemaProblems, wrongPlaces} from './schema-problems.ts';
import {didYouMean} from './suggest.ts';
import {tidy, type UnknownKey} from './tidy.ts';

const MAX_BYTES = 8 * 1024 * 1024;
/** More problems than this are counted, not told. */
const MAX_PROBLEMS = 100;

export interface LoadedConfig {
  readonly config: Config;
  /** Whole lines, such as `config.json#/linux: unknown property "x" is ignored`. */
  readonly warnings: readonly string[];
  /** The file as it was read. */
  readonly text: string;
}

/** Reads and checks `file` of a bundle (relative to it, or absolute). Throws a ConfigError with every problem of the
 * content at once, or a RuntsError when there is no content to check. */
export function loadConfig(bundle: string, file = 'config.json'): LoadedConfig {
  return parseConfig(readConfigFile(bundle, file), file);
}

/** The same for a text that is there already; `file` names it in messages. */
export function parseConfig(text: string, file = 'config.json'): LoadedConfig {
  const document = parseJson(text, file);
  const unknownKeys = tidy(document, shapeOfConfig);
  const errors = [...(validateConfig(document) ? [] : (validateConfig.errors ?? [])), ...missingAtCreate(document)];
  // What is missing at the top is told first.
  errors.sort((a, b) => Number(a.instancePath !== '') - Number(b.instancePath !== ''));
  const problems = schemaProblems(errors, document);
  for (const pointer of findNul(document, text)) {
    if (!pointer.startsWith('/annotations/')) problems.push({pointer, message: 'must not contain a NUL byte'});
  }
  const rules = checkRules(document as Config, wrongPlaces(errors));
  problems.push(...rules.problems);
  if (problems.length > 0) throw new ConfigError(shortened(problems), file);
  return {
    config: document as Config,
    warnings: [
      ...unknownKeys.map((unknown) => unknownKeyWarning(unknown, file)),
      ...rules.warnings.map(({pointer, message}) => `${file}#${pointer}: ${message}`),
    ],
    text,
  };
}

/** A config that is valid without a process cannot be created (spec-schemas/config.json). */
function missingAtCreate(document: unknown): readonly SchemaError[] {
  if (typeof document !== 'object' || document === null || Array.isArray(document) || 'process' in document) return [];
  return [{keyword: 'required', instancePath: '', params: {missingProperty: 'process'}}];
}

function unknownKeyWarning({pointer, key, known}: UnknownKey, file: string): string {
  return `${file}#${pointer}: unknown property ${JSON.stringify(key)} is ignored${didYouMean(key, known)}`;
}

function shortened(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const more = problems.length - MAX_PROBLEMS;
  return [...problems.slice(0, MAX_PROBLEMS), {pointer: '', message: `and ${more} more problems`}];
}

function readConfigFile(bundle: string, file: string): string {
  const fd = openConfigFile(bundle, file);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile())
      throw new RuntsError(`${file} in bundle ${bundle} must be a regular file, but is ${kindOf(stat)}`);
    return decode(readAll(fd, stat.size, file), file);
  } finally {
    closeSync(fd);
  }
}

function openConfigFile(bundle: string, file: string): number {
  try {
    // O_NONBLOCK: the open of a FIFO would wait for a writer.
    return openSync(resolve(bundle, file), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    checkBundle(bundle);
    // runc's sentence, which its users know.
    if (error.code === 'ENOENT') throw new RuntsError(`JSON specification file ${file} not found in bundle ${bundle}`);
    throw new RuntsError(`cannot open ${file} in bundle ${bundle}: ${errnoText(error.errno)}`);
  }
}

function checkBundle(bundle: string): void {
  try {
    if (!statSync(bundle).isDirectory()) throw new RuntsError(`the bundle ${bundle} is not a directory`);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new RuntsError(`the bundle ${bundle} does not exist`);
    if (isSyscallError(error)) throw new RuntsError(`cannot look at the bundle ${bundle}: ${errnoText(error.errno)}`);
    throw error;
  }
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a FIFO';
  return stat.isSocket() ? 'a socket' : 'a device';
}

/** Reads to the end of the file: `size` is only where it was a moment ago, and 0 in procfs. */
function readAll(fd: number, size: number, file: string): Buffer {
  let buffer = Buffer.allocUnsafe(Math.min(size, MAX_BYTES) + 1);
  let length = 0;
  for (;;) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    if (count === 0) return buffer.subarray(0, length);
    length += count;
    if (length > MAX_BYTES) throw tooLarge(Math.max(size, length), file);
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(length * 2, MAX_BYTES) + 1);
  }
}

function tooLarge(size: number, file: string): RuntsError {
  return new RuntsError(`${file} is too large: ${(size / 1048576).toFixed(1)} MiB; at most 8 MiB are read`);
}

function decode(bytes: Buffer, file: string): string {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return text;
  throw new RuntsError(`${file}:${positionOf(text, text.indexOf('\ufffd'))}: a byte that is not UTF-8`);
}
