// One file of the seccomp cache, as bytes:
//   magic | u32 length of key, of inputs, of program | key | inputs | program | inputs | program | magic
// It is read in a young process, where native comparisons are free and loops in JavaScript, or loading node:crypto (6 to
// 8 ms, as long as libseccomp takes to compile a small profile), are not. So the whole key is stored and compared, which
// leaves the name of the file to a weak hash, and what follows it is stored twice, which finds damage.

export interface Entry {
  /** Everything that the program was made from. */
  readonly key: string;
  /** Identity of the files that made it (seccomp-cache.ts). */
  readonly inputs: string;
  readonly program: Uint8Array;
}

const MAGIC = Buffer.from('rtsbpf01');
const HEADER = MAGIC.length + 3 * 4;
const INSTRUCTION = 8; // sizeof(struct sock_filter)
const MAX_PROGRAM = 4096 * INSTRUCTION; // BPF_MAXINSNS

export function encodeEntry({key, inputs, program}: Entry): Buffer {
  const keyBytes = Buffer.from(key);
  const inputsBytes = Buffer.from(inputs);
  const lengths = Buffer.alloc(HEADER - MAGIC.length);
  lengths.writeUInt32LE(keyBytes.length, 0);
  lengths.writeUInt32LE(inputsBytes.length, 4);
  lengths.writeUInt32LE(program.length, 8);
  return Buffer.concat([MAGIC, lengths, keyBytes, inputsBytes, program, inputsBytes, program, MAGIC]);
}

/** The entry of `bytes` when it is whole and was made from `key`; undefined otherwise. */
export function decodeEntry(bytes: Buffer, key: string): Entry | undefined {
  if (bytes.length < HEADER) return undefined;
  const inputsAt = HEADER + bytes.readUInt32LE(MAGIC.length);
  const programAt = inputsAt + bytes.readUInt32LE(MAGIC.length + 4);
  const programLength = bytes.readUInt32LE(MAGIC.length + 8);
  const copyAt = programAt + programLength;
  const endAt = copyAt + (copyAt - inputsAt);
  if (bytes.length !== endAt + MAGIC.length || !isProgramLength(programLength)) return undefined;
  const whole =
    bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
    bytes.subarray(HEADER, inputsAt).equals(Buffer.from(key)) &&
    bytes.subarray(inputsAt, copyAt).equals(bytes.subarray(copyAt, endAt)) &&
    bytes.subarray(endAt).equals(MAGIC);
  if (!whole) return undefined;
  return {key, inputs: bytes.toString('utf8', inputsAt, programAt), program: bytes.subarray(programAt, copyAt)};
}

function isProgramLength(length: number): boolean {
  return length > 0 && length <= MAX_PROGRAM && length % INSTRUCTION === 0;
}

/** A name for the file of this key. Other keys may share it: FNV-1a, over 32-bit words to take 0.1 ms and not 0.5. */
export function entryName(key: string): string {
  const bytes = Buffer.from(key);
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  let hash = 0x811c9dc5 ^ bytes.length;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ (words[i] ?? 0), 0x01000193);
  // Words differ in their high bits too, which the multiplications only carry upwards.
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0).toString(16).padStart(8, '0');
}
