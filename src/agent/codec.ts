// The bodies of messages: fields to bytes and back, by the table in messages.ts.
import type {FieldTypes} from '../plan/operations.ts';
import {Writer, writeFields} from '../plan/writer.ts';
import {type Fields, type MessageName, messages} from './messages.ts';

const names = Object.keys(messages) as readonly MessageName[];

export const numberOf = (name: MessageName): number => names.indexOf(name);

/** The name of a message by its number; undefined when there is none. */
export const nameOf = (number: number): MessageName | undefined => names[number];

export function encodeFields<Name extends MessageName>(name: Name, fields: Fields<Name>): Uint8Array {
  const writer = new Writer();
  writeFields(writer, messages[name], fields);
  return writer.take();
}

/** Throws RangeError when the body is shorter than its fields say. */
export function decodeFields<Name extends MessageName>(name: Name, body: Buffer): Fields<Name> {
  const reader = new Reader(body);
  const table: Readonly<Record<string, keyof FieldTypes>> = messages[name];
  const fields: Record<string, unknown> = {};
  for (const field in table) fields[field] = read(reader, table[field] as keyof FieldTypes);
  return fields as Fields<Name>;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(size: number): Buffer {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new RangeError('a message is shorter than it says');
    return this.#bytes.subarray(at, this.#at);
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  string(): string {
    const text = this.take(this.u32());
    this.take(1);
    return text.toString('utf8');
  }

  list<Item>(item: () => Item): Item[] {
    return Array.from({length: Math.min(this.u32(), this.#bytes.length)}, item);
  }
}

function read(reader: Reader, kind: keyof FieldTypes): unknown {
  switch (kind) {
    case 'u32':
      return reader.u32();
    case 'i32':
    case 'fd':
      return reader.u32() | 0;
    case 'u64':
      return reader.take(8).readBigUInt64LE();
    case 'flag':
      return reader.u32() !== 0;
    case 'str':
      return reader.string();
    case 'strs':
      return reader.list(() => reader.string());
    case 'u32s':
      return reader.list(() => reader.u32());
    case 'bytes':
      return reader.take(reader.u32());
    default:
      return kind satisfies never;
  }
}
