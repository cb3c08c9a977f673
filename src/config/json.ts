// JSON without losses: integers beyond 2^53 come out as bigint, and what is wrong is told with its line and column.
import {RuntsError} from '../errors.ts';
import {findSyntaxError} from './json-syntax.ts';
import {escapeKey} from './tidy.ts';

/** A number in the text that may be too long for a double; a string of digits has a quote before it. */
const LONG_NUMBER = /[[:,\s]-?\d{16}/;
/** More digits than any field takes; BigInt() of millions of them would be slow. */
const MAX_DIGITS = 40;

/** Parses `text`; throws `file:line:column: ...`. Integers that a number cannot hold become bigint. */
export function parseJson(text: string, file: string): unknown {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    // The reviver is called for every value, so it is kept for files that need it.
    return LONG_NUMBER.test(source) ? JSON.parse(source, keepIntegers) : JSON.parse(source);
  } catch (error) {
    // Only the reviver recurses.
    if (error instanceof RangeError) throw new RuntsError(`${file}: objects and arrays are nested too deeply`);
    const {offset, message} = findSyntaxError(source);
    throw new RuntsError(`${file}:${positionOf(source, offset)}: ${message}`);
  }
}

function keepIntegers(_key: string, value: unknown, context?: {source?: string}): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return source.length <= MAX_DIGITS && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** The opposite of parseJson: a bigint becomes the integer that it is. */
export function formatJson(value: unknown): string {
  // ES2026; Node 21.
  const {rawJSON} = JSON as unknown as {rawJSON(text: string): unknown};
  return JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? rawJSON(String(item)) : item));
}

/** "line:column", both from 1. */
export function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `${line}:${offset - before.lastIndexOf('\n')}`;
}

/** JSON pointers of the strings and keys that hold a NUL byte, which no path, argument or kernel file can carry. */
export function findNul(document: unknown, text: string): string[] {
  if (!text.includes('\\u0000')) return [];
  const found: string[] = [];
  const pending: [value: unknown, pointer: string][] = [[document, '']];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [value, pointer] = next;
    if (typeof value === 'string' && value.includes('\0')) found.push(pointer);
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      if (key.includes('\0')) found.push(pointer);
      pending.push([child, `${pointer}/${escapeKey(key)}`]);
    }
  }
  return found.sort();
}
