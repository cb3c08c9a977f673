// A tiny machine for the eBPF that devices-program.ts writes: enough to ask a program for its decision. It knows only
// the instructions that such a program needs and refuses all others, jumps backwards and reads outside of the context.

export interface DeviceRequest {
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  /** Bits of MKNOD, READ and WRITE. */
  readonly access: number;
}

/** Runs a program over struct bpf_cgroup_dev_ctx: true when it returns 1. */
export function decide(program: Uint8Array, {type, major, minor, access}: DeviceRequest): boolean {
  const context = [((access << 16) | (type === 'b' ? 1 : 2)) >>> 0, major, minor];
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const registers: bigint[] = new Array<bigint>(11).fill(0n);
  for (let pc = 0; ; pc++) {
    if (pc * 8 >= program.byteLength) throw new Error(`fell off the end at ${pc}`);
    const code = view.getUint8(pc * 8);
    const to = view.getUint8(pc * 8 + 1) & 15;
    const from = view.getUint8(pc * 8 + 1) >> 4;
    const offset = view.getInt16(pc * 8 + 2, true);
    const value = BigInt(view.getInt32(pc * 8 + 4, true)); // sign-extended
    const own = registers[to] ?? 0n;
    if (offset < 0) throw new Error(`jump backwards at ${pc}`);
    switch (code) {
      case 0x61: {
        const word = context[offset / 4];
        if (from !== 1 || word === undefined) throw new Error(`bad read at ${pc}`);
        registers[to] = BigInt(word);
        break;
      }
      case 0xbf:
        registers[to] = registers[from] ?? 0n;
        break;
      case 0xb7:
        registers[to] = value;
        break;
      case 0x57:
        registers[to] = own & BigInt.asUintN(64, value);
        break;
      case 0x77:
        registers[to] = own >> value;
        break;
      case 0x15:
        if (own === BigInt.asUintN(64, value)) pc += offset;
        break;
      case 0x45:
        if ((own & BigInt.asUintN(64, value)) !== 0n) pc += offset;
        break;
      case 0x56:
        if (BigInt.asUintN(32, own) !== BigInt.asUintN(32, value)) pc += offset;
        break;
      case 0x95:
        return registers[0] === 1n;
      default:
        throw new Error(`unknown instruction 0x${code.toString(16)} at ${pc}`);
    }
  }
}
