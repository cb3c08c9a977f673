// What the validators found, in words: one line for each place, with what was expected and what is there.
import type {Problem} from '../errors.ts';
import {phrases} from '../generated/shapes.ts';
import type {SchemaError} from '../generated/validate.js';
import {commonPrefix, didYouMean} from './suggest.ts';
import {escapeKey} from './tidy.ts';

/** Lists of names up to this long are shown whole. */
const SHORT_LIST = 12;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  integer: 'an integer',
  array: 'an array',
  object: 'an object',
};

const RANGES: Readonly<Record<string, string>> = {
  int64: `${-(2n ** 63n)} to ${2n ** 63n - 1n}`,
  uint64: `0 to ${2n ** 64n - 1n}`,
};

/** A wrong type is told once, not again as a wrong name or pattern. */
export function schemaProblems(errors: readonly SchemaError[], document: unknown): Problem[] {
  const wrongType = new Set(errors.filter(({keyword}) => keyword === 'type').map(({instancePath}) => instancePath));
  return errors
    .filter(({keyword, instancePath}) => keyword === 'type' || !wrongType.has(instancePath))
    .map((error) => ({pointer: error.instancePath, message: messageFor(error, valueAt(document, error.instancePath))}));
}

/** JSON pointers of what is missing or is not what its type says. */
export function wrongPlaces(errors: readonly SchemaError[]): string[] {
  return errors.map(({instancePath, keyword, params}) =>
    keyword === 'required' ? `${instancePath}/${params['missingProperty']}` : instancePath,
  );
}

function messageFor({keyword, params}: SchemaError, value: unknown): string {
  switch (keyword) {
    case 'required':
      return `missing required property "${params['missingProperty']}"`;
    case 'type':
      return typeMessage(String(params['type']), value);
    case 'integer64':
      return integer64Message(String(params['format']), value);
    case 'minimum':
      return `must be at least ${params['limit']}, got ${quote(value)}`;
    case 'maximum':
      return `must be at most ${params['limit']}, got ${quote(value)}`;
    case 'minItems':
      return 'must not be empty';
    case 'pattern':
      return `must be ${phrases.get(String(params['pattern'])) ?? 'different'}, got ${quote(value)}`;
    case 'names':
      return namesMessage(params['names'] as readonly string[], String(value));
    default:
      return `breaks the rule "${keyword}"`;
  }
}

function typeMessage(type: string, value: unknown): string {
  if (type === 'integer' && typeof value === 'bigint') return `is out of range: ${value}`;
  const got = typeof value === 'string' ? `string ${quote(value)}` : quote(value);
  return `must be ${TYPES[type] ?? type}, got ${got}`;
}

function integer64Message(format: string, value: unknown): string {
  if (typeof value !== 'bigint' && !Number.isInteger(value)) return typeMessage('integer', value);
  return `must be an integer from ${RANGES[format]}, got ${quote(value)}`;
}

function namesMessage(names: readonly string[], value: string): string {
  const list =
    names.length <= SHORT_LIST
      ? `one of ${names.join(', ')}`
      : `one of the ${names.length} names ${commonPrefix(names)}...`;
  return `must be ${list}, got ${quote(value)}${didYouMean(value, names)}`;
}

/** A value as the file has it, short and on one line. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}...` : value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** The value that a JSON pointer leads to. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return value;
}

export const pointerTo = (...parts: readonly (string | number)[]): string =>
  parts.map((part) => `/${escapeKey(String(part))}`).join('');
