// Protocol Buffers on the wire (protobuf.dev/programming-guides/encoding), as much of it as criu's messages use: varints
// and length-delimited fields. Messages are objects by the names of a schema; a field that a schema does not have is skipped.

type Scalar = 'number' | 'boolean' | 'string';

/** Field name -> field number and kind; a kind that is a schema is a message of its own. */
export interface Schema {
  readonly [name: string]: readonly [number: number, kind: Scalar | Schema];
}

type ValueOf<Kind> = Kind extends 'number'
  ? number
  : Kind extends 'boolean'
    ? boolean
    : Kind extends 'string'
      ? string
      : Kind extends Schema
        ? MessageOf<Kind>
        : never;

/** An array is a repeated field. */
export type MessageOf<S extends Schema> = {
  readonly [Name in keyof S]?: ValueOf<S[Name][1]> | readonly ValueOf<S[Name][1]>[] | undefined;
};

/** What decoding gives: of a repeated field the last value. */
export type DecodedOf<S extends Schema> = {
  readonly [Name in keyof S]?: S[Name][1] extends Schema ? DecodedOf<S[Name][1]> : ValueOf<S[Name][1]>;
};

const VARINT = 0;
const FIXED_64 = 1;
const DELIMITED = 2;
const FIXED_32 = 5;

export function encode<S extends Schema>(schema: S, message: MessageOf<S>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, [number, kind]] of Object.entries(schema)) {
    const value: unknown = message[name];
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) parts.push(encodeField(number, kind, each));
  }
  return Buffer.concat(parts);
}

function encodeField(number: number, kind: Scalar | Schema, value: unknown): Buffer {
  if (kind === 'number' || kind === 'boolean') {
    return Buffer.concat([varint(BigInt((number << 3) | VARINT)), varint(BigInt(value as number | boolean))]);
  }
  const body = kind === 'string' ? Buffer.from(value as string) : encode(kind, value as MessageOf<Schema>);
  return Buffer.concat([varint(BigInt((number << 3) | DELIMITED)), varint(BigInt(body.length)), body]);
}

/** Seven bits a byte, the lowest first. A negative number is that of 64 bits. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** Throws RangeError when the bytes end too early or are of no known form. */
export function decode<S extends Schema>(schema: S, bytes: Uint8Array): DecodedOf<S> {
  const fields = new Map(Object.entries(schema).map(([name, [number, kind]]) => [number, {name, kind}]));
  const message: Record<string, unknown> = {};
  const reader = createReader(bytes);
  while (!reader.atEnd()) {
    const tag = Number(reader.varint());
    const value = reader.value(tag & 7);
    const field = fields.get(tag >>> 3);
    if (field !== undefined) message[field.name] = interpret(field.kind, value);
  }
  return message as DecodedOf<S>;
}

function interpret(kind: Scalar | Schema, value: bigint | Uint8Array): unknown {
  if (typeof value === 'bigint') {
    if (kind === 'number') return Number(BigInt.asIntN(64, value));
    if (kind === 'boolean') return value !== 0n;
  } else {
    if (kind === 'string') return Buffer.from(value).toString();
    if (typeof kind === 'object') return decode(kind, value);
  }
  throw new RangeError('a field is not of the kind that it should be');
}

function createReader(bytes: Uint8Array) {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('the message ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1)[0] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number has too many bytes');
  };
  return {
    atEnd: () => at === bytes.length,
    varint,
    value(type: number): bigint | Uint8Array {
      if (type === VARINT) return varint();
      if (type === DELIMITED) return take(Number(varint()));
      if (type === FIXED_64) return take(8);
      if (type === FIXED_32) return take(4);
      throw new RangeError(`${type} is no type of a field`);
    },
  };
}
