// InitPlan -> the bytes that runts-init decodes (addon/core/plan.h). Little endian, unaligned:
//   magic "RUNTSPLN", build id (16 characters), u32 number of steps, u32 size of the whole,
//   then for each step u32 opcode and its operands in the order of the table:
//   u32, i32, flag, fd: 4 bytes; u64: 8 bytes; str: u32 length, bytes, NUL; bytes: u32 length, bytes;
//   strs, u32s: u32 count, then the items.
import {buildId} from '../generated/build-id.ts';
import {type FieldTypes, type InitPlan, operations, type Step} from './operations.ts';

export const PLAN_MAGIC = 'RUNTSPLN';

const HEADER_SIZE = 8 + 16 + 4 + 4;
const opcodes = new Map(Object.keys(operations).map((name, index) => [name, index]));

/** A buffer that grows: plans are some KB, a seccomp program some tens. */
class Writer {
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

/** Encodes a plan for runts-init. Throws RangeError on a value that does not fit its operand (a defect of the plan). */
export function encodePlan(plan: Pick<InitPlan, 'steps'>): Uint8Array {
  const writer = new Writer();
  writer.raw(Buffer.from(PLAN_MAGIC + buildId, 'latin1'));
  writer.u32(plan.steps.length);
  writer.u32(0);
  for (const step of plan.steps) encodeStep(writer, step);
  writer.patchU32(HEADER_SIZE - 4, writer.length);
  return writer.take();
}

function encodeStep(writer: Writer, step: Step): void {
  const fields: Record<string, keyof FieldTypes> = operations[step.op];
  // An unknown name becomes an opcode that no decoder accepts.
  writer.u32(opcodes.get(step.op) ?? opcodes.size);
  for (const field in fields) {
    const write = writers[fields[field] as keyof FieldTypes] as (writer: Writer, value: unknown) => void;
    write(writer, (step as Record<string, unknown>)[field]);
  }
}
