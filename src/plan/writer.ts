// Values as bytes: the fields of plans and of the agent's messages. Little endian, unaligned:
//   u32, i32, flag, fd: 4 bytes; u64: 8 bytes; str: u32 length, bytes, NUL; bytes: u32 length, bytes;
//   strs, u32s: u32 count, then the items.
import type {FieldTypes} from './operations.ts';

/** A buffer that grows: plans are some KB, a seccomp program some tens. */
export class Writer {
  #bytes: Buffer = Buffer.allocUnsafe(16384);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(size: number): number {
    const at = this.#length;
    if (at + size > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + size));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#length = at + size;
    return at;
  }

  u32(value: number): void {
    const at = this.#reserve(4); // may replace #bytes
    this.#bytes.writeUInt32LE(value, at);
  }

  i32(value: number): void {
    const at = this.#reserve(4); // may replace #bytes
    this.#bytes.writeInt32LE(value, at);
  }

  u64(value: bigint): void {
    const at = this.#reserve(8); // may replace #bytes
    this.#bytes.writeBigUInt64LE(value, at);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.u32(length);
    const at = this.#reserve(length + 1);
    this.#bytes.write(value, at, 'utf8');
    this.#bytes[at + length] = 0;
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  patchU32(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }
}

type FieldWriters = {[Kind in keyof FieldTypes]: (writer: Writer, value: FieldTypes[Kind]) => void};

const writers: FieldWriters = {
  u32: (writer, value) => writer.u32(value),
  i32: (writer, value) => writer.i32(value),
  u64: (writer, value) => writer.u64(value),
  flag: (writer, value) => writer.u32(value ? 1 : 0),
  fd: (writer, value) => writer.i32(value),
  str: (writer, value) => writer.string(value),
  bytes: (writer, value) => writer.bytes(value),
  strs(writer, value) {
    writer.u32(value.length);
    for (const item of value) writer.string(item);
  },
  u32s(writer, value) {
    writer.u32(value.length);
    for (const item of value) writer.u32(item);
  },
};

/** Writes the fields of an object in the order of their table. */
export function writeFields(writer: Writer, table: Readonly<Record<string, keyof FieldTypes>>, object: object): void {
  for (const field in table) {
    const write = writers[table[field] as keyof FieldTypes] as (writer: Writer, value: unknown) => void;
    write(writer, (object as Readonly<Record<string, unknown>>)[field]);
  }
}
