// What the specification allows and this version cannot do yet. A property of it is an error, never ignored in silence.
// To support one, delete its row.
import type {Problem} from '../errors.ts';
import {escapeKey} from './tidy.ts';

interface Unsupported {
  /** A JSON pointer; `*` stands for every element or key. */
  readonly at: string;
  /** Only these values; without it, every value but an empty one. */
  readonly values?: readonly string[];
}

const unsupported: readonly Unsupported[] = [
  {at: '/linux/seccomp/defaultAction', values: ['SCMP_ACT_NOTIFY']},
  {at: '/linux/seccomp/syscalls/*/action', values: ['SCMP_ACT_NOTIFY']},
  {at: '/linux/seccomp/listenerPath'},
];

/** The properties of a document that this version does not support. */
export function findUnsupported(document: unknown): Problem[] {
  return unsupported.flatMap(({at, values}) =>
    placesOf(document, at.split('/').slice(1), '').flatMap(({pointer, value}) => {
      if (values !== undefined) return values.includes(value as string) ? [problem(pointer, `"${value}" `)] : [];
      return isEmpty(value) ? [] : [problem(pointer, '')];
    }),
  );
}

const problem = (pointer: string, subject: string): Problem => ({
  pointer,
  message: `${subject}is valid but not supported by this version of runts`,
});

function placesOf(value: unknown, [key, ...rest]: string[], pointer: string): {pointer: string; value: unknown}[] {
  if (key === undefined) return [{pointer, value}];
  if (typeof value !== 'object' || value === null) return [];
  const members = value as Record<string, unknown>;
  const keys = key === '*' ? Object.keys(members) : Object.hasOwn(members, key) ? [key] : [];
  return keys.flatMap((name) => placesOf(members[name], rest, `${pointer}/${escapeKey(name)}`));
}

/** Engines send empty values for what they do not use: "", [] and {}. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '';
}
