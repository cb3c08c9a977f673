// A classic BPF interpreter, as far as seccomp(2) filters go: what would the kernel answer to this system call?
import {endianness} from 'node:os';

export interface SystemCall {
  /** AUDIT_ARCH_* */
  readonly arch: number;
  readonly number: number;
  readonly args?: readonly bigint[];
}

const BPF_MAXINSNS = 4096;

/** The SECCOMP_RET_* word for a call. Throws for a program that the kernel would not take. */
export function run(program: Uint8Array, call: SystemCall): number {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const little = endianness() === 'LE';
  const count = program.byteLength / 8;
  if (!Number.isInteger(count) || count === 0 || count > BPF_MAXINSNS) throw new Error(`${count} instructions`);
  const data = seccompData(call, little);
  let accumulator = 0;
  for (let pc = 0; pc < count; pc++) {
    const at = pc * 8;
    const [code, jt, jf] = [view.getUint16(at, little), view.getUint8(at + 2), view.getUint8(at + 3)];
    const k = view.getUint32(at + 4, little);
    switch (code) {
      case 0x20: // ld [k]
        if (k % 4 !== 0 || k >= data.byteLength) throw new Error(`load from ${k} at ${pc}`);
        accumulator = data.getUint32(k, little);
        break;
      case 0x54: // and k
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05: // ja
        pc += k;
        break;
      case 0x15: // jeq
        pc += accumulator === k ? jt : jf;
        break;
      case 0x25: // jgt
        pc += accumulator > k ? jt : jf;
        break;
      case 0x35: // jge
        pc += accumulator >= k ? jt : jf;
        break;
      case 0x45: // jset
        pc += (accumulator & k) !== 0 ? jt : jf;
        break;
      case 0x06: // ret k
        return k;
      default:
        throw new Error(`instruction 0x${code.toString(16)} at ${pc}`);
    }
  }
  throw new Error('ran over the end');
}

/** struct seccomp_data: nr, arch, instruction pointer, six arguments. */
function seccompData({arch, number, args = []}: SystemCall, little: boolean): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, little);
  data.setUint32(4, arch, little);
  for (const [index, value] of args.entries()) data.setBigUint64(16 + 8 * index, value, little);
  return data;
}
