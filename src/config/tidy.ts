// Turns a parsed document into the form that the schemas and all later code expect, in one walk along its known keys:
// null and empty optional strings are absent (as engines written in Go mean them), 64-bit integers are bigint.

/** What a document may hold at some place; generated from the schemas (src/generated/shapes.ts). */
export type Shape =
  | 'any'
  | 'integer64'
  | 'optionalString'
  | {readonly fields: Readonly<Record<string, Shape>>}
  | {readonly items: Shape}
  | {readonly values: Shape};

/** A key that `shape` does not know, with those that it does. */
export interface UnknownKey {
  readonly pointer: string;
  readonly key: string;
  readonly known: readonly string[];
}

type Json = Record<string, unknown>;

/** A member's name in a JSON pointer (RFC 6901). */
export const escapeKey = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** Changes `document` in place; what has the wrong type is left for the validator to find. */
export function tidy(document: unknown, shape: Shape): UnknownKey[] {
  const unknownKeys: UnknownKey[] = [];
  tidyValue(document, shape, '', unknownKeys);
  return unknownKeys;
}

function tidyValue(value: unknown, shape: Shape, pointer: string, unknownKeys: UnknownKey[]): void {
  if (typeof shape === 'string' || typeof value !== 'object' || value === null) return;
  if ('items' in shape) {
    if (!Array.isArray(value)) return;
    for (const [index, item] of value.entries()) tidyValue(item, shape.items, `${pointer}/${index}`, unknownKeys);
  } else if (Array.isArray(value)) {
    return;
  } else if ('values' in shape) {
    for (const key in value) tidyValue((value as Json)[key], shape.values, `${pointer}/${escapeKey(key)}`, unknownKeys);
  } else {
    tidyFields(value as Json, shape.fields, pointer, unknownKeys);
  }
}

function tidyFields(
  object: Json,
  fields: Readonly<Record<string, Shape>>,
  pointer: string,
  unknownKeys: UnknownKey[],
): void {
  for (const key in object) {
    const value = object[key];
    const shape = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (shape === undefined) unknownKeys.push({pointer, key, known: Object.keys(fields)});
    else if (value === null) delete object[key];
    else if (typeof value === 'object') tidyValue(value, shape, `${pointer}/${key}`, unknownKeys);
    else if (shape === 'integer64') object[key] = toBigint(value);
    else if (value === '' && shape === 'optionalString') delete object[key];
  }
}

/** Larger integers are bigint already (json.ts); a fraction is nobody's 64-bit integer. */
const toBigint = (value: unknown): unknown => (Number.isSafeInteger(value) ? BigInt(value as number) : value);
