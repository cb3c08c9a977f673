// config.json of a bundle, and the objects that exec and update take in files of their own: read, parsed without losses, checked by the schema and by the rules beyond it.
import {isUtf8} from 'node:buffer';
import {closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats} from 'node:fs';
import {resolve} from 'node:path';
import {ConfigError, errnoText, hasCode, isSyscallError, RuntsError, type Problem} from '../errors.ts';
import type {Config, LinuxResources, Process} from '../generated/config.ts';
import {type Shape, tidy, type UnknownKey} from './tidy.ts';
import {shapeOfConfig, shapeOfProcess, shapeOfResources} from '../generated/shapes.ts';
import {type SchemaError, validateConfig, validateProcess, validateResources} from '../generated/validate.js';
import {findNul, formatJson, parseJson, positionOf} from './json.ts';
import {checkProcessRules, checkRules, type Findings} from './rules/index.ts';
import {schemaProblems, wrongPlaces} from './schema-problems.ts';
import {didYouMean} from './suggest.ts';

const MAX_BYTES = 8 * 1024 * 1024;
/** More problems than this are counted, not told. */
const MAX_PROBLEMS = 100;

export interface LoadedConfig {
  readonly config: Config;
  /** Whole lines, such as `config.json#/linux: unknown property "x" is ignored`. */
  readonly warnings: readonly string[];
  /** The file as it was read, or, where it was completed, as it then is. */
  readonly text: string;
}

export interface LoadedProcess {
  readonly process: Process;
  readonly warnings: readonly string[];
}

export interface LoadedResources {
  readonly resources: LinuxResources;
  readonly warnings: readonly string[];
}

/** What a config leaves to its caller, filled in before it is checked; undefined: nothing. */
export type Complete = (config: Config) => Config | undefined;

/** Reads and checks `file` of a bundle (relative to it, or absolute). Throws a ConfigError with every problem of the
 * content at once, or a RuntsError when there is no content to check. */
export function loadConfig(bundle: string, file = 'config.json', complete?: Complete): LoadedConfig {
  return parseConfig(readConfigFile(bundle, file), file, complete);
}

/** The same for a text that is there already; `file` names it in messages. */
export function parseConfig(text: string, file = 'config.json', complete?: Complete): LoadedConfig {
  const {document, completed, warnings} = check(text, file, ofConfig, complete);
  return {config: document as Config, warnings, text: completed ? formatJson(document) : text};
}

/** Reads and checks a `process` object in a file of its own, which may be a pipe. Throws as loadConfig. */
export function loadProcess(path: string): LoadedProcess {
  const {document, warnings} = check(readStream(path, 'the process file', path), path, ofProcess);
  return {process: document as Process, warnings};
}

/** Reads a `resources` object in a file of its own, or from an open one, and checks its types; the rules beyond those are for
 * when it is complete. Throws as loadConfig. */
export function loadResources(source: string | number, name: string): LoadedResources {
  const {document, warnings} = check(readStream(source, 'the resources', name), name, ofResources);
  return {resources: document as LinuxResources, warnings};
}

/** A config that was checked when its container was made. */
export function parseChecked(text: string, file: string): Config {
  const document = parseJson(text, file);
  tidy(document, shapeOfConfig);
  return document as Config;
}

/** What a kind of document is checked by. */
interface Kind {
  readonly shape: Shape;
  readonly errors: (document: unknown) => readonly SchemaError[];
  readonly findings: (document: unknown, wrong: readonly string[]) => Findings;
}

const ofConfig: Kind = {
  shape: shapeOfConfig,
  errors(document) {
    const errors = [...(validateConfig(document) ? [] : (validateConfig.errors ?? [])), ...missingAtCreate(document)];
    // What is missing at the top is told first.
    return errors.sort((a, b) => Number(a.instancePath !== '') - Number(b.instancePath !== ''));
  },
  findings: (document, wrong) => checkRules(document as Config, wrong),
};

const PROCESS = '/process';

/** By the rules for a config that holds the process, whose pointers are one level longer. */
const ofProcess: Kind = {
  shape: shapeOfProcess,
  errors: (document) => (validateProcess(document) ? [] : (validateProcess.errors ?? [])),
  findings(document, wrong) {
    const config = {process: document as Process};
    const places = wrong.map((pointer) => PROCESS + pointer);
    const {problems, warnings} = checkProcessRules(config, places);
    const shorter = ({pointer, message}: Problem): Problem => ({pointer: pointer.slice(PROCESS.length), message});
    return {problems: problems.map(shorter), warnings: warnings.map(shorter)};
  },
};

const ofResources: Kind = {
  shape: shapeOfResources,
  errors: (document) => (validateResources(document) ? [] : (validateResources.errors ?? [])),
  findings: () => ({problems: [], warnings: []}),
};

function check(text: string, file: string, kind: Kind, complete?: Complete): Checked {
  const given = parseJson(text, file);
  const unknownKeys = tidy(given, kind.shape);
  const errors = kind.errors(given);
  const completed = errors.length === 0 ? complete?.(given as Config) : undefined;
  const document = completed ?? given;
  const problems = schemaProblems(errors, document);
  for (const pointer of findNul(document, text)) {
    if (!pointer.startsWith('/annotations/')) problems.push({pointer, message: 'must not contain a NUL byte'});
  }
  const rules = kind.findings(document, wrongPlaces(errors));
  problems.push(...rules.problems);
  if (problems.length > 0) throw new ConfigError(shortened(problems), file);
  return {
    document,
    completed: completed !== undefined,
    warnings: [
      ...unknownKeys.map((unknown) => unknownKeyWarning(unknown, file)),
      ...rules.warnings.map(({pointer, message}) => `${file}#${pointer}: ${message}`),
    ],
  };
}

/** A config that is valid without a process cannot be created (spec-schemas/config.json). */
function missingAtCreate(document: unknown): readonly SchemaError[] {
  if (typeof document !== 'object' || document === null || Array.isArray(document) || 'process' in document) return [];
  return [{keyword: 'required', instancePath: '', params: {missingProperty: 'process'}}];
}

interface Checked {
  readonly document: unknown;
  readonly completed: boolean;
  readonly warnings: readonly string[];
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

/** All of a file, which may be a pipe, or of one that is open. */
function readStream(source: string | number, what: string, name: string): string {
  let opened: number | undefined;
  try {
    const fd = typeof source === 'number' ? source : openSync(source, constants.O_RDONLY | constants.O_NOCTTY);
    if (typeof source !== 'number') opened = fd;
    return decode(readAll(fd, 0, name), name);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw new RuntsError(`cannot read ${what} ${name}: ${errnoText(error.errno)}`, {cause: error});
  } finally {
    if (opened !== undefined) closeSync(opened);
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
