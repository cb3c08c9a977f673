// Device rules -> eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, as bytes. Pure; v2/devices.ts has it loaded.
//
// The kernel asks with a type, numbers and the set of accesses wanted, and needs 1 (granted) or 0. The program goes
// through the rules from the last to the first and keeps the accesses that no rule has spoken of yet: a rule that
// denies one of them ends it, a rule that allows some takes those away, and when none is left all are granted.
import {RuntsError} from '../errors.ts';
import {ANY_ACCESS, type DeviceRule} from './device-rules.ts';

/** Bytes of one struct bpf_insn. */
const SIZE = 8;
/** Jumps have 16 bits. A rule takes 5 instructions at most. */
const MAX_RULES = 6000;

// linux/bpf.h: r1 is the context, struct bpf_cgroup_dev_ctx; r0 is the result.
const [R0, CONTEXT, TYPE, OPEN, MAJOR, MINOR] = [0, 1, 2, 3, 4, 5];
const LOAD_WORD = 0x61; // BPF_LDX | BPF_MEM | BPF_W
const MOVE_REGISTER = 0xbf; // BPF_ALU64 | BPF_MOV | BPF_X
const MOVE = 0xb7; // BPF_ALU64 | BPF_MOV | BPF_K
const AND = 0x57; // BPF_ALU64 | BPF_AND | BPF_K
const SHIFT_RIGHT = 0x77; // BPF_ALU64 | BPF_RSH | BPF_K
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
// 32 bits wide (Linux 5.1), for the other compares with a sign-extended number, and device numbers have no sign.
const JUMP_NOT_EQUAL = 0x56; // BPF_JMP32 | BPF_JNE | BPF_K
const EXIT = 0x95;

const TYPES = {b: 1, c: 2} as const; // BPF_DEVCG_DEV_*

type Label = 'deny' | 'allow';

interface Instruction {
  readonly code: number;
  readonly to: number;
  readonly from?: number;
  /** A jump's distance, or where it leads. */
  readonly offset?: number | Label;
  readonly value?: number;
}

/** The program for these rules, or undefined when they grant everything and no program is needed. */
export function deviceProgram(rules: readonly DeviceRule[]): Uint8Array | undefined {
  const effective = lastFirst(rules);
  if (effective.every(({allow}) => allow) && effective.some(isCatchAll)) return undefined;
  if (effective.length > MAX_RULES) throw new RuntsError(`more than ${MAX_RULES} rules in /linux/resources/devices`);
  const body = [...prologue(), ...effective.flatMap(ruleInstructions)];
  const deny: Instruction[] = [
    {code: MOVE, to: R0, value: 0},
    {code: EXIT, to: 0},
  ];
  const allow: Instruction[] = [
    {code: MOVE, to: R0, value: 1},
    {code: EXIT, to: 0},
  ];
  return encode([...body, ...deny, ...allow], {deny: body.length, allow: body.length + deny.length});
}

/** Drops what can have no effect: all before a rule for everything, and repetitions. */
function lastFirst(rules: readonly DeviceRule[]): DeviceRule[] {
  const from = rules.findLastIndex(isCatchAll);
  const seen = new Set<string>();
  return rules
    .slice(Math.max(from, 0))
    .reverse()
    .filter(({type, major, minor, access}) => {
      const key = `${type} ${major}:${minor} ${access}`;
      return !seen.has(key) && seen.add(key);
    });
}

function isCatchAll({type, major, minor, access}: DeviceRule): boolean {
  return type === 'a' && major === undefined && minor === undefined && access === ANY_ACCESS;
}

function prologue(): Instruction[] {
  return [
    {code: LOAD_WORD, to: TYPE, from: CONTEXT, offset: 0}, // access_type: access << 16 | type
    {code: MOVE_REGISTER, to: OPEN, from: TYPE},
    {code: AND, to: TYPE, value: 0xffff},
    {code: SHIFT_RIGHT, to: OPEN, value: 16},
    {code: LOAD_WORD, to: MAJOR, from: CONTEXT, offset: 4},
    {code: LOAD_WORD, to: MINOR, from: CONTEXT, offset: 8},
    {code: JUMP_EQUAL, to: OPEN, value: 0, offset: 'allow'}, // access(2) with F_OK wants nothing
  ];
}

function ruleInstructions({allow, type, major, minor, access}: DeviceRule): Instruction[] {
  const verdict: Instruction[] = allow
    ? [
        {code: AND, to: OPEN, value: ANY_ACCESS & ~access},
        {code: JUMP_EQUAL, to: OPEN, value: 0, offset: 'allow'},
      ]
    : [{code: JUMP_ANY_BIT, to: OPEN, value: access, offset: 'deny'}];
  const conditions: [number, number][] = [];
  if (type !== 'a') conditions.push([TYPE, TYPES[type]]);
  if (major !== undefined) conditions.push([MAJOR, major]);
  if (minor !== undefined) conditions.push([MINOR, minor]);
  const skips = conditions.map(([to, value], index): Instruction => {
    return {code: JUMP_NOT_EQUAL, to, value, offset: conditions.length - 1 - index + verdict.length};
  });
  return [...skips, ...verdict];
}

function encode(instructions: readonly Instruction[], labels: Readonly<Record<Label, number>>): Uint8Array {
  const bytes = new Uint8Array(instructions.length * SIZE);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({code, to, from = 0, offset = 0, value = 0}, index) => {
    const at = index * SIZE;
    view.setUint8(at, code);
    // Little-endian hosts (x86_64, arm64) have the destination in the low half.
    view.setUint8(at + 1, to | (from << 4));
    view.setInt16(at + 2, typeof offset === 'string' ? labels[offset] - index - 1 : offset, true);
    view.setUint32(at + 4, value, true);
  });
  return bytes;
}
